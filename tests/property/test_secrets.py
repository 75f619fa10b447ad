"""Invariant 15 of whole runs: what is planted in keys, headers, addresses and exceptions is told to nobody.

Each way in which a run can meet a secret is played over the real HTTP transport with a server in this process; then all
that anybody could read of the run is searched for it, as it is and as JSON, addresses and headers would write it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import anyio
import httpx2
import pytest

from millstream import Agent, Limits, MillstreamError, Model, ModelError, Run, tool
from millstream.answers import Approve, Deny
from millstream.codec import dumps
from millstream.events import Call, JsonObject, JsonValue, Record, RunFailed, RunFinished
from millstream.journal.memory import MemoryJournal
from millstream.testing import CallTool, ErrorEvent, Response, Say
from millstream.testing.provider.steps import Step
from tests.property.deterministic import BACKENDS, Backend, run_in_loop
from tests.property.scripts import APIS, Api, written
from tests.property.stage import PREFIX

SECRETS = ["sk-proj-4fT9qLz0Vb7xW2", 'p@ss/w"rd\\+4fT9=q']
pytestmark = [
    pytest.mark.parametrize("backend", BACKENDS),
    pytest.mark.parametrize(("api", "secret"), list(zip(APIS, SECRETS, strict=True))),
]
PATIENCE_S = 20


@dataclass
class Told:
    """All that anybody could read of a run."""

    requests: list[JsonObject] = field(default_factory=list[JsonObject])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    records: list[Record] = field(default_factory=list[Record])
    texts: list[str] = field(default_factory=list[str])
    """What exceptions and reprs say."""

    def leaks(self, secret: str, logs: str) -> list[str]:
        """Everything that holds the secret."""
        forms = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")}
        said = [*map(dumps, self.records), *map(repr, self.records), *map(json.dumps, self.requests), *self.texts, logs]
        return [text for text in said if any(form in text for form in forms)]


@dataclass
class World:
    """A server that answers in turn with responses or by failing, and an agent that asks it."""

    api: Api
    answers: Sequence[Sequence[Step] | httpx2.Response | Exception]
    told: Told = field(default_factory=Told)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """The next answer."""
        self.told.requests.append(json.loads(request.content))
        self.told.headers.append(dict(request.headers))
        number = len(self.told.requests) - 1
        answer = self.answers[number] if number < len(self.answers) else (Say("Done."),)
        if isinstance(answer, httpx2.Response):
            return answer
        if isinstance(answer, Exception):
            raise answer
        parts = written(self.api, Response(tuple(answer)), self.told.requests[-1], str(number))
        return httpx2.Response(200, content=b"".join(data for data, _ in parts))

    async def run(self, make: Callable[[httpx2.AsyncClient], Agent]) -> None:
        """Run an agent, and note what is told."""
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(self.handle)) as client:
            try:
                agent = make(client)
                self.told.texts += [repr(agent), repr(agent.model)]
                run = agent.stream("Go.", run_id="run")
                await self._follow(run)
            except Exception as error:  # noqa: BLE001  whatever a run may raise
                self.told.texts += [str(error), repr(error)]
                if not isinstance(error, MillstreamError):
                    self.told.texts = [text for text in self.told.texts if text not in (str(error), repr(error))]
                else:
                    self.told.texts.append(repr(getattr(error, "transcript", None)))

    async def _follow(self, run: Run) -> None:
        try:
            with anyio.fail_after(PATIENCE_S):
                async with run:
                    async for record in run.follow():
                        self.told.records.append(record)
        finally:
            self.told.texts += [repr(run), repr(run.calls), repr(run.transcript), repr(run.pending)]


def check(world: World, secret: str, backend: Backend, make: Callable[[httpx2.AsyncClient], Agent], logs: Any) -> None:
    """Play, and search."""
    logs.set_level(logging.DEBUG)
    run_in_loop(backend, lambda: world.run(make))
    assert world.told.texts
    assert world.told.leaks(secret, logs.text) == []


def limits() -> Limits:
    """Nothing is waited for."""
    return Limits(request_attempts=2, max_retry_wait_s=0)


@pytest.fixture(params=["environment", "api_key", "header"])
def model(
    request: pytest.FixtureRequest, api: Api, secret: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[httpx2.AsyncClient], Model]:
    """A model that knows the secret, from one place or another."""
    name = f"{PREFIX[api]}:fake"
    if request.param == "environment":
        monkeypatch.setenv("OPENAI_API_KEY", secret)
        monkeypatch.delenv("MILLSTREAM_OFFLINE", raising=False)
        return lambda client: Model(name, client=client)
    if request.param == "api_key":
        return lambda client: Model(name, client=client, api_key=secret, base_url="https://example.test/v1")
    return lambda client: Model(name, client=client, api_key="other", headers={"x-token": f"Token {secret}"})


FAILURES: dict[str, Callable[[str], Sequence[Any]]] = {
    "nothing fails": lambda _: [(Say("Hello."),)],
    "no connection": lambda secret: [httpx2.ConnectError(f"proxy refused Bearer {secret}")] * 2,
    "401": lambda secret: [httpx2.Response(401, json={"error": {"message": f"Incorrect API key: {secret}."}})],
    "401 as text": lambda secret: [httpx2.Response(401, text=f"no such key: {secret}")],
    "400 with a code": lambda secret: [httpx2.Response(400, json={"error": {"message": "No.", "code": secret}})],
    "500, twice": lambda secret: [httpx2.Response(500, json={"detail": f"upstream got {secret}"})] * 2,
    "redirect": lambda secret: [httpx2.Response(307, headers={"location": f"https://x.test/?key={quote(secret)}"})],
    "error in the stream": lambda secret: [(Say("Hm."), ErrorEvent(f"bad token {secret}", code="x"))],
    "foreign": lambda secret: [RuntimeError(f"could not send {secret}")],
}


@pytest.mark.parametrize("failure", FAILURES)
def test_15_keys_and_headers_are_told_to_nobody(
    failure: str,
    secret: str,
    api: Api,
    backend: Backend,
    model: Callable[[httpx2.AsyncClient], Model],
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(api, FAILURES[failure](secret))
    check(world, secret, backend, lambda client: Agent(model(client), limits=limits()), caplog)
    assert any(secret in value for headers in world.told.headers for value in headers.values()), "it was sent"
    last = world.told.records[-1].event
    assert isinstance(last, RunFinished if failure in ("nothing fails", "error in the stream") else RunFailed)


@pytest.mark.parametrize(
    "url", ["https://me:{}@x.test/v1", "https://{}@x.test/v1", "me:{}@x.test", "//x.test/v1?key={}"]
)
def test_15_an_address_with_a_secret_is_refused_without_showing_it(
    url: str, secret: str, api: Api, backend: Backend
) -> None:
    del backend
    with pytest.raises(ModelError) as caught:
        Model(f"{PREFIX[api]}:fake", base_url=url.format(secret))
    assert secret not in str(caught.value)


class Hidden:
    """No JSON, and its words are secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return self._secret


def _raise(error: BaseException) -> Any:
    raise error


def _chained(secret: str) -> Any:
    try:
        _raise(KeyError(secret))
    except KeyError as error:
        raise RuntimeError(f"because of {secret}") from error


ENDS: dict[str, Callable[[str], Any]] = {
    "raises": lambda secret: _raise(ValueError(f"no access with {secret}")),
    "raises a chain": _chained,
    "raises a group": lambda secret: _raise(ExceptionGroup(secret, [OSError(secret), OSError(secret)])),
    "exits": lambda secret: _raise(SystemExit(secret)),
    "returns no JSON": Hidden,
    "returns no JSON deep inside": lambda secret: {"a": [Hidden(secret)]},
}


@pytest.mark.parametrize("kind", ["async", "thread", "inline", "async generator", "generator"])
@pytest.mark.parametrize("end", ENDS)
def test_15_what_tools_raise_is_told_to_nobody(
    end: str, kind: str, secret: str, api: Api, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    async def in_async() -> Any:
        """Work."""
        return ENDS[end](secret)

    def in_sync() -> Any:
        """Work."""
        return ENDS[end](secret)

    async def in_async_generator() -> AsyncIterator[Any]:
        """Work."""
        yield ENDS[end](secret)

    def in_generator() -> Iterator[Any]:
        """Work."""
        yield ENDS[end](secret)

    functions: dict[str, Callable[..., Any]] = {
        "async": in_async,
        "async generator": in_async_generator,
        "generator": in_generator,
    }
    work = tool(name="work", executor="inline" if kind == "inline" else None)(functions.get(kind, in_sync))
    world = World(api, [[CallTool("work")]])
    check(world, secret, backend, lambda client: Agent(_model(api, client), [work], limits=limits()), caplog)
    assert isinstance(world.told.records[-1].event, RunFinished)


def _model(api: Api, client: httpx2.AsyncClient) -> Model:
    return Model(f"{PREFIX[api]}:fake", client=client, api_key="other", base_url="https://example.test/v1")


class LeakyJournal(MemoryJournal):
    """Fails, and its exception says with what."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret

    async def append(self, run_id: str, records: Sequence[Record]) -> None:
        """Keep the first records only."""
        if len(self.records(run_id)) > 2:
            raise OSError(f"no access with {self._secret}")
        self.add(run_id, records)


@pytest.mark.parametrize("who", ["approver", "journal"])
def test_15_what_approvers_and_journals_raise_is_told_to_nobody(
    who: str, secret: str, api: Api, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    async def approve(call: Call, args: JsonValue) -> Approve | Deny:
        raise OSError(f"no access with {secret}", call, args)

    @tool(needs_approval=who == "approver")
    async def work() -> str:
        """Work."""
        return "done"

    def make(client: httpx2.AsyncClient) -> Agent:
        journal = LeakyJournal(secret) if who == "journal" else None
        return Agent(_model(api, client), [work], approver=approve, journal=journal, limits=limits())

    check(World(api, [[CallTool("work")]]), secret, backend, make, caplog)
