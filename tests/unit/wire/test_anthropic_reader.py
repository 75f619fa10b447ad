"""Anthropic Messages: texts, calls and ends, as Anthropic sends them and as compatible servers do."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import Usage
from millstream.wire.anthropic.reader import MessagesReader
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    CallLeft,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    WireEvent,
)
from tests.unit.wire.anthropic_wire import (
    OVER,
    PING,
    Event,
    args,
    because,
    call,
    delta,
    names,
    opened,
    read,
    response,
    started,
    stopped,
    text,
    thinking,
    tool_use,
)

_DIRECT = {"type": "direct"}


def ended(events: list[WireEvent]) -> Ended:
    assert isinstance(events[-1], Ended)
    return events[-1]


def broke(events: list[WireEvent]) -> Broke:
    assert isinstance(events[-1], Broke)
    return events[-1]


# --- texts ---


def test_text_comes_piece_by_piece_and_leaves_no_echo() -> None:
    assert read(opened("text", text=""), text("Hel"), PING, text("lo"), stopped()) == [
        ItemOpened(0),
        TextPiece(0, "Hel"),
        TextPiece(0, "lo"),
    ]


def test_a_block_may_begin_with_text() -> None:
    assert read(opened("text", text="Hi")) == [ItemOpened(0), TextPiece(0, "Hi")]


def test_citations_are_marks_on_the_text_and_go_back_with_it() -> None:
    first, second = {"type": "page_location", "cited_text": "x"}, {"type": "web_search_result_location"}
    events = read(
        opened("text", text="", citations=[]),
        delta("citations_delta", citation=first),
        text("As it says."),
        delta("citations_delta", citation=second),
        delta("citations_delta", citation="no citation"),
        stopped(),
    )
    assert events == [
        ItemOpened(0),
        AnnotationPiece(0, first),
        TextPiece(0, "As it says."),
        AnnotationPiece(0, second),
        Echo(0, {"type": "text", "citations": [first, second]}),
    ]


def test_fields_of_a_text_that_nobody_knows_go_back_with_it() -> None:
    assert read(opened("text", text="a", mood="calm", citations=None), stopped())[-1] == Echo(
        0, {"type": "text", "mood": "calm"}
    )


def test_thinking_goes_back_with_its_signature_as_it_came() -> None:
    events = read(
        opened("thinking", thinking="", signature=""),
        thinking("Let me "),
        thinking("see.\n"),
        delta("signature_delta", signature="EqQB"),
        stopped(),
    )
    assert events == [
        ItemOpened(0),
        ReasoningPiece(0, ""),
        ReasoningPiece(0, "Let me "),
        ReasoningPiece(0, "see.\n"),
        Echo(0, {"signature": "EqQB", "thinking": "Let me see.\n"}),
    ]


def test_thinking_that_is_not_shown_is_only_its_signature() -> None:
    events = read(opened("thinking", thinking=""), delta("signature_delta", signature="EqQB"), stopped())
    assert events == [ItemOpened(0), ReasoningPiece(0, ""), Echo(0, {"signature": "EqQB", "thinking": ""})]


def test_thinking_without_a_signature_does_not_go_back() -> None:  # it would be refused: cut, or of another server
    assert names(read(opened("thinking", thinking=""), thinking("Hm"), stopped())) == [
        "ItemOpened",
        "ReasoningPiece",
        "ReasoningPiece",
    ]


def test_redacted_thinking_comes_whole() -> None:
    assert read(opened("redacted_thinking", data="EtEC"), stopped()) == [
        ItemOpened(0),
        ReasoningPiece(0, ""),
        Echo(0, {"data": "EtEC"}),
    ]


# --- calls ---


def test_a_call_opens_with_its_name_grows_and_is_left() -> None:
    assert read(tool_use(), args(""), args('{"a"'), args(":1}"), stopped()) == [
        CallBegan(0, "f", "toolu_0"),
        ArgsPiece(0, '{"a"'),
        ArgsPiece(0, ":1}"),
        CallLeft(0),
    ]


def test_the_next_block_says_that_a_call_is_over_whatever_its_text_is() -> None:
    events = read(*call(['{"a'], 0), *call(["{}"], 1))
    assert events[2:5] == [CallLeft(0), CallClosed(0), CallBegan(1, "f", "toolu_1")]
    assert read(*call([], 0), opened("text", 1, text=""))[2:] == [CallClosed(0), ItemOpened(1)]


@pytest.mark.parametrize("fields", [{}, {"input": None}, {"input": {}}, {"input": "x"}])
def test_a_call_without_a_piece_is_left_without_text(fields: Event) -> None:  # llama.cpp sends no `input`
    raw = {"type": "tool_use", "id": "toolu_0", "name": "f"} | fields
    assert read({"type": "content_block_start", "index": 0, "content_block": raw}, args(""), stopped()) == [
        CallBegan(0, "f", "toolu_0"),
        CallLeft(0),
    ]


def test_an_input_that_is_there_from_the_beginning_is_the_whole() -> None:
    made_by = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    events = read(tool_use(input={"city": "Zürich", "n": [1]}, caller=made_by), args(""), stopped())
    assert events == [
        CallBegan(0, "f", "toolu_0"),
        ArgsWhole(0, '{"city":"Zürich","n":[1]}'),
        Echo(0, {"type": "tool_use", "caller": made_by}),
        CallLeft(0),
    ]


def test_pieces_replace_an_input_that_was_there_before_them() -> None:
    assert read(tool_use(input={"a": 0}), args('{"a":1}'), stopped())[1:] == [ArgsPiece(0, '{"a":1}'), CallLeft(0)]


def test_an_input_that_is_no_json_stays_none() -> None:
    assert read(tool_use(input={"n": float("nan")}), stopped())[1] == ArgsWhole(0, '{"n":NaN}')


def test_who_called_goes_back() -> None:
    assert Echo(0, {"type": "tool_use", "caller": _DIRECT}) in read(*call(["{}"], caller=_DIRECT))
    assert Echo(0, {"type": "tool_use", "toolset_name": "c"}) in read(*call(["{}"], toolset_name="c", caller=None))


def test_blocks_are_told_apart_by_their_index_also_if_they_should_alternate() -> None:
    events = read(tool_use(0), tool_use(1), args("{", 0), args("[", 1), args("}", 0), args("]", 1), stopped(1))
    pieces = [event for event in events if isinstance(event, ArgsPiece)]
    assert pieces == [ArgsPiece(0, "{"), ArgsPiece(1, "["), ArgsPiece(0, "}"), ArgsPiece(1, "]")]
    assert events[-1] == CallLeft(1)


def test_an_index_that_is_used_again_is_another_block() -> None:
    events = read(tool_use(0), args("{}", 0), opened("text", 0, text="Hi"), text("!", 0))
    assert events[2:] == [CallLeft(0), CallClosed(0), ItemOpened(1), TextPiece(1, "Hi"), TextPiece(1, "!")]


def test_without_an_index_it_is_the_last_block() -> None:
    events = [*call(["{}"]), opened("text", text=""), text("Hi")]
    bare = [{key: value for key, value in event.items() if key != "index"} for event in events]
    assert read(*bare) == [
        CallBegan(0, "f", "toolu_0"),
        ArgsPiece(0, "{}"),
        CallLeft(0),
        CallClosed(0),
        ItemOpened(1),
        TextPiece(1, "Hi"),
    ]


def test_text_and_thinking_that_nothing_opened() -> None:
    assert read(thinking("Hm", 0), text("Hi", 1), text("!", 1)) == [
        ItemOpened(0),
        ReasoningPiece(0, ""),
        ReasoningPiece(0, "Hm"),
        ItemOpened(1),
        TextPiece(1, "Hi"),
        TextPiece(1, "!"),
    ]
    assert read(args("{}")) == [Passed("content_block_delta", args("{}"))]


def test_a_block_that_was_stopped_is_not_stopped_again() -> None:
    assert names(read(*call(["{}"]), stopped(), stopped(7))) == ["CallBegan", "ArgsPiece", "CallLeft"]


# --- whole blocks in message_start (programmatic tool calling) ---


def test_whole_blocks_in_the_beginning_of_a_message() -> None:
    ready: list[Event] = [
        {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
        {"type": "text", "text": "Both.", "citations": [{"type": "page_location"}]},
        {"type": "tool_use", "id": "toolu_0", "name": "f", "input": {"a": 1}, "caller": _DIRECT},
        {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}},
    ]
    events = read(started(*ready, stop_reason="tool_use"), OVER)
    assert events == [
        ItemOpened(0),
        ReasoningPiece(0, "Hm"),
        Echo(0, {"thinking": "Hm", "signature": "EqQB"}),
        ItemOpened(1),
        TextPiece(1, "Both."),
        AnnotationPiece(1, {"type": "page_location"}),
        Echo(1, {"type": "text", "citations": [{"type": "page_location"}]}),
        CallBegan(2, "f", "toolu_0"),
        ArgsWhole(2, '{"a":1}'),
        Echo(2, {"type": "tool_use", "caller": _DIRECT}),
        CallLeft(2),
        CallClosed(2),
        CallBegan(3, "now", "toolu_1"),
        ArgsWhole(3, "{}"),
        CallLeft(3),
        Finished("tool_use", good=True),
        events[-1],
    ]
    assert ended(events).response_id == "msg_1"


def test_the_reason_of_the_beginning_counts_until_another_comes() -> None:
    events = read(started({"type": "text", "text": "x"}, stop_reason="tool_use"), because("end_turn"), OVER)
    assert [event for event in events if isinstance(event, Finished)] == [Finished("end_turn", good=True)]
    events = read(started(stop_reason="tool_use"), because(None), OVER)
    assert names(events) == ["Finished", "Ended"]


# --- a message that begins again ---


def test_a_beginning_that_is_repeated_before_anything_came_is_the_beginning() -> None:
    events = read(
        started(id_="msg_1"), PING, started(id_="msg_2"), opened("text", text="Hi"), because("end_turn"), OVER
    )
    assert names(events) == ["ItemOpened", "TextPiece", "Finished", "Ended"]
    assert ended(events).response_id == "msg_2"


def test_another_message_within_a_response_tears_it() -> None:  # a proxy that tries again behind its client's back
    events = read(started(), tool_use(), args('{"a'), started(id_="msg_2"))
    error = broke(events).error
    assert (error.kind, error.retryable) == ("torn", True)
    assert "another message began" in error.message


# --- ends ---


@pytest.mark.parametrize(
    ("reason", "good", "goes_on"),
    [
        ("end_turn", True, False),
        ("tool_use", True, False),
        ("stop_sequence", True, False),
        ("pause_turn", True, True),
        ("compaction", True, True),
        ("max_tokens", False, False),
        ("refusal", False, False),
        ("model_context_window_exceeded", False, False),
        ("something_new", False, False),
    ],
)
def test_good_ends_are_an_allow_list(reason: str, good: bool, goes_on: bool) -> None:
    assert read(*response(call(["{}"]), reason=reason))[-2] == Finished(reason, good, goes_on)


@pytest.mark.parametrize("reason", [None, "", 3])
def test_a_missing_reason_is_no_end(reason: Any) -> None:
    events = read(*response(call(["{}"]), reason=reason))
    assert "Finished" not in names(events)
    assert broke(events).error.kind == "torn"


def test_the_body_may_end_behind_the_reason() -> None:
    reader = MessagesReader()
    for event in response(call(["{}"]))[:-1]:
        reader.accept(event)
    (end,) = reader.end()
    assert isinstance(end, Ended)
    assert reader.reason == "tool_use"


def test_a_body_that_ends_before_the_reason_is_torn() -> None:
    reader = MessagesReader()
    for event in response(call(["{}"]))[:-2]:
        reader.accept(event)
    (end,) = reader.end()
    assert isinstance(end, Broke)
    assert (end.reason, end.error.kind) == (None, "torn")
    assert end.usage is not None


def test_the_reason_is_said_once_and_nothing_of_the_message_comes_behind_it() -> None:
    late = [because("end_turn"), *call(["{}"], 1), opened("text", 2, text="x"), text("y"), stopped(), OVER]
    events = read(started(), because("max_tokens"), *late)
    assert names(events) == ["Finished", "Ended"]
    assert events[0] == Finished("max_tokens", good=False)


def test_done_ends_nothing() -> None:
    assert MessagesReader().done() == []


def test_a_refusal_is_told_with_the_api_s_explanation_and_moves_nothing_on() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Blocked."}
    stop = because("refusal", stop_details=details)
    events = read(started(), *call(["{}"]), stop, OVER)
    assert events[3:-1] == [Passed("message_delta", stop), RefusalPiece(1, "Blocked."), Finished("refusal", good=False)]
    assert names(read(started(), because("refusal", stop_details={"type": "refusal"}), OVER))[1] == "Finished"


def test_where_code_ran_goes_back_on_an_item_of_its_own() -> None:
    container = {"id": "container_1", "expires_at": "2026-01-01T00:00:00Z"}
    events = read(started(), *call(["{}"]), because("tool_use", container=container), OVER)
    assert events[3] == Echo(1, {"type": "container", "id": "container_1"})
    assert Echo(0, {"type": "container", "id": "container_1"}) in read(started(container=container))
    assert read(started(container={}), because(None, container={"id": ""})) == []


# --- tokens ---


def test_tokens_are_cumulative_and_those_of_the_start_hold_until_others_come() -> None:
    first = {"input_tokens": 10, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2, "output_tokens": 1}
    second = because("end_turn") | {
        "usage": {"input_tokens": None, "output_tokens": 30, "output_tokens_details": {"thinking_tokens": 7}}
    }
    raw = first | {"output_tokens": 30, "output_tokens_details": {"thinking_tokens": 7}}
    usage = ended(read(started(usage=first), because(None), second, OVER)).usage
    assert usage == Usage(input_tokens=16, output_tokens=30, cached_input_tokens=4, reasoning_tokens=7, raw=raw)


def test_no_tokens_are_none() -> None:
    assert ended(read(started(usage=None), {**because("end_turn"), "usage": None}, OVER)).usage is None


# --- errors ---


def error(type_: str, **fields: Any) -> Event:
    return {"type": "error", "error": {"type": type_, "message": "Overloaded"}} | fields


@pytest.mark.parametrize("before", [[], [started()], [started(), tool_use(), PING, args('{"a')]])
def test_an_error_may_come_first_or_in_the_midst_of_a_block(before: list[Event]) -> None:
    told = broke(read(*before, error("overloaded_error", request_id="req_1")))
    assert (told.error.code, told.error.retryable, told.reason) == ("overloaded_error", True, None)
    assert "Overloaded" in told.error.message
    assert (told.usage is None) == (not before)


@pytest.mark.parametrize(
    ("type_", "retryable"),
    [("rate_limit_error", True), ("api_error", True), ("timeout_error", True), ("invalid_request_error", False)],
)
def test_which_errors_may_pass(type_: str, retryable: bool) -> None:
    assert broke(read(error(type_))).error.retryable is retryable


def test_an_error_is_known_by_its_event_name_alone() -> None:
    (told,) = MessagesReader().accept({"message": "no"}, "error")
    assert isinstance(told, Broke)


# --- what is not known ---


def test_an_unknown_block_is_passed_through_and_goes_back() -> None:
    block = {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}}
    start = {"type": "content_block_start", "index": 0, "content_block": block}
    assert read(start, stopped()) == [ItemOpened(0), Passed("fallback", block), Echo(0, block)]


def test_a_block_without_a_type_does_not_go_back() -> None:
    assert read({"type": "content_block_start", "index": 0, "content_block": {"x": 1}}, stopped()) == [
        ItemOpened(0),
        Passed("", {"x": 1}),
    ]


def test_an_unknown_delta_is_passed_through_and_its_fields_become_the_block_s() -> None:
    new = delta("hologram_delta", rays=3)
    events = read(opened("hologram", rays=0), new, stopped())
    assert events[2:] == [Passed("content_block_delta", new), Echo(0, {"type": "hologram", "rays": 3})]


def test_a_delta_of_another_kind_of_block_does_no_harm() -> None:
    assert names(read(tool_use(), text("x"), stopped())) == ["CallBegan", "Passed", "CallLeft"]
    assert names(read(opened("text", text=""), args("{}"), stopped())) == ["ItemOpened", "Passed"]


def test_a_summary_of_the_past_is_shown_and_goes_back_whole() -> None:
    more = delta("compaction_delta", content="So far:", encrypted_content="EpwB")
    empty = {"type": "compaction", "content": None}
    full = {"type": "compaction", "content": "So far:", "encrypted_content": "EpwB"}
    assert read(opened("compaction", content=None), more, stopped()) == [
        ItemOpened(0),
        ServerToolMoved(0, "compaction", "in_progress", empty),
        Passed("content_block_delta", more),
        ServerToolMoved(0, "compaction", "completed", full),
        Echo(0, full),
    ]


def test_unknown_events_are_passed_through_and_pings_are_nothing() -> None:
    assert read(PING, {"type": "weather", "x": 1}) == [Passed("weather", {"type": "weather", "x": 1})]
    assert MessagesReader().accept({"x": 1}, "weather") == [Passed("weather", {"x": 1})]
    edits = {"type": "message_delta", "delta": {}, "context_management": {"applied_edits": [1]}}
    assert read(edits) == [Passed("message_delta", edits)]


def test_events_that_the_sdk_s_helper_adds_say_nothing_new() -> None:
    extra = [{"type": type_, "snapshot": "x"} for type_ in ("text", "thinking", "signature", "citation", "input_json")]
    assert read(*extra) == []


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_start"},
        {"type": "message_start", "message": "x"},
        {"type": "content_block_start", "index": 0},
        {"type": "content_block_start", "index": 0, "content_block": []},
        {"type": "content_block_delta", "index": 0, "delta": 3},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta"},
    ],
)
def test_events_without_their_parts_do_no_harm(event: Event) -> None:
    assert read(event) == []


def test_the_name_of_the_event_stands_in_for_a_type_that_is_missing() -> None:
    reader = MessagesReader()
    start = {key: value for key, value in tool_use().items() if key != "type"}
    assert reader.accept(start, "content_block_start") == [CallBegan(0, "f", "toolu_0")]
