"""A model that says what a script says: in process, without a server, for tests of your own agents.

    model = ScriptedModel([[call("weather", city="Paris")], "21 °C in Paris"])
    result = await agent.override(model=model).run("What is the weather in Paris?")
    assert model.requests[1]["input"][-1]["output"] == …

The script goes through the real wire format, so that decoder, router and request are those of the real provider; every
request is checked by the provider's own rules.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from json import dumps
from typing import Any, Self, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import anyio
from anyio.lowlevel import checkpoint

from millstream.errors import UsageError, WireError
from millstream.events import JsonObject
from millstream.models import Model
from millstream.providers import PROVIDERS
from millstream.testing.provider.delivery import deliver
from millstream.testing.provider.endpoints import ENDPOINTS, Api, Endpoint, Posted
from millstream.testing.provider.frames import Asked, Frame, compose
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.scenario import Answer, Body, Hangup, Response, Scenario
from millstream.testing.provider.steps import CallTool, Step
from millstream.transport.seam import Chunk, Request
from millstream.wire.formats import FORMATS
from millstream.wire.refusal import error_from_body, torn


def scripted_apis() -> tuple[Api, ...]:
    """The wire formats that `ScriptedModel` can speak: those that can be asked and that the fake provider speaks."""
    wires = {row.wire for row in PROVIDERS.values()} & set(FORMATS)
    return tuple(api for api in ENDPOINTS if api in wires)


def call(name: str, /, **args: Any) -> CallTool:
    """A step of a script: the model calls the tool `name` with these arguments. `CallTool` can say more."""
    return CallTool(name, args)


class ScriptedModel(Model):
    """A model whose responses are given beforehand.

    Args:
        script: the responses in order; each is text, a step (`call(…)`), a list of both, or a `Response` with a pace.
        api: the wire format it speaks; `scripted_apis()` lists those there are.
        fallback: models asked instead, as with `Model`.

    `requests` are the bodies that were sent, in order. Pauses and paces of the script take their time.

    Raises, from the run:
        UsageError: more responses were asked for than the script has.
        WireError: a request breaks the provider's rules, as the provider would say.
    """

    def __init__(
        self,
        script: Scenario | Sequence[Answer | Step | str | Sequence[Step | str]],
        *,
        api: Api = "openai-responses",
        fallback: Sequence[Model | str] = (),
    ) -> None:
        scenario = script if isinstance(script, Scenario) else Scenario.of(*script)
        prefix = next((prefix for prefix, row in PROVIDERS.items() if row.wire == api), None)
        if prefix is None or api not in ENDPOINTS:
            raise UsageError(f'ScriptedModel: api="{api}" is unknown; there are: {", ".join(scripted_apis())}')
        transport = _ScriptedTransport(scenario, ENDPOINTS[api])
        # a script may say whatever any server says
        name, url = f"{prefix}:scripted", "http://scripted/v1"
        super().__init__(name, base_url=url, api_key="scripted", transport=transport, lenient=True, fallback=fallback)
        self.requests: list[JsonObject] = transport.requests


class _ScriptedTransport:
    def __init__(self, scenario: Scenario, endpoint: Endpoint) -> None:
        self.requests: list[JsonObject] = []
        self._scenario = scenario
        self._endpoint = endpoint
        self._memory = Memory()
        self._count = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_Frames]:
        """The next response of the script."""
        await checkpoint()
        body = dict(request.body)
        self.requests.append(body)
        url = urlsplit(request.url)
        posted = Posted(body, unquote(url.path), dict(parse_qsl(url.query)))
        refusal = self._endpoint.check(posted, self._memory)
        if refusal is not None:
            raise error_from_body(dumps(refusal.body).encode(), status=refusal.status, phase="request")
        answer = self._next()
        match answer:
            case Response():
                yield self._frames(answer, posted)
            case Body() if answer.status != 200:  # noqa: PLR2004  the only status of a stream
                raise error_from_body(answer.data, status=answer.status, phase="request")
            case Body():
                yield _Frames(iter([Frame(0.0, answer.data)]))
            case Hangup():
                raise WireError("the connection was closed before the first byte", phase="connect", retryable=True)

    def _next(self) -> Answer:
        number, responses = self._count, self._scenario.responses
        self._count += 1
        if number >= len(responses):
            raise UsageError(f"the script has {len(responses)} responses and was asked for number {number + 1}")
        return responses[number]

    def _frames(self, answer: Response, posted: Posted) -> _Frames:
        model, body = self._endpoint.model(posted), cast("JsonObject", posted.body)
        url_model = model if isinstance(model, str) else None
        asked = Asked(body, str(self._count), int(time.time()), url_model, posted.query)
        turns = self._endpoint.turns(body, self._memory)
        answering = self._endpoint.answer(asked, answer, self._memory, turns)
        frames = deliver(compose(answer, answering.wire), answer.delivery, answering.newline)
        return _Frames(frames, answering.before)


class _Frames:
    """The frames of one response, each when it is due."""

    def __init__(self, frames: Iterator[Frame], before: Callable[[], None] = lambda: None) -> None:
        self._frames = frames
        self._before = before
        self._start: float | None = None
        self._cut: str | None = None

    async def receive(self) -> Chunk:
        """The next frame's bytes."""
        if self._start is None:
            self._start = anyio.current_time()
        while self._cut is None:
            frame = next(self._frames, None)
            if frame is None:
                return b""
            self._cut = frame.cut
            wait_s = self._start + frame.at_s - anyio.current_time()
            await (anyio.sleep(wait_s) if wait_s > 0 else checkpoint())
            self._before()
            if frame.data:
                return frame.data
        if self._cut == "eof":
            return b""
        raise torn("the connection broke")
