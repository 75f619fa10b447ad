"""As a user would run it: the fake provider in a process of its own, an agent here that talks to it over real HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import anyio
import httpx2
import pytest

from millstream import Agent, Limits, Model, WireError, tool
from millstream.events import CallReturned, CallStarted, Event, TextDelta, TurnEnded, TurnTorn
from millstream.testing import assert_records

pytestmark = [pytest.mark.real, pytest.mark.anyio]

Prefix: TypeAlias = Literal["openai", "openai-chat"]
SCENARIO: Any = {
    "pick": "history",
    "responses": [
        {
            "steps": [
                {"think": "Both at once."},
                {"say": "Let me look. "},
                {"call": "weather", "args": {"city": "Paris"}},
                {"call": "weather", "args": {"city": "Zürich"}},
                {"say": "One moment."},
            ],
            "chunk_chars": 3,
        },
        "21 °C in both.",
    ],
}
TORN: Any = [
    [
        {"call": "weather", "args": {"city": "Paris"}},
        {"call": "weather", "raw": '{"city":"Zü', "seal": False},
        {"cut": "reset"},
    ],
    "Only Paris, then.",
]


@pytest.fixture(params=["openai", "openai-chat"])
def prefix(request: pytest.FixtureRequest) -> Prefix:
    chosen: Prefix = request.param
    return chosen


class Served:
    """A provider's process, by its URL."""

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url = url
        self.process = process

    def model(self, prefix: Prefix, **how: Any) -> Model:
        options: dict[str, Any] = {"api_key": "right", **how}
        return Model(f"{prefix}:a-model", base_url=self.url, **options)

    def requests(self) -> list[dict[str, Any]]:
        """What it says it was asked."""
        told: list[dict[str, Any]] = httpx2.get(self.url.removesuffix("/v1") + "/requests").json()
        return told


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """The provider with the scenario that the test's parameter names; it must end by itself, without a complaint."""
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(getattr(request, "param", SCENARIO)), encoding="utf-8")
    command = [sys.executable, "-m", "millstream.testing.provider", str(file), "--key", "right", "--model", "a-model"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Served(process.stdout.readline().strip(), process)
            out, err = process.communicate(timeout=20)  # closes its input
            assert (process.returncode, out, err) == (0, "", "")
        finally:
            process.kill()


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


async def test_a_run_of_two_turns(served: Served, prefix: Prefix) -> None:
    seen: list[Event] = []
    async with Agent(served.model(prefix), [weather]).stream("What is the weather?") as run:
        async for event in run:
            seen.append(event)  # noqa: PERF401  as a reader of the documentation would write it
    assert run.output == "21 °C in both."
    assert [event.result for event in seen if isinstance(event, CallReturned)] == ["21 °C in Paris", "21 °C in Zürich"]
    assert "".join(event.text for event in seen if isinstance(event, TextDelta)) == (
        "Let me look. One moment.21 °C in both."
    )
    kinds = [type(event) for event in seen]
    assert kinds.index(CallStarted) < kinds.index(TurnEnded), "it started before the response was over"
    assert_records(run.records)
    requests = served.requests()
    assert [(request["status"], request["answer"]) for request in requests] == [(200, 0), (200, 1)]
    assert {request["headers"]["authorization"] for request in requests} == {"Bearer ********"}
    assert "21 °C in Zürich" in json.dumps(requests[1]["body"], ensure_ascii=False)


def test_without_an_event_loop(served: Served, prefix: Prefix) -> None:
    result = Agent(served.model(prefix), [weather]).run_sync("What is the weather?")
    assert result.output == "21 °C in both."
    assert [handle.result for handle in result.calls.values()] == ["21 °C in Paris", "21 °C in Zürich"]


async def test_many_runs_at_once_over_kept_connections(served: Served, prefix: Prefix) -> None:
    outputs: list[str] = []

    async with Agent(served.model(prefix), [weather]) as agent, anyio.create_task_group() as tasks:

        async def converse() -> None:
            outputs.append((await agent.run("What is the weather?")).output)

        for _ in range(6):
            tasks.start_soon(converse)
    assert outputs == ["21 °C in both."] * 6
    assert len(served.requests()) == 12


async def test_a_conversation_that_goes_on(served: Served, prefix: Prefix) -> None:
    agent = Agent(served.model(prefix), [weather])
    first = await agent.run("What is the weather?")
    with pytest.raises(WireError, match="scenario exhausted") as caught:
        await agent.run("And tomorrow?", history=first.transcript)
    assert (caught.value.status, caught.value.retryable) == (500, False)
    assert len(served.requests()) == 3, "it says itself that another try is of no use"
    body = served.requests()[-1]["body"]
    said = body["input" if prefix == "openai" else "messages"]
    assert [item["role"] for item in said if item.get("role") == "user"] == ["user", "user"]


@pytest.mark.parametrize("served", [TORN], indirect=True)
async def test_a_connection_that_is_reset_in_the_middle_of_a_call(served: Served, prefix: Prefix) -> None:
    async with Agent(served.model(prefix), [weather]).stream("What is the weather?") as run:
        seen = [event async for event in run]
    assert run.output == "Only Paris, then."
    assert [event.result for event in seen if isinstance(event, CallReturned)] == ["21 °C in Paris"]
    assert any(isinstance(event, TurnTorn) for event in seen)
    assert_records(run.records)
    assert [request["status"] for request in served.requests()] == [200, 200], "the history is one the provider takes"


@pytest.mark.parametrize(
    ("how", "status"), [({"api_key": "wrong"}, 401), ({"settings": {"model": "another"}}, (400, 404))]
)
async def test_what_it_refuses(served: Served, prefix: Prefix, how: dict[str, Any], status: Any) -> None:
    with pytest.raises(WireError) as caught:
        await Agent(served.model(prefix, **how), limits=Limits(request_attempts=3)).run("Hi")
    assert caught.value.status in (status if isinstance(status, tuple) else (status,))
    assert not caught.value.retryable
    assert "wrong" not in str(caught.value)
    assert len(served.requests()) == 1


async def test_a_provider_that_is_gone(served: Served, prefix: Prefix) -> None:
    served.process.communicate(timeout=20)
    with pytest.raises(WireError, match=r"no connection to 127\.0\.0\.1") as caught:
        await Agent(served.model(prefix), limits=Limits(request_attempts=1)).run("Hi")
    assert (caught.value.phase, caught.value.retryable) == ("connect", True)
