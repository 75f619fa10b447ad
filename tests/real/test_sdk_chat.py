"""What the official SDK makes of the fake provider's Chat Completions wire: exactly what the scenario says."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from millstream.events import Usage
from millstream.testing import (
    CallTool,
    Cut,
    Delivery,
    ErrorEvent,
    Finish,
    Ping,
    Refuse,
    Response,
    Say,
    Think,
    Together,
    call,
)
from tests.real.sdk import CHAT_TOOLS, MESSAGES, MODEL, asked, asked_plainly

pytestmark = [pytest.mark.real, pytest.mark.anyio]

USAGE = Usage(input_tokens=120, output_tokens=45, cached_input_tokens=64, reasoning_tokens=12)
EVERYTHING = (
    Think("Both at once."),
    Say("Let me look: ⛅."),
    call("weather", city="Paris"),
    CallTool("weather", {"city": "Zürich"}, id="call_mine"),
    CallTool("note", raw='no "JSON" here\n', kind="custom"),
)
CALLS = ['{"city":"Paris"}', '{"city":"Zürich"}', 'no "JSON" here\n']
ASKED: Any = {"model": MODEL, "messages": MESSAGES, "tools": CHAT_TOOLS}
FUNCTIONS: Any = {"model": MODEL, "messages": MESSAGES, "tools": CHAT_TOOLS[:1]}
COUNTED: Any = {"stream_options": {"include_usage": True}}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pieced_together(chunks: list[ChatCompletionChunk]) -> tuple[str, list[str]]:
    """The text of the deltas, and the arguments of each call."""
    text, calls = "", dict[int, str]()
    for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for part in choice.delta.tool_calls or ():
                custom: Any = (part.model_extra or {}).get("custom") or {}
                piece = (part.function.arguments if part.function else custom.get("input")) or ""
                calls[part.index] = calls.get(part.index, "") + piece
    return text, [calls[index] for index in sorted(calls)]


@pytest.mark.parametrize("delivery", [Delivery(), Delivery("\r\n", bom=True, gzip=True, piece_bytes=7)])
@pytest.mark.parametrize("chunk_chars", [1, 1000])
async def test_the_chunks_of_create(delivery: Delivery, chunk_chars: int) -> None:
    scripted = Response(EVERYTHING, usage=USAGE, delivery=delivery, chunk_chars=chunk_chars)
    async with asked(scripted) as (client, _):
        chunks = [chunk async for chunk in await client.chat.completions.create(**ASKED, **COUNTED, stream=True)]
    assert pieced_together(chunks) == ("Let me look: ⛅.", CALLS)
    thoughts = [getattr(choice.delta, "reasoning_content", None) for chunk in chunks for choice in chunk.choices]
    assert "".join(thought or "" for thought in thoughts) == "Both at once."
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    assert reasons[-1] == "tool_calls"
    assert set(reasons[:-1]) == {None}
    assert [chunk.usage is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    assert chunks[-1].choices == []
    counts = chunks[-1].usage
    assert counts is not None
    assert (counts.prompt_tokens, counts.completion_tokens, counts.total_tokens) == (120, 45, 165)
    assert {(chunk.id, chunk.model, chunk.object) for chunk in chunks} == {
        (chunks[0].id, MODEL, "chat.completion.chunk")
    }


@pytest.mark.parametrize("step", [*EVERYTHING[:4], Refuse("No.")])
async def test_each_chunk_is_of_the_sdks_own_type(step: Any) -> None:
    async with asked([step]) as (client, _):
        async for chunk in await client.chat.completions.create(**ASKED, **COUNTED, stream=True):
            ChatCompletionChunk.model_validate(chunk.to_dict(mode="json"), strict=False)


async def test_without_being_asked_for_it_nothing_is_counted() -> None:
    async with asked("Hello.") as (client, _):
        chunks = [chunk async for chunk in await client.chat.completions.create(**ASKED, stream=True)]
    assert [chunk.usage for chunk in chunks] == [None] * len(chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_the_completion_that_the_helper_accumulates() -> None:
    async with (
        asked(Response(EVERYTHING[:4], usage=USAGE)) as (client, _),
        client.chat.completions.stream(**FUNCTIONS, **COUNTED) as stream,
    ):
        done = [event async for event in stream if event.type == "tool_calls.function.arguments.done"]
        completion = await stream.get_final_completion()
    message, counts = completion.choices[0].message, completion.usage
    assert message.content == "Let me look: ⛅."
    assert message.refusal is None
    assert getattr(message, "reasoning_content", None) == "Both at once."
    assert [call.function.arguments for call in message.tool_calls or ()] == CALLS[:2]
    assert [call.function.parsed_arguments for call in message.tool_calls or ()] == [
        {"city": "Paris"},
        {"city": "Zürich"},
    ]
    assert [event.arguments for event in done] == CALLS[:2]
    assert [call.id for call in message.tool_calls or ()][1] == "call_mine"
    assert completion.choices[0].finish_reason == "tool_calls"
    assert counts is not None
    assert counts.total_tokens == 165


def test_the_client_that_blocks() -> None:
    with asked_plainly(Response(EVERYTHING), Response(EVERYTHING[:4])) as (client, _):
        with client.chat.completions.create(**ASKED, stream=True) as plain:
            assert pieced_together(list(plain)) == ("Let me look: ⛅.", CALLS)
        with client.chat.completions.stream(**FUNCTIONS) as stream:
            message = stream.get_final_completion().choices[0].message
    assert [call.function.arguments for call in message.tool_calls or ()] == CALLS[:2]


async def test_calls_whose_arguments_alternate() -> None:
    together = Together((call("weather", city="Paris"), call("weather", city="Rome")))
    async with asked(Response((together,), chunk_chars=2)) as (client, _):
        chunks = [chunk async for chunk in await client.chat.completions.create(**FUNCTIONS, stream=True)]
    indexes = [part.index for chunk in chunks for choice in chunk.choices for part in choice.delta.tool_calls or ()]
    assert indexes[2:8] == [0, 1, 0, 1, 0, 1]
    assert pieced_together(chunks) == ("", ['{"city":"Paris"}', '{"city":"Rome"}'])


async def test_a_refusal() -> None:
    async with (
        asked(Refuse("I can not help with that.")) as (client, _),
        client.chat.completions.stream(**FUNCTIONS) as stream,
    ):
        message = (await stream.get_final_completion()).choices[0].message
    assert (message.content or "", message.refusal) == ("", "I can not help with that.")


async def test_structured_output() -> None:
    class Weather(BaseModel):
        city: str
        degrees: int

    async with (
        asked('{"city":"Paris","degrees":21}') as (client, _),
        client.chat.completions.stream(model=MODEL, messages=MESSAGES, response_format=Weather) as stream,
    ):
        message = (await stream.get_final_completion()).choices[0].message
    assert message.parsed == Weather(city="Paris", degrees=21)


@pytest.mark.parametrize(
    ("reason", "error"),
    [("length", openai.LengthFinishReasonError), ("content_filter", openai.ContentFilterFinishReasonError)],
)
async def test_a_response_that_is_incomplete(reason: str, error: type[Exception]) -> None:
    steps = [Say("It beg"), CallTool("weather", raw='{"city":"Pa'), Finish(reason)]
    async with asked(steps, steps) as (client, _):
        chunks = [chunk async for chunk in await client.chat.completions.create(**FUNCTIONS, stream=True)]
        assert chunks[-1].choices[0].finish_reason == reason
        async with client.chat.completions.stream(**FUNCTIONS) as stream:
            with pytest.raises(error):
                await stream.get_final_completion()


async def test_signs_of_life_are_nothing_to_the_sdk() -> None:
    async with asked(Response((Say("One "), Ping(0.01, 0.03), Say("two.")))) as (client, _):
        chunks = [chunk async for chunk in await client.chat.completions.create(**ASKED, stream=True)]
    assert pieced_together(chunks) == ("One two.", [])


@pytest.mark.parametrize("shape", ["data", "event"])
async def test_an_error_within_the_stream_is_the_sdks_own(shape: Any) -> None:
    async with asked([Say("It beg"), ErrorEvent("Too busy.", "server_overloaded", shape=shape)]) as (client, _):
        stream = await client.chat.completions.create(**ASKED, stream=True)
        with pytest.raises(openai.APIError, match=r"Too busy\.") as caught:
            async for _chunk in stream:
                pass
    assert caught.value.code == "server_overloaded"


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_connection_that_breaks(how: Any) -> None:
    async with asked([Say("It beg"), Cut(how)]) as (client, _):
        stream = await client.chat.completions.create(**ASKED, stream=True)
        with pytest.raises(openai.APIConnectionError):
            async for _chunk in stream:
                pass


async def test_a_conversation() -> None:
    async with asked(list(EVERYTHING), "21 °C.") as (client, provider):
        chunks = [chunk async for chunk in await client.chat.completions.create(**ASKED, stream=True)]
        ids = [
            part.id for chunk in chunks for choice in chunk.choices for part in choice.delta.tool_calls or () if part.id
        ]
        calls = [
            {"id": ids[0], "type": "function", "function": {"name": "weather", "arguments": CALLS[0]}},
            {"id": ids[1], "type": "function", "function": {"name": "weather", "arguments": CALLS[1]}},
            {"id": ids[2], "type": "custom", "custom": {"name": "note", "input": CALLS[2]}},
        ]
        answers = [{"role": "tool", "tool_call_id": call_id, "content": "21"} for call_id in ids]
        more: Any = [*MESSAGES, {"role": "assistant", "content": "Let me look: ⛅.", "tool_calls": calls}, *answers]
        stream = await client.chat.completions.create(model=MODEL, messages=more, tools=CHAT_TOOLS, stream=True)
        assert pieced_together([chunk async for chunk in stream]) == ("21 °C.", [])
    assert [request.status for request in provider.requests] == [200, 200]
