"""A loop of one's own on the smaller wires: tools as they are told there, responses driven, the next messages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from millstream import ToolRunner, tool
from millstream.events import CallReturned


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


@pytest.mark.parametrize("style", ["ollama", "ollama-native", "cohere", "cohere-v2"])
def test_tools_by_the_name_of_the_provider_or_of_the_wire(style: str) -> None:
    (schema,) = ToolRunner([weather]).schemas(style)
    assert schema["type"] == "function"
    assert schema["function"]["name"] == "weather"
    assert schema["function"]["parameters"]["properties"]["city"]["type"] == "string"


_OLLAMA: list[dict[str, Any]] = [
    {"message": {"tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Paris"}}}]}, "done": False},
    {"message": {"content": ""}, "done": True, "done_reason": "stop"},
]
_START = {"id": "x", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
_COHERE: list[dict[str, Any]] = [
    {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": _START}}},
    {"type": "tool-call-end", "index": 0},
    {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}},
]


@pytest.mark.parametrize(("api", "messages"), [("ollama-native", _OLLAMA), ("cohere-v2", _COHERE)])
def test_a_response_as_messages_or_as_bytes(api: str, messages: list[dict[str, Any]]) -> None:
    lines = api == "ollama-native"
    body = "".join(f"{json.dumps(one)}\n" if lines else f"data: {json.dumps(one)}\n\n" for one in messages).encode()

    async def stream(pieces: list[Any]) -> AsyncIterator[Any]:
        for piece in pieces:
            yield piece

    async def driven(pieces: list[Any]) -> list[dict[str, Any]]:
        async with ToolRunner([weather]) as runner:
            events = [event async for event in runner.drive(stream(pieces), api=api)]
            assert [event.result for event in events if isinstance(event, CallReturned)] == ["21 °C in Paris"]
            assert not runner.finished
            return runner.items()

    said = anyio.run(driven, messages)
    assert said == anyio.run(driven, [body[:40], body[40:]])
    assert [one["role"] for one in said] == ["assistant", "tool"]
    assert said[1]["content"] == "21 °C in Paris"
