"""What the official SDK makes of the fake provider's Responses wire: exactly what the scenario says."""

from __future__ import annotations

from typing import Any

import anyio
import openai
import pytest
from openai.types.responses import Response as SdkResponse
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

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
    Scenario,
    Think,
    Together,
    call,
)
from tests.real.sdk import MODEL, RESPONSES_TOOLS, asked, asked_plainly

pytestmark = [pytest.mark.real, pytest.mark.anyio]

USAGE = Usage(input_tokens=120, output_tokens=45, cached_input_tokens=64, reasoning_tokens=12)
EVERYTHING = (
    Think("Both at once."),
    Say("Let me look: ", phase="commentary"),
    Say("⛅ and 🌧.", phase="commentary"),
    call("weather", city="Paris"),
    CallTool("weather", {"city": "Zürich"}, id="call_mine"),
    CallTool("note", raw='no "JSON" here\n', kind="custom"),
    Say("More soon.", phase="final_answer"),
)
OUTPUT = [
    ("reasoning", "Both at once."),
    ("message", "Let me look: ⛅ and 🌧."),
    ("function_call", '{"city":"Paris"}'),
    ("function_call", '{"city":"Zürich"}'),
    ("custom_tool_call", 'no "JSON" here\n'),
    ("message", "More soon."),
]
EVENT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
DELIVERIES = [
    Delivery(),
    Delivery("\r\n", bom=True, gzip=True, piece_bytes=7),
    Delivery("\r", piece_bytes=1, final_blank_line=True),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def output_of(response: Any) -> list[tuple[str, str]]:
    """The items of a response, each with its text."""
    told: list[tuple[str, str]] = []
    for item in response.output:
        match item.type:
            case "reasoning":
                told.append((item.type, "".join(part.text for part in item.summary)))
            case "message":
                told.append((item.type, "".join(getattr(part, "text", "") or part.refusal for part in item.content)))
            case "function_call":
                told.append((item.type, item.arguments))
            case "custom_tool_call":
                told.append((item.type, item.input))
            case other:
                told.append((other, "?"))
    return told


def pieced_together(events: list[ResponseStreamEvent]) -> list[str]:
    """What the deltas alone come to, for each output item."""
    texts: dict[int, str] = {}
    for event in events:
        if event.type.endswith(".delta"):
            place: Any = event
            texts[place.output_index] = texts.get(place.output_index, "") + place.delta
    return [texts[index] for index in sorted(texts)]


def last_response(events: list[ResponseStreamEvent], kind: str = "response.completed") -> SdkResponse:
    """The response of the terminal event, which is the last one."""
    last: Any = events[-1]
    assert last.type == kind
    response: SdkResponse = last.response
    return response


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("chunk_chars", [1, 1000])
async def test_the_events_of_create(delivery: Delivery, chunk_chars: int) -> None:
    scripted = Response(EVERYTHING, usage=USAGE, delivery=delivery, chunk_chars=chunk_chars)
    async with asked(scripted) as (client, _):
        stream = await client.responses.create(model=MODEL, input="Hi", tools=RESPONSES_TOOLS, stream=True)
        events = [event async for event in stream]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    for event in events:  # the SDK itself takes what it gets; its own types are stricter
        EVENT.validate_python(event.to_dict(mode="json", exclude_unset=True))
    assert pieced_together(events) == [text for _, text in OUTPUT]
    done = [event.item for event in events if event.type == "response.output_item.done"]
    response = last_response(events)
    assert [item.to_dict() for item in response.output] == [item.to_dict() for item in done]
    assert output_of(response) == OUTPUT
    assert (response.status, response.model, response.error, response.incomplete_details) == (
        "completed",
        MODEL,
        None,
        None,
    )
    assert [item.call_id for item in response.output if item.type == "function_call"][1] == "call_mine"
    assert [item.phase for item in response.output if item.type == "message"] == ["commentary", "final_answer"]
    counts = response.usage
    assert counts is not None
    assert (counts.input_tokens, counts.output_tokens, counts.total_tokens) == (120, 45, 165)
    assert (counts.input_tokens_details.cached_tokens, counts.output_tokens_details.reasoning_tokens) == (64, 12)


async def test_the_response_that_the_helper_accumulates() -> None:
    async with (
        asked(Response(EVERYTHING, usage=USAGE)) as (client, _),
        client.responses.stream(model=MODEL, input="Hi", tools=RESPONSES_TOOLS) as stream,
    ):
        snapshots = [event.snapshot async for event in stream if event.type == "response.output_text.delta"]
        response = await stream.get_final_response()
    assert output_of(response) == OUTPUT
    assert response.output_text == "Let me look: ⛅ and 🌧.More soon."
    assert snapshots[-1] == "More soon."
    parsed = [item.parsed_arguments for item in response.output if item.type == "function_call"]
    assert parsed == [{"city": "Paris"}, {"city": "Zürich"}]


def test_the_client_that_blocks() -> None:
    with asked_plainly(Response(EVERYTHING), Response(EVERYTHING)) as (client, _):
        with client.responses.create(model=MODEL, input="Hi", tools=RESPONSES_TOOLS, stream=True) as plain:
            assert output_of(last_response(list(plain))) == OUTPUT
        with client.responses.stream(model=MODEL, input="Hi", tools=RESPONSES_TOOLS) as stream:
            assert output_of(stream.get_final_response()) == OUTPUT


async def test_calls_whose_arguments_alternate() -> None:
    together = Together((call("weather", city="Paris"), call("weather", city="Rome"), call("weather", city="Oslo")))
    async with asked(Response((together,), chunk_chars=2)) as (client, _):
        stream = await client.responses.create(model=MODEL, input="Hi", tools=RESPONSES_TOOLS, stream=True)
        events = [event async for event in stream]
    deltas = [event.output_index for event in events if event.type == "response.function_call_arguments.delta"]
    assert deltas[:6] == [0, 1, 2, 0, 1, 2]
    assert pieced_together(events) == ['{"city":"Paris"}', '{"city":"Rome"}', '{"city":"Oslo"}']
    assert [text for _, text in output_of(last_response(events))] == pieced_together(events)


async def test_a_refusal() -> None:
    async with (
        asked(Refuse("I can not help with that.")) as (client, _),
        client.responses.stream(model=MODEL, input="Hi") as stream,
    ):
        types = {event.type async for event in stream}
        response = await stream.get_final_response()
    assert {"response.refusal.delta", "response.refusal.done"} <= types
    assert output_of(response) == [("message", "I can not help with that.")]
    assert response.output_text == ""


async def test_reasoning_without_a_summary() -> None:
    async with (
        asked([Think(""), Say("Yes.")]) as (client, _),
        client.responses.stream(model=MODEL, input="Hi") as stream,
    ):
        response = await stream.get_final_response()
    assert output_of(response) == [("reasoning", ""), ("message", "Yes.")]


async def test_structured_output() -> None:
    class Weather(BaseModel):
        city: str
        degrees: int

    async with (
        asked('{"city":"Paris","degrees":21}') as (client, provider),
        client.responses.stream(model=MODEL, input="Hi", text_format=Weather) as stream,
    ):
        response = await stream.get_final_response()
    assert response.output_parsed == Weather(city="Paris", degrees=21)
    assert provider.requests[0].status == 200, "the SDK's own strict schema passes the rules"


@pytest.mark.parametrize(("reason", "sent"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
async def test_a_response_that_is_incomplete(reason: str, sent: str) -> None:
    async with asked([Say("It beg"), call("weather", city="Paris"), Finish(reason)]) as (client, _):
        stream = await client.responses.create(model=MODEL, input="Hi", tools=RESPONSES_TOOLS, stream=True)
        response = last_response([event async for event in stream], "response.incomplete")
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == sent
    assert [item.status for item in response.output if item.type == "function_call"] == ["incomplete"]


async def test_a_response_that_failed() -> None:
    async with asked([Say("It beg"), Finish("failed")]) as (client, _):
        stream = await client.responses.create(model=MODEL, input="Hi", stream=True)
        response = last_response([event async for event in stream], "response.failed")
    assert response.error is not None
    assert response.error.code == "server_error"


async def test_signs_of_life_are_nothing_to_the_sdk() -> None:
    steps = (Say("One "), Ping(0.01, 0.03), Ping(0.01, 0.03, "keepalive"), Say("two."))
    async with asked(Response(steps)) as (client, _), client.responses.stream(model=MODEL, input="Hi") as stream:
        assert (await stream.get_final_response()).output_text == "One two."


async def test_an_error_within_the_stream_is_the_sdks_own() -> None:
    broken = [Say("It beg"), ErrorEvent("Too busy.", "server_overloaded", shape="nested")]
    async with asked(broken) as (client, _):
        stream = await client.responses.create(model=MODEL, input="Hi", stream=True)
        with pytest.raises(openai.APIError, match=r"Too busy\.") as caught:
            async for _event in stream:
                pass
    assert caught.value.code == "server_overloaded"


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_connection_that_breaks(how: Any) -> None:
    async with asked([Say("It beg"), Cut(how)]) as (client, _):
        stream = await client.responses.create(model=MODEL, input="Hi", stream=True)
        with pytest.raises(openai.APIConnectionError):
            async for _event in stream:
                pass


async def test_a_conversation_by_previous_response_id_and_by_items() -> None:
    first = [Think("Hm."), call("weather", city="Paris"), CallTool("note", raw="free", kind="custom")]
    async with asked(first, "By id.", "By items.") as (client, provider):
        async with client.responses.stream(model=MODEL, input="Hi", tools=RESPONSES_TOOLS) as stream:
            response = await stream.get_final_response()
        answers: list[Any] = [
            {"type": f"{item.type}_output", "call_id": item.call_id, "output": "21 °C"}
            for item in response.output
            if item.type == "function_call" or item.type == "custom_tool_call"  # noqa: PLR1714  this narrows the type
        ]
        assert len(answers) == 2
        texts: list[str] = []
        items: Any = [{"role": "user", "content": "Hi"}, *(item.to_dict() for item in response.output), *answers]
        for item in items:
            item.pop("parsed_arguments", None)
        askings: list[Any] = [{"input": answers, "previous_response_id": response.id}, {"input": items}]
        for asking in askings:
            async with client.responses.stream(model=MODEL, tools=RESPONSES_TOOLS, **asking) as stream:
                texts.append((await stream.get_final_response()).output_text)
    assert texts == ["By id.", "By items."]
    assert [request.status for request in provider.requests] == [200, 200, 200]


async def test_any_number_of_conversations_at_the_same_time() -> None:
    scenario = Scenario.of([call("weather", city="Paris")], "21 °C.", pick="history")
    texts: list[str] = []

    async def converse(client: openai.AsyncOpenAI) -> None:
        async with client.responses.stream(model=MODEL, input="Hi", tools=RESPONSES_TOOLS) as stream:
            response = await stream.get_final_response()
        answers: Any = [
            {"type": "function_call_output", "call_id": item.call_id, "output": "21"}
            for item in response.output
            if item.type == "function_call"
        ]
        async with client.responses.stream(model=MODEL, input=answers, previous_response_id=response.id) as stream:
            texts.append((await stream.get_final_response()).output_text)

    async with asked(scenario) as (client, _), anyio.create_task_group() as tasks:
        for _number in range(8):
            tasks.start_soon(converse, client)
    assert texts == ["21 °C."] * 8
