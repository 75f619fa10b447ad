"""Responses over WebSocket: what is sent turn by turn, and what becomes of everything that can go wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from millstream import Limits, WireError
from millstream.events import CallReturned, CallStarted, RunFinished, TextDelta, TurnRestarted, TurnTorn
from millstream.testing import Body, CallTool, Cut, ErrorEvent, Finish, Hangup, Raw, Response, Say
from millstream.testing.provider.steps import Pause
from millstream.testing.provider.websocket.terms import WebSocketTerms
from millstream.transcript import Reply, ToolResult, Transcript, user
from tests.faults.talking import follow, talking, told

pytestmark = pytest.mark.anyio

LOOK = CallTool("look", {"at": "it"})
SAVE = CallTool("save", {"at": "it"})
ONCE = Limits(request_attempts=1)


def refusal(status: int, code: str, **headers: str) -> Body:
    """An error frame."""
    error = {"type": "an_error", "code": code, "message": "No.", "param": None}
    return Body({"error": error}, status, headers=headers)


async def test_each_turn_sends_only_what_is_new_on_one_connection() -> None:
    """Trap 17 and 22: fields flat, no stream and no background; instructions and tools again, the history not."""
    async with talking([[Say("I look."), LOOK], "Done.", "Again."], instructions="Be brief.") as talk:
        first = talk.agent.stream("Go.")
        await follow(first)
        second = await talk.agent.run("More.", history=first.transcript)
    assert second.text == "Again."
    assert talk.connections == 1
    assert talk.parents == [False, True, True]
    for body in talk.sent:
        assert body["type"] == "response.create"
        assert not {"stream", "background", "response", "stream_id"} & set(body)
        assert body["instructions"] == "Be brief."
        assert body["store"] is False
        assert [one["name"] for one in body["tools"]] == ["look", "save"]
    assert [[item["type"] for item in body["input"]] for body in talk.sent] == [
        ["message"],
        ["function_call_output"],
        ["message"],
    ]


async def test_a_run_of_an_agent_that_is_not_entered_has_a_connection_of_its_own() -> None:
    async with talking([[LOOK], "Done.", "Again."]) as talk:
        other = talk.agent.override(model=talk.agent.model)
        assert (await other.run("Go.")).text == "Done."
        assert (await other.run("Go.")).text == "Again."
        assert talk.connections == 2
        assert talk.parents == [False, True, False]


async def test_a_history_that_was_changed_is_sent_whole() -> None:
    async with talking(["One.", "Two.", "Three."]) as talk:
        first = await talk.agent.run("Go.")
        entries = (user("Something else."), *first.transcript.entries[1:])
        await talk.agent.run("More.", history=Transcript(entries))
        await talk.agent.run("More.", history=first.transcript)
    assert talk.parents == [False, False, True]


async def test_a_reply_that_was_cut_for_length_is_not_gone_on_from() -> None:
    async with talking([[Say("Half"), Finish("length")], "Done."]) as talk:
        first = await talk.agent.run("Go.")
        await talk.agent.run("More.", history=first.transcript)
    assert talk.parents == [False, False]


async def test_call_ids_that_had_to_be_changed_are_sent_whole() -> None:
    """A server that gives out one id twice: ours is another, which the provider does not know."""
    twice = replace(LOOK, id="call_1")
    async with talking([[twice], [twice], "Done."]) as talk:
        await follow(talk.agent.stream("Go."))
    assert talk.did == ["it", "it"]
    assert talk.parents == [False, True, False]


async def test_previous_response_not_found_is_mended_unseen() -> None:
    """Trap 20: the whole is sent once more."""
    not_found = refusal(400, "previous_response_not_found")
    async with talking([[LOOK], not_found, "Done."]) as talk:
        events = await follow(talk.agent.stream("Go."))
    assert isinstance(events[-1], RunFinished)
    assert talk.did == ["it"]
    assert talk.parents == [False, True, False]
    assert [item["type"] for item in talk.sent[2]["input"]] == ["message", "function_call", "function_call_output"]
    assert talk.connections == 1
    assert not told(events, "request.retrying")


async def test_previous_response_not_found_of_a_whole_request_is_an_error() -> None:
    async with talking([refusal(400, "previous_response_not_found")]) as talk:
        with pytest.raises(WireError, match="No") as caught:
            await talk.agent.run("Go.")
    assert caught.value.code == "previous_response_not_found"
    assert len(talk.sent) == 1


@pytest.mark.parametrize("status", [429, 500])
async def test_after_a_turn_that_failed_the_whole_is_sent(status: int) -> None:
    """Trap 20: a 4xx or 5xx evicts the parent; the fake provider would not know it any more."""
    async with talking([[LOOK], refusal(status, "a_code", **{"Retry-After": "0"}), "Done."]) as talk:
        events = await follow(talk.agent.stream("Go."))
    assert len(told(events, "request.retrying")) == 1
    assert talk.parents == [False, True, False]
    assert [request.status for request in talk.requests] == [200, status, 200]
    assert talk.did == ["it"]


async def test_an_error_frame_says_status_code_and_when_to_try_again() -> None:
    refused = refusal(429, "rate_limit_exceeded", **{"retry-after-ms": "1500"})
    async with talking([refused], limits=ONCE) as talk:
        with pytest.raises(WireError) as caught:
            await talk.agent.run("Go.")
    error = caught.value
    assert (error.status, error.code, error.phase) == (429, "rate_limit_exceeded", "request")
    assert error.retryable
    assert error.retry_after_s == 1.5


async def test_a_wrong_key_is_told_by_http() -> None:
    async with talking(["Never."], model={"api_key": ""}) as talk:
        with pytest.raises(WireError) as caught:
            await talk.agent.run("Go.")
    assert caught.value.status == 401


async def test_an_error_within_a_response_ends_it() -> None:
    async with talking([[Say("Hel"), ErrorEvent("Broken.", shape="nested")]], limits=ONCE) as talk:
        with pytest.raises(WireError, match="Broken") as caught:
            await talk.agent.run("Go.")
    assert caught.value.phase == "stream"
    assert caught.value.code == "server_error"


@pytest.mark.parametrize("how", ["eof", "close", "reset"])
async def test_a_connection_cut_within_a_response_is_asked_for_again_on_another(how: Any) -> None:
    """Closed with 1011, without a goodbye (1006), reset."""
    async with talking([[Say("Hel"), Pause(0.1), Cut(how)], "Hello."]) as talk:
        events = await follow(talk.agent.stream("Go."))
    assert [type(event) for event in events if isinstance(event, TurnRestarted | RunFinished)] == [
        TurnRestarted,
        RunFinished,
    ]
    assert talk.connections == 2


@pytest.mark.parametrize("how", ["eof", "close", "reset"])
async def test_a_tool_that_was_started_is_not_run_twice(how: Any) -> None:
    """What became of the request is unknown: the call and its one result go back whole, in a new chain."""
    cut: Any = [SAVE, Say("And"), Pause(0.1), Cut(how)]  # a reset takes with it what was not read yet
    async with talking([cut, "Done."]) as talk:
        run = talk.agent.stream("Go.")
        events = await follow(run)
    assert talk.did == ["it"]
    assert [type(one) for one in events if isinstance(one, CallStarted | CallReturned | TurnTorn | RunFinished)] == [
        CallStarted,
        CallReturned,
        TurnTorn,
        RunFinished,
    ]
    assert talk.parents == [False, False]
    assert [item["type"] for item in talk.sent[1]["input"]] == ["message", "function_call", "function_call_output"]
    assert sum(isinstance(entry, ToolResult) for entry in run.transcript) == 1


async def test_a_call_id_said_again_by_a_new_response_is_another_call_once() -> None:
    """A server that plays a response again after a reconnect: what ran stays, and has an answer of its own."""
    save = replace(SAVE, id="call_1")
    async with talking([[save, Say("And"), Pause(0.1), Cut("close")], [save], "Done."]) as talk:
        run = talk.agent.stream("Go.")
        await follow(run)
    outputs = [item["call_id"] for item in talk.sent[-1]["input"] if item["type"] == "function_call_output"]
    assert len(outputs) == len(set(outputs)) == 2
    replies = [entry for entry in run.transcript if isinstance(entry, Reply)]
    assert [len(reply.calls) for reply in replies] == [1, 1, 0]


async def test_a_connection_that_was_closed_while_it_was_idle_is_replaced_unseen() -> None:
    async with talking(["One.", Hangup("close"), "Two."]) as talk:
        first = await talk.agent.run("Go.")
        run = talk.agent.stream("More.", history=first.transcript)
        events = await follow(run)
    assert run.text == "Two."
    assert not told(events, "request.retrying")
    assert talk.connections == 2
    assert talk.parents == [False, True, False]


async def test_a_fresh_connection_that_is_closed_at_once_is_tried_again_with_a_pause() -> None:
    async with talking([Hangup("close"), "One."]) as talk:
        events = await follow(talk.agent.stream("Go."))
    assert len(told(events, "request.retrying")) == 1
    assert talk.connections == 2


async def test_after_55_minutes_the_next_turn_begins_on_a_new_connection() -> None:
    """Trap 21: never within a response."""
    now = 0.0
    async with talking(["One.", "Two.", "Three."], clock=lambda: now) as talk:
        first = await talk.agent.run("Go.")
        now = 55 * 60.0 - 1
        second = await talk.agent.run("More.", history=first.transcript)
        assert talk.connections == 1
        now = 55 * 60.0
        third = await talk.agent.run("More.", history=second.transcript)
        assert talk.connections == 2
    assert third.text == "Three."
    assert talk.parents == [False, True, False]


async def test_the_limit_of_60_minutes_is_mended_unseen() -> None:
    """A clock of ours that is behind the provider's."""
    now = 0.0
    async with talking(["One.", "Two."], terms=WebSocketTerms(clock=lambda: now)) as talk:
        first = await talk.agent.run("Go.")
        now = 3600.0
        run = talk.agent.stream("More.", history=first.transcript)
        events = await follow(run)
    assert run.text == "Two."
    assert not told(events, "request.retrying")
    assert [request.status for request in talk.requests] == [200, 400, 200]
    assert talk.connections == 2
    assert talk.parents == [False, True, False]


async def test_what_is_stored_is_gone_on_from_on_a_new_connection() -> None:
    now = 0.0
    async with talking(["One.", "Two."], model={"settings": {"store": True}}, clock=lambda: now) as talk:
        first = await talk.agent.run("Go.")
        now = 3600.0
        await talk.agent.run("More.", history=first.transcript)
    assert talk.connections == 2
    assert talk.parents == [False, True]


async def test_without_websockets_the_run_goes_on_over_http_and_says_so_once() -> None:
    async with talking([[LOOK], "Done.", "Again."], terms=None) as talk:
        events = await follow(talk.agent.stream("Go."))
        (fell_back,) = told(events, "request.fell_back")
        assert fell_back.data["transport"] == "http"
        assert "HTTP 405" in str(fell_back.data["why"])
        assert isinstance(events[-1], RunFinished)
        assert not told(await follow(talk.agent.stream("Go.")), "request.fell_back")
    assert talk.by_websocket == [False, False, False]
    assert all(body["stream"] is True for body in talk.sent)


async def test_nobody_there_is_an_error_of_the_connection() -> None:
    async with talking([], model={"base_url": "http://127.0.0.1:9/v1"}, limits=ONCE) as talk:
        with pytest.raises(WireError, match=r"no connection to 127\.0\.0\.1:9") as caught:
            await talk.agent.run("Go.")
    assert caught.value.phase == "connect"
    assert caught.value.retryable


async def test_background_goes_over_http() -> None:
    async with talking(["One."], model={"settings": {"background": True, "store": True}}) as talk:
        await talk.agent.run("Go.")
    assert talk.by_websocket == [False]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("no json", "an event that is not JSON"),
        ("[1]", "an event that is no JSON object"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "an event"),
    ],
)
async def test_what_is_no_message_breaks_the_response(message: str, text: str) -> None:
    async with talking([[Say("Hel"), Raw(message)]], limits=ONCE) as talk:
        with pytest.raises(WireError, match=text):
            await talk.agent.run("Go.")


async def test_a_message_larger_than_the_limit_breaks_the_response() -> None:
    """Trap 21: the limit is ours, far above the 1 MiB of the package."""
    limits = Limits(request_attempts=1, max_message_bytes=4096)
    async with talking([[Say("Hel"), Raw('{"type": "x", "pad": "' + "x" * 5000 + '"}')]], limits=limits) as talk:
        with pytest.raises(WireError, match="more than 4096 bytes"):
            await talk.agent.run("Go.")


async def test_a_message_of_two_mebibytes_is_read() -> None:
    text = "x" * 2 * 1024 * 1024
    async with talking([Response((Say(text),), chunk_chars=len(text))]) as talk:
        assert (await talk.agent.run("Go.")).text == text


async def test_a_run_that_is_left_within_a_response_leaks_nothing_into_the_next() -> None:
    """Alone on its connection: that is closed, so that the provider stops."""
    long = Response((Say("On and on"), Pause(30.0), Say("and on.")))
    async with talking([long, "Two."]) as talk:
        async with talk.agent.stream("Go.") as run:
            async for event in run:
                if isinstance(event, TextDelta):
                    break
        assert (await talk.agent.run("Go.")).text == "Two."
        with anyio.fail_after(5):
            await anyio.to_thread.run_sync(talk.provider.wait_for_disconnects, 1)
    assert talk.connections == 2


async def test_a_provider_that_does_not_say_goodbye_holds_nobody_up() -> None:
    async with talking(["One."]) as talk:
        await talk.agent.run("Go.")
        started = anyio.current_time()
    assert anyio.current_time() - started < 3.0


async def test_the_key_is_in_no_event_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    async with talking([[LOOK], "Done."]) as talk:
        events = await follow(talk.agent.stream("Go."))
    assert "sk-secret-key" not in repr(events)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    assert "sk-secret-key" not in "".join(ours)
