"""google-genai's own objects, as its client gives them, driven by a `ToolRunner`."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from google.genai import errors, types
from google.genai._gaos.types.interactions.interactionsseevent import InteractionSSEEvent
from pydantic import TypeAdapter

from millstream.errors import WireError
from millstream.events import CallReturned, Event
from millstream.runner import ToolRunner
from millstream.transport.sdk import ForeignStream
from tests.unit.wire.gemini_wire import STOP, call, chunk, pieces
from tests.unit.wire.interactions_wire import CALL, completed

pytestmark = pytest.mark.anyio

_SIGNATURE: Final = b"\xfa\xfb\xff\xfe\xfb\x00"
_SIGNED: Final = base64.b64encode(_SIGNATURE).decode()
_EVENT: TypeAdapter[Any] = TypeAdapter(InteractionSSEEvent)


def weather(city: str, days: int | None = 1) -> str:
    """The weather."""
    return f"{days} days of sun in {city}"


async def chunks(*wire: dict[str, Any]) -> AsyncIterator[object]:
    """What `client.aio.models.generate_content_stream(…)` gives."""
    for one in wire:
        yield types.GenerateContentResponse.model_validate(one)


async def events_of(*wire: dict[str, Any]) -> AsyncIterator[object]:
    """What `client.aio.interactions.create(…, stream=True)` gives."""
    for one in wire:
        yield _EVENT.validate_python(one)


async def driven(stream: Any) -> tuple[list[Event], list[dict[str, Any]]]:
    """The events of a response, and what it adds to the next request."""
    async with ToolRunner([weather]) as runner:
        events = [event async for event in runner.drive(stream)]
        return events, runner.items()


@pytest.mark.parametrize(
    "wire",
    [
        [chunk(call("weather", {"city": "Paris", "days": None}, id="a", signature=_SIGNED)), STOP],
        [chunk({"text": ""}), chunk(call("weather", {"city": "Paris", "days": None}, id="a", signature=_SIGNED)), STOP],
    ],
)
async def test_chunks_of_generate_content(wire: list[dict[str, Any]]) -> None:
    events, items = await driven(chunks(*wire))
    assert [event.result for event in events if isinstance(event, CallReturned)] == ["None days of sun in Paris"]
    said, answered = [types.Content.model_validate(one) for one in items]
    assert said.parts is not None
    (part,) = said.parts
    assert part.thought_signature == _SIGNATURE
    assert part.function_call == types.FunctionCall(id="a", name="weather", args={"city": "Paris", "days": None})
    assert answered.parts is not None
    response = types.FunctionResponse(id="a", name="weather", response={"output": "None days of sun in Paris"})
    assert answered.parts[0].function_response == response


async def test_chunks_with_pieces_of_arguments() -> None:
    wire = [
        chunk(call("weather", more=True, signature=_SIGNED)),
        chunk(pieces(("$.city", "Par…"))),
        chunk(pieces(("$.city", "is"), ("$.days", 3), more=False)),
        STOP,
    ]
    events, _ = await driven(chunks(*wire))
    assert [event.result for event in events if isinstance(event, CallReturned)] == ["3 days of sun in Paris"]


async def test_events_of_interactions() -> None:
    create = {"event_type": "interaction.created", "interaction": {"id": "i", "status": "in_progress"}}
    begin = CALL[5] | {"step": CALL[5]["step"] | {"name": "weather"}}
    text = CALL[6] | {"delta": {"type": "arguments_delta", "arguments": '{"city": "Paris"}'}}
    signed = CALL[3] | {"delta": {"type": "thought_signature", "signature": _SIGNED}}
    wire = [create, CALL[0], signed, CALL[4], begin, text, CALL[8], completed("requires_action")]
    events, items = await driven(events_of(*wire))
    assert [event.result for event in events if isinstance(event, CallReturned)] == ["1 days of sun in Paris"]
    assert [one["type"] for one in items] == ["thought", "function_call", "function_result"]
    assert items[0]["signature"] == _SIGNED


@pytest.mark.parametrize(
    ("first", "api"),
    [
        (chunk({"text": "a"}), "gemini-generate"),
        ({"usageMetadata": {}}, "gemini-generate"),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "gemini-generate"),
        ({"event_type": "interaction.created"}, "gemini-interactions"),
    ],
)
async def test_the_wire_is_told_from_the_first_message(first: dict[str, Any], api: str) -> None:
    async def stream() -> AsyncIterator[dict[str, Any]]:
        yield first

    foreign = ForeignStream(stream())
    assert await foreign.api() == api
    await foreign.close()


async def test_an_error_of_the_client_says_what_the_provider_said() -> None:
    async def refused() -> AsyncIterator[object]:  # the coroutine that gives the stream
        raise errors.ClientError(429, {"error": {"code": 429, "message": "Slow down.", "status": "RESOURCE_EXHAUSTED"}})

    with pytest.raises(WireError) as caught:
        await ForeignStream(refused()).receive()
    assert (caught.value.message, caught.value.status, caught.value.retryable) == (
        "the provider says: Slow down.",
        429,
        True,
    )


def test_the_declarations_are_those_of_one_tool() -> None:
    runner = ToolRunner([weather])
    tool = types.Tool.model_validate({"function_declarations": runner.schemas("gemini")})
    assert tool.function_declarations is not None
    assert tool.function_declarations[0].name == "weather"
    assert runner.schemas("gemini-interactions")[0]["type"] == "function"
