"""OpenAI Realtime: what the events of one response say, and what answers its calls."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events.values import Call
from millstream.transcript import JsonPart, TextPart, ToolResult
from millstream.wire.openai_realtime import RealtimeReader, result_messages
from millstream.wire_events import (
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ServerToolMoved,
    TextPiece,
    TextWhole,
    WireEvent,
)
from tests.response import read as read_response
from tests.unit.wire.sessions import Message, args, call, created, done, item, realtime, recording, text


def read(*messages: Message) -> list[WireEvent]:
    reader = RealtimeReader()
    return [event for message in messages for event in reader.accept(message)]


def test_a_call() -> None:
    events = read(created(), call(), args('{"a"'), args(":1}"), call(done=True, arguments='{"a":1}'), done())
    assert events[:-1] == [
        CallBegan(0, "f", "call_item_1"),
        ArgsPiece(0, '{"a"'),
        ArgsPiece(0, ":1}"),
        ArgsWhole(0, '{"a":1}'),
        CallClosed(0),
        Finished("completed", good=True),
    ]
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert ended.response_id == "resp_1"
    assert ended.usage is not None
    assert ended.usage.cached_input_tokens == 1


def test_whole_arguments_stand_for_the_pieces() -> None:
    whole = {"type": "response.function_call_arguments.done", "item_id": "item_1", "arguments": "{}", "name": "f"}
    assert read(call(), whole)[1:] == [ArgsWhole(0, "{}")]
    assert read(whole) == [CallBegan(0, "f", ""), ArgsWhole(0, "{}")]


def test_a_call_that_was_cut_is_closed_as_cut() -> None:
    *_, closed = read(call(), args('{"a"'), call(done=True, status="incomplete", arguments='{"a"'))
    assert closed == CallClosed(0, complete=False)


@pytest.mark.parametrize(
    "name", ["output_text", "text", "output_audio_transcript", "audio_transcript", "audio.transcript"]
)
def test_text_is_what_is_written_or_spoken_in_new_words_and_old(name: str) -> None:
    """Azure's preview and xAI use the older names."""
    whole = {"output_text": "text", "text": "text"}.get(name, "transcript")
    over = {"type": f"response.{name}.done", "item_id": "item_1", "content_index": 0, whole: "Hello"}
    assert read(item(type="message"), text("Hel", name=name), over) == [
        ItemOpened(0),
        TextPiece(0, "Hel"),
        TextPiece(0, "lo"),
    ]


def test_a_whole_text_that_is_another_stands_for_what_was_streamed() -> None:
    part = {"type": "audio", "transcript": "Bye"}
    assert read(text("Hi"), item(done=True, type="message", content=[part])) == [
        ItemOpened(0),
        TextPiece(0, "Hi"),
        TextWhole(0, "Bye"),
    ]


def test_what_was_never_streamed_is_taken_from_the_end() -> None:
    output: list[Message] = [
        {"id": "item_1", "type": "message", "content": [{"type": "text", "text": "Hi"}]},
        {"id": "item_2", "type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"},
    ]
    assert read(created(), done("completed", "resp_1", *output))[:-2] == [
        ItemOpened(0),
        TextPiece(0, "Hi"),
        CallBegan(1, "f", "c"),
        ArgsWhole(1, "{}"),
        CallClosed(1),
    ]


def test_an_item_that_is_said_again_is_the_same() -> None:
    over = call(done=True, arguments="{}")
    assert read(call(), call(), over, over) == read(call(), over)


@pytest.mark.parametrize(
    ("status", "details", "reason"),
    [
        ("incomplete", {"reason": "max_output_tokens"}, "max_output_tokens"),
        ("incomplete", {"reason": "content_filter"}, "content_filter"),
        ("cancelled", {"reason": "turn_detected"}, "turn_detected"),
        ("cancelled", None, "cancelled"),
        ("something_new", None, "something_new"),
    ],
)
def test_other_ends_are_not_good(status: str, details: Any, reason: str) -> None:
    *_, finished, _ = read(created(), done(status, status_details=details))
    assert finished == Finished(reason, good=False)


def test_xai_tells_the_usage_beside_the_response() -> None:
    message = done(usage={}, status_details="unimplemented") | {"usage": {"input_tokens": 7, "output_tokens": 1}}
    *_, ended = read(created(), message)
    assert isinstance(ended, Ended)
    assert ended.usage is not None
    assert ended.usage.input_tokens == 7


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({"error": {"type": "server_error", "message": "Overloaded"}}, "the provider says: Overloaded"),
        (None, "no reason was given"),
    ],
)
def test_a_response_that_failed(details: Any, says: str) -> None:
    (broke,) = read(created(), done("failed", status_details=details))
    assert isinstance(broke, Broke)
    assert says in broke.error.message


def test_an_error_ends_nothing() -> None:
    """Most are about an event the client sent, and the session stays open."""
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "No such event"}}
    passed, *_, ended = read(created(), error, done())
    assert passed == Passed("error", error)
    assert isinstance(ended, Ended)


def test_an_error_is_the_reason_where_no_end_follows() -> None:
    error: Message = {"type": "error", "error": {"type": "server_error", "code": "session_expired", "message": "Over"}}
    for messages in ([error], [created(), error]):
        response = realtime(*messages)
        assert isinstance(response.last, Broke)
        assert response.last.error.message == "the provider says: Over"
    response = realtime(error, created())  # the one before is no reason
    assert isinstance(response.last, Broke)
    assert response.last.error.kind == "torn"


def test_a_response_beside_this_one_does_not_end_it() -> None:
    """Responses outside of the conversation may go on at the same time."""
    assert read(created(), created("other"), done("completed", "other")) == [
        Passed("response.created", created("other")),
        Passed("response.done", done("completed", "other")),
    ]


def test_tools_that_the_provider_runs_are_shown() -> None:
    moving = {"type": "response.mcp_call.in_progress", "item_id": "m"}
    events = read(item("m", type="mcp_call"), moving, item("m", done=True, type="mcp_call", status="completed"))
    moved = [event for event in events if isinstance(event, ServerToolMoved)]
    assert [(one.item, one.tool, one.status) for one in moved] == [
        (0, "mcp_call", "in_progress"),
        (0, "mcp_call", "mcp_call.in_progress"),
        (0, "mcp_call", "completed"),
    ]


def test_sound_and_the_state_of_the_session_are_silence_and_the_rest_passes_through() -> None:
    heard = {"type": "conversation.item.input_audio_transcription.completed", "transcript": "Hi"}
    silent = [
        "ping",
        "session.created",
        "conversation.item.added",
        "response.output_audio.delta",
        "rate_limits.updated",
    ]
    assert read(*({"type": name} for name in silent), heard) == [Passed(str(heard["type"]), heard)]


def test_done_is_not_a_word_of_this_wire() -> None:
    assert RealtimeReader().done() == []


def test_results_are_answers_and_the_wish_for_a_response() -> None:
    calls = [Call(f"call-1-{i}", 1, i, "f", f"call_{i}") for i in range(2)]
    results = [ToolResult(calls[0], (TextPart("done"),)), ToolResult(calls[1], (JsonPart({"a": 1}),), ok=False)]
    assert result_messages(results) == [
        {
            "type": "conversation.item.create",
            "item": {"type": "function_call_output", "call_id": "call_0", "output": "done"},
        },
        {
            "type": "conversation.item.create",
            "item": {"type": "function_call_output", "call_id": "call_1", "output": '{"a":1}'},
        },
        {"type": "response.create"},
    ]
    assert result_messages([]) == []


def test_what_was_sent_is_no_part_of_the_response() -> None:
    sent = b'{"direction": "sent", "data": {"type": "response.output_text.delta", "item_id": "x", "delta": "no"}}\n'
    data = recording(created()) + sent + recording(text("yes"), done())
    assert read_response([data], "openai-realtime-ws").reply().text == "yes"
