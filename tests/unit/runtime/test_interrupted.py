"""A response that its provider only interrupted: it goes back as it is, and the run goes on with the next one."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest

from millstream import Agent, Limits, Model, ToolRunner, tool
from millstream.errors import TurnLimit
from millstream.events import CallStarted, RunFinished, TurnEnded, TurnStarted
from millstream.testing import assert_records
from millstream.transcript import Reply
from millstream.transport.seam import Chunk, Request

pytestmark = pytest.mark.anyio

_USE: dict[str, Any] = {"type": "server_tool_use", "id": "srvtoolu_0", "name": "web_search", "input": {}}
_RESULT: dict[str, Any] = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_0", "content": []}
_CALL: dict[str, Any] = {"type": "tool_use", "id": "toolu_0", "name": "weather", "input": {"city": "Paris"}}


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@tool
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def response(*blocks: dict[str, Any], reason: str) -> list[dict[str, Any]]:
    """The messages of a response with these blocks."""
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {"id": "msg", "content": []}}]
    for index, block in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.append({"type": "content_block_stop", "index": index})
    usage = {"input_tokens": 10, "output_tokens": 1}
    events.append({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage})
    return [*events, {"type": "message_stop"}]


class _Incoming:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self._messages = iter(messages)

    async def receive(self) -> Chunk:
        return next(self._messages, b"")


class _Transport:
    """Answers each request with the next response, the last one again and again."""

    def __init__(self, *responses: list[dict[str, Any]]) -> None:
        self._responses = list(responses)
        self.asked: list[list[dict[str, Any]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_Incoming]:
        self.asked.append(json.loads(json.dumps(request.body["messages"])))
        yield _Incoming(self._responses.pop(0) if len(self._responses) > 1 else self._responses[0])


def agent_of(transport: _Transport, **how: Any) -> Agent:
    return Agent(Model("anthropic:claude", api_key="none", transport=transport), [weather], **how)


async def test_the_reply_goes_back_unchanged_without_a_word_of_a_user_and_the_run_goes_on() -> None:
    transport = _Transport(
        response(text("Let me look. "), _USE, reason="pause_turn"),
        response(_RESULT, text("Still. "), reason="pause_turn"),
        response(text("It rains."), reason="end_turn"),
    )
    result = await agent_of(transport).run("Weather?")
    first = {"role": "user", "content": [text("Weather?")]}
    assert transport.asked == [
        [first],
        [first, {"role": "assistant", "content": [text("Let me look. "), _USE]}],
        [first, {"role": "assistant", "content": [text("Let me look. "), _USE, _RESULT, text("Still. ")]}],
    ]
    assert result.output == result.text == "Let me look. Still. It rains."
    assert result.usage.output_tokens == 3
    assert [entry.turn for entry in result.transcript if isinstance(entry, Reply)] == [1, 2, 3]
    started = [record.event for record in result.records if isinstance(record.event, TurnStarted)]
    assert [(turn.turn, turn.answers) for turn in started] == [(1, ()), (2, ()), (3, ())]
    assert isinstance(finished := result.records[-1].event, RunFinished)
    assert finished.output == result.text
    assert_records(result.records)


async def test_calls_of_an_interrupted_response_are_answered_first() -> None:
    transport = _Transport(
        response(_USE, _CALL, reason="pause_turn"),
        response(_RESULT, text("Warm."), reason="end_turn"),
    )
    result = await agent_of(transport).run("Weather?")
    assert [message["role"] for message in transport.asked[1]] == ["user", "assistant", "user"]
    (answer,) = transport.asked[1][2]["content"]
    assert answer == {"type": "tool_result", "tool_use_id": "toolu_0", "content": "21 °C in Paris"}
    assert result.output == "Warm."


async def test_a_call_may_start_when_the_response_was_interrupted() -> None:
    async with agent_of(
        _Transport(response(_CALL, reason="pause_turn"), response(text("Warm."), reason="end_turn"))
    ).stream("Weather?") as run:
        seen = [event async for event in run if isinstance(event, CallStarted | TurnEnded)]
    assert [type(event) for event in seen].count(CallStarted) == 1
    assert [event.reason for event in seen if isinstance(event, TurnEnded)] == ["pause_turn", "end_turn"]


async def test_the_text_so_far_is_that_of_all_parts_of_the_answer() -> None:
    parts = [text("One. "), text("Two. "), text("Three.")]
    paused = [response(part, reason="pause_turn") for part in parts[:2]]
    async with agent_of(_Transport(*paused, response(parts[2], reason="end_turn"))).stream("Count.") as run:
        texts = {run.text async for event in run if isinstance(event, TurnEnded | RunFinished)}
    assert texts <= {"One. ", "One. Two. ", "One. Two. Three."}
    assert run.text == "One. Two. Three."


async def test_a_response_that_is_interrupted_forever_meets_the_limit_of_turns() -> None:
    transport = _Transport(response(text("Wait."), reason="pause_turn"))
    with pytest.raises(TurnLimit):
        await agent_of(transport, limits=Limits(max_turns=3)).run("Go.")
    assert len(transport.asked) == 3


async def test_an_interruption_that_says_nothing_ends_the_run() -> None:  # the same request again would be no other
    transport = _Transport(response(reason="pause_turn"))
    assert (await agent_of(transport).run("Go.")).output == ""
    assert len(transport.asked) == 1


async def test_an_own_loop_is_not_finished_by_it() -> None:
    async def stream(messages: list[dict[str, Any]]) -> AsyncGenerator[dict[str, Any]]:
        for message in messages:
            yield message

    said: list[dict[str, Any]] = []
    async with ToolRunner([weather]) as runner:
        for messages in (response(_USE, reason="pause_turn"), response(_RESULT, text("So."), reason="end_turn")):
            assert not runner.finished
            async for _ in runner.drive(stream(messages)):
                pass
            said += runner.items()
        assert runner.finished
    assert said == [{"role": "assistant", "content": [_USE]}, {"role": "assistant", "content": [_RESULT, text("So.")]}]
