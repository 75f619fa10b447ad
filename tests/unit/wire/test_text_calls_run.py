"""A whole run with a model that writes its calls as text: the tool runs, and its result is in the next request."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from millstream import Agent, Model, tool
from millstream.events import CallStarted, TextDelta, TurnEnded
from millstream.testing import assert_records
from tests.scripted import Scripted


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


_CALL = (
    'Let me look.\n```json\n{"name": "weather", "arguments": {"city": "Paris"}}\n```'  # as Qwen2.5-Coder on llama.cpp
)


def sse(*messages: dict[str, Any]) -> list[bytes]:
    return [b"data: " + json.dumps(one).encode() + b"\n\n" for one in messages] + [b"data: [DONE]\n\n"]


def chat(text: str) -> list[bytes]:
    pieces = [text[i : i + 7] for i in range(0, len(text), 7)]
    deltas: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    return sse(*deltas, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})


def completions(text: str) -> list[bytes]:
    pieces = [text[i : i + 7] for i in range(0, len(text), 7)]
    return sse(
        *[{"choices": [{"text": piece}]} for piece in pieces], {"choices": [{"text": "", "finish_reason": "stop"}]}
    )


def ollama(text: str) -> list[bytes]:
    lines: list[dict[str, Any]] = [{"message": {"content": text}}, {"done": True, "done_reason": "stop"}]
    return [json.dumps(line).encode() + b"\n" for line in lines]


@pytest.mark.parametrize(
    ("name", "body"), [("openai-chat:m", chat), ("openai-completions:m", completions), ("ollama:m", ollama)]
)
def test_a_run(name: str, body: Any) -> None:
    transport = Scripted(body(_CALL), body("It is 21 °C."))
    model = Model(name, api_key="none", transport=transport, text_calls="json")
    result = Agent(model, [weather], instructions="Be brief.").run_sync("What is the weather in Paris?")
    assert result.output == "It is 21 °C."
    assert [handle.result for handle in result.calls.values()] == ["21 °C in Paris"]
    assert_records(result.records)
    first, second = (request.body for request in transport.requests)
    if "prompt" in first:
        assert '"name": "weather"' in first["prompt"]
        assert second["prompt"].startswith(first["prompt"])
        written = 'Let me look.\n{"name": "weather", "arguments": {"city": "Paris"}}'
        assert second["prompt"].endswith(f" {written}\n\nTool weather: 21 °C in Paris\n\nAssistant:")
    else:
        assert first["tools"][0]["function"]["name"] == "weather"
        assert [one["role"] for one in second["messages"][2:]] == ["assistant", "tool"]


def test_the_tool_starts_while_the_model_still_writes() -> None:
    async def main() -> None:
        body = chat('{"name": "weather", "arguments": {"city": "Paris"}}\nIt will be fine.')
        transport = Scripted(body, chat("Done."))
        model = Model("openai-chat:m", api_key="none", transport=transport, text_calls="auto")
        async with Agent(model, [weather]).stream("Hi") as run:
            kinds = [type(event) async for event in run]
        assert kinds.index(CallStarted) < kinds.index(TextDelta) < kinds.index(TurnEnded)

    anyio.run(main)
