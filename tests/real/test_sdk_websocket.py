"""The official SDK's WebSocket client against the fake provider: its events are those that the SDK's types know."""

from __future__ import annotations

from typing import Any

import pytest
from openai.lib.responses_websocket import AsyncResponsesWebSocketSession, ResponsesWebSocketLimits

from millstream.testing import Body, CallTool, Cut, Finish, Pause, Response, Say, Think
from tests.real.sdk import MODEL, RESPONSES_TOOLS, asked

pytestmark = [pytest.mark.anyio, pytest.mark.real]

LIMITS = ResponsesWebSocketLimits(
    max_lanes=8,
    max_events_per_lane=1024,
    max_events=4096,
    max_bytes_per_lane=16 * 1024 * 1024,
    max_bytes=32 * 1024 * 1024,
)
CALL = (Think("Hm."), Say("I look."), CallTool("weather", {"city": "Paris"}))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def until_end(connection: Any) -> list[Any]:
    """The events of one response."""
    events: list[Any] = []
    while not events or events[-1].type not in ("response.completed", "response.incomplete", "error"):
        events.append(await connection.recv())
    return events


def output_for(response: Any) -> Any:
    (call,) = (item for item in response.output if item.type == "function_call")
    return {"type": "function_call_output", "call_id": call.call_id, "output": "21"}


async def test_a_call_and_its_result_in_the_connections_memory() -> None:
    async with asked(CALL, "21 degrees.") as (client, served):
        async with client.responses.connect() as connection:
            await connection.response.create(model=MODEL, input="Hi", tools=RESPONSES_TOOLS, store=False)
            first = (await until_end(connection))[-1].response
            await connection.response.create(
                model=MODEL,
                input=[output_for(first)],
                previous_response_id=first.id,
                tools=RESPONSES_TOOLS,
                store=False,
            )
            events = await until_end(connection)
        assert events[-1].response.output_text == "21 degrees."
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert [request.status for request in served.requests] == [200, 200]


async def test_stream_and_background_are_refused() -> None:
    async with asked("Never.") as (client, _), client.responses.connect() as connection:
        for field in ("stream", "background"):
            event: Any = {"type": "response.create", "model": MODEL, "input": "Hi", field: True}
            await connection.send(event)
            (error,) = await until_end(connection)
            assert (error.status, error.error.param) == (400, field)


async def test_an_unanswered_call_is_refused_and_evicts_the_response_before() -> None:
    async with asked(CALL, "Never.") as (client, _), client.responses.connect() as connection:
        await connection.response.create(model=MODEL, input="Hi", tools=RESPONSES_TOOLS, store=False)
        first = (await until_end(connection))[-1].response
        codes: list[Any] = []
        for _ in range(2):
            await connection.response.create(model=MODEL, input="Well?", previous_response_id=first.id, store=False)
            codes.append((await until_end(connection))[-1].error.code)
    assert codes == [None, "previous_response_not_found"]


async def test_what_is_not_stored_is_known_on_its_own_connection_only() -> None:
    async with asked("One.", "Two.") as (client, _):
        async with client.responses.connect() as connection:
            await connection.response.create(model=MODEL, input="Hi", store=False)
            first = (await until_end(connection))[-1].response
        async with client.responses.connect() as connection:
            await connection.response.create(model=MODEL, input="Hi", previous_response_id=first.id, store=False)
            (error,) = await until_end(connection)
    assert error.error.code == "previous_response_not_found"


async def test_what_is_stored_is_known_everywhere() -> None:
    async with asked("One.", "Two.") as (client, _):
        async with client.responses.connect() as connection:
            await connection.response.create(model=MODEL, input="Hi")
            first = (await until_end(connection))[-1].response
        second = await client.responses.create(model=MODEL, input="Hi", previous_response_id=first.id, stream=True)
        assert [event.type async for event in second][-1] == "response.completed"


async def test_a_warm_up_generates_nothing_and_is_gone_on_from() -> None:
    async with asked("Warm.") as (client, _), client.responses.connect() as connection:
        await connection.send(
            {"type": "response.create", "model": MODEL, "input": [], "tools": RESPONSES_TOOLS, "generate": False}
        )
        warm = await until_end(connection)
        assert [event.type for event in warm] == ["response.created", "response.completed"]
        assert warm[-1].response.output == []
        await connection.response.create(model=MODEL, input="Hi", previous_response_id=warm[-1].response.id)
        assert (await until_end(connection))[-1].response.output_text == "Warm."


async def test_lanes_of_the_sdks_own_session() -> None:
    slow = [Response((Say(letter * 60),), tokens_per_s=200) for letter in "ab"]
    async with asked(*slow) as (client, served):
        async with (
            client.responses.connect(websocket_connection_options={"max_size": None}) as connection,
            AsyncResponsesWebSocketSession(connection, limits=LIMITS) as session,
        ):
            lanes = [session.lane("one"), session.lane("two")]
            for lane in lanes:
                await lane.send({"type": "response.create", "model": MODEL, "input": "Hi", "store": False})
            texts = [(await lane.get_final_response()).output_text for lane in lanes]
        assert texts == ["a" * 60, "b" * 60]
        ends = [request.at("response-end") for request in served.requests]
        assert served.requests[1].at("first-text") < ends[0]


async def test_creates_of_one_lane_follow_one_another() -> None:
    slow = [Response((Say(letter * 20),), tokens_per_s=200) for letter in "ab"]
    async with asked(*slow) as (client, served), client.responses.connect() as connection:
        for _ in range(2):
            await connection.response.create(model=MODEL, input="Hi", store=False)
        texts = [(await until_end(connection))[-1].response.output_text for _ in range(2)]
        assert texts == ["a" * 20, "b" * 20]
        assert served.requests[0].at("response-end") <= served.requests[1].at("response-start")


async def test_names_of_lanes() -> None:
    async with asked(*["x"] * 40) as (client, _), client.responses.connect() as connection:
        await connection.send({"type": "response.create", "model": MODEL, "input": "Hi", "stream_id": "no name"})
        assert (await until_end(connection))[-1].error.code == "invalid_stream_id"
        for number in range(32):
            await connection.response.create(model=MODEL, input="Hi", stream_id=f"lane.{number}", store=False)
            assert (await until_end(connection))[-1].stream_id == f"lane.{number}"
        await connection.response.create(model=MODEL, input="Hi", stream_id="one-more", store=False)
        error = (await until_end(connection))[-1]
        assert (error.error.code, error.stream_id) == ("websocket_stream_limit_reached", "one-more")


async def test_a_wrong_key_is_refused_at_the_door() -> None:
    async with asked("Never.", key="sk-wrong") as (client, _):
        with pytest.raises(Exception, match="401"):
            async with client.responses.connect():
                pass


async def test_an_answer_that_is_an_http_error_is_an_error_frame() -> None:
    refused = Body({"error": {"message": "Slow down.", "type": "tokens", "code": "rate_limit_exceeded"}}, 429)
    async with asked(refused) as (client, _), client.responses.connect() as connection:
        await connection.response.create(model=MODEL, input="Hi")
        (error,) = await until_end(connection)
    assert (error.status, error.error.code) == (429, "rate_limit_exceeded")


async def test_a_cut_ends_the_connection() -> None:
    async with asked([Say("Hel"), Pause(0.05), Cut("eof")]) as (client, _), client.responses.connect() as connection:
        await connection.response.create(model=MODEL, input="Hi")
        with pytest.raises(Exception, match="1011"):
            await until_end(connection)


async def test_steering_is_taken_and_the_successor_begins_by_itself() -> None:
    first = Response((Say("I begin."), Pause(0.2), Finish("steered")))
    async with asked(first, "Faster.") as (client, served), client.responses.connect() as connection:
        await connection.response.create(model=MODEL, input="Hi", store=False)
        created: Any = await connection.recv()
        await connection.response.steer(input="Faster.", previous_response_id=created.response.id)
        events = await until_end(connection)
        accepted = next(event for event in events if event.type == "response.steer.accepted")
        assert accepted.steer.previous_response_id == created.response.id
        assert events[-1].response.incomplete_details.reason == "steered"
        assert (await until_end(connection))[-1].response.output_text == "Faster."
        assert [body["type"] for body in (request.body for request in served.requests)] == [
            "response.create",
            "response.successor",
        ]


async def test_steering_waits_for_the_results_of_calls() -> None:
    slow = (*CALL, Pause(0.2))
    async with asked(slow, "21 degrees.") as (client, _), client.responses.connect() as connection:
        await connection.response.create(model=MODEL, input="Hi", tools=RESPONSES_TOOLS, store=False)
        created: Any = await connection.recv()
        await connection.response.steer(input="Faster.", previous_response_id=created.response.id)
        first = (await until_end(connection))[-1].response
        pending: Any = await connection.recv()
        assert (pending.type, pending.reason) == ("response.steer.pending", "waiting_for_required_input")
        assert [stub.call_id for stub in pending.required_input] == [output_for(first)["call_id"]]
        await connection.response.create(
            model=MODEL,
            input=[output_for(first)],
            previous_response_id=first.id,
            tools=RESPONSES_TOOLS,
            store=False,
        )
        assert (await until_end(connection))[-1].response.output_text == "21 degrees."


async def test_steering_nothing_is_refused() -> None:
    async with asked("Never.") as (client, served), client.responses.connect() as connection:
        await connection.response.steer(input="Faster.", previous_response_id="resp_1")
        event: Any = await connection.recv()
        assert (event.type, event.error.code) == ("response.steer.failed", "response_not_found")
        assert not served.requests
