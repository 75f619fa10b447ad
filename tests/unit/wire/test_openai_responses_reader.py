"""OpenAI Responses: messages, calls and ends, as OpenAI sends them and as compatible servers do."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import Usage
from millstream.wire.openai_responses.reader import ResponsesReader
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    TextWhole,
    WireEvent,
)
from tests.unit.wire.responses_wire import (
    Event,
    args,
    args_done,
    completed,
    custom,
    function,
    incomplete,
    joined,
    message,
    names,
    read,
    reasoning,
    server,
    text,
    text_done,
    without_keys,
)


def content(*texts: str, type_: str = "output_text") -> dict[str, Any]:
    """The content of a whole message."""
    key = "refusal" if type_ == "refusal" else "text"
    return {"content": [{"type": type_, key: one} for one in texts]}


# --- calls ---


def test_a_call_opens_with_its_name_grows_and_is_closed_by_its_item() -> None:
    done = function(done=True, arguments='{"a":1}')
    assert read(function(), args('{"a"'), args(":1}"), args_done('{"a":1}'), done) == [
        CallBegan(0, "f", "call_0"),
        ArgsPiece(0, '{"a"'),
        ArgsPiece(0, ":1}"),
        ArgsWhole(0, '{"a":1}'),
        ArgsWhole(0, '{"a":1}'),
        Echo(0, done["item"]),
        CallClosed(0),
    ]


def test_the_id_to_answer_is_the_call_id_and_else_the_item_s_own() -> None:
    assert read(function(call_id=None))[0] == CallBegan(0, "f", "fc_0")
    assert read(function(call_id=None, id=None))[0] == CallBegan(0, "f", "")
    assert read(function(call_id=3, id=["x"]))[0] == CallBegan(0, "f", "")


@pytest.mark.parametrize(
    ("status", "complete"),
    [("completed", True), (None, True), ("incomplete", False), ("in_progress", False), ("failed", False), (3, False)],
)
def test_a_call_is_complete_only_if_its_item_says_so(status: object, *, complete: bool) -> None:
    assert read(function(), function(done=True, status=status))[-1] == CallClosed(0, complete)


def test_arguments_alone_close_nothing() -> None:
    assert names(read(function(), args("{}"), args_done("{}"))) == ["CallBegan", "ArgsPiece", "ArgsWhole"]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param(
            [function(), function(done=True, arguments="{}")], ["ArgsWhole", "Echo", "CallClosed"], id="no deltas"
        ),
        pytest.param([function(done=True, arguments="{}")], ["ArgsWhole", "Echo", "CallClosed"], id="only the item"),
        pytest.param([function(), args("{}")], ["ArgsPiece"], id="only the deltas"),
        pytest.param([function(), args_done("{}")], ["ArgsWhole"], id="only the whole"),
        pytest.param(
            [function(), args("{}"), function(done=True, arguments=None)],
            ["ArgsPiece", "Echo", "CallClosed"],
            id="an item without arguments",
        ),
    ],
)
def test_any_of_the_smaller_events_may_be_missing(events: list[Event], expected: list[str]) -> None:
    assert names(read(*events)) == ["CallBegan", *expected]


def test_the_input_of_a_custom_tool_is_text() -> None:
    done = custom(done=True, input="x = {")
    assert read(
        custom(), {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "x ="}, done
    ) == [
        CallBegan(0, "f", "call_0", "custom"),
        ArgsPiece(0, "x ="),
        ArgsWhole(0, "x = {"),
        Echo(0, done["item"]),
        CallClosed(0),
    ]


def test_parallel_calls_may_interleave() -> None:
    events = read(function(0), function(1), args("{", 0), args("[", 1), args("}", 0), args("]", 1))
    assert [event for event in events if isinstance(event, ArgsPiece)] == [
        ArgsPiece(0, "{"),
        ArgsPiece(1, "["),
        ArgsPiece(0, "}"),
        ArgsPiece(1, "]"),
    ]


# names that come late


@pytest.mark.parametrize("name", [None, "", 3])
def test_arguments_wait_for_a_name_that_comes_with_the_whole_item(name: object) -> None:
    events = read(function(name=name), args('{"a"'), args(":1}"), function(done=True, arguments='{"a":1}'))
    assert names(events) == ["CallBegan", "ArgsPiece", "ArgsWhole", "Echo", "CallClosed"]
    assert events[:2] == [CallBegan(0, "f", "call_0"), ArgsPiece(0, '{"a":1}')]


def test_a_whole_text_before_the_name_takes_the_place_of_its_pieces() -> None:
    events = read(function(name=None), args('{"a"'), args_done("{}"), function(done=True, arguments=None))
    assert events[:2] == [CallBegan(0, "f", "call_0"), ArgsPiece(0, "{}")]


@pytest.mark.parametrize("name", [None, "", 3])
def test_a_call_that_never_gets_a_name_is_still_a_call(name: object) -> None:
    events = read(function(name=name), args("{}"), function(name=name, done=True, arguments="{}"))
    assert names(events) == ["CallBegan", "ArgsPiece", "ArgsWhole", "Echo", "CallClosed"]
    assert events[0] == CallBegan(0, "", "call_0")
    events = read(function(name=name), args("{}"), completed())
    assert names(events) == ["CallBegan", "ArgsPiece", "Finished", "Ended"]
    assert events[0] == CallBegan(0, "", "call_0")


def test_a_call_without_name_or_text_that_never_ends_was_none() -> None:
    assert names(read(function(name=None), completed())) == ["Finished", "Ended"]


def test_arguments_of_a_call_that_nothing_opened_take_the_name_they_bring() -> None:
    assert read(args("{", name="f", call_id="c"), args("}")) == [
        CallBegan(0, "f", "c"),
        ArgsPiece(0, "{"),
        ArgsPiece(0, "}"),
    ]
    assert read(args_done("{}", name="f"))[0] == CallBegan(0, "f", "")


# --- messages ---


def test_a_message_opens_grows_and_is_closed() -> None:
    done = message(done=True, **content("Hello"))
    assert read(message(), text("Hel"), text("lo"), text_done("Hello"), done) == [
        ItemOpened(0),
        TextPiece(0, "Hel"),
        TextPiece(0, "lo"),
        Echo(0, done["item"]),
    ]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([message(), text("Hello"), text_done("Hello")], id="pieces and the whole"),
        pytest.param([message(), text_done("Hello")], id="only the whole"),
        pytest.param([message(), message(done=True, **content("Hello"))], id="only the item"),
        pytest.param([message(done=True, **content("Hello"))], id="the item, and nothing opened it"),
        pytest.param([text("Hello")], id="only a piece"),
        pytest.param([text("Hel"), text_done("Hello"), message(done=True, **content("Hello"))], id="some of each"),
        pytest.param([text("Hel"), message(done=True, **content("Hello"))], id="the rest with the item"),
        pytest.param([text("Hello"), message(done=True, **content("Hello", ""))], id="an empty part"),
        pytest.param([text("Hello", content_index=None), message(done=True, **content("Hello"))], id="no part named"),
        pytest.param([completed(message(done=True, **content("Hello"))["item"])], id="only the final response"),
        pytest.param(
            [message(), text("He"), completed(message(done=True, **content("Hello"))["item"])], id="cut before"
        ),
    ],
)
def test_the_text_is_the_same_from_whatever_events_it_comes(events: list[Event]) -> None:
    said = [event for event in joined(read(*events)) if isinstance(event, ItemOpened | TextPiece | TextWhole)]
    assert said == [ItemOpened(0), TextPiece(0, "Hello")]


def test_a_whole_that_is_not_what_was_streamed_takes_its_place() -> None:
    part = {"content_index": 1}
    events = read(message(), text("One "), text("too", **part), text_done("two", **part), text_done("1 "))
    assert events[3:] == [TextWhole(0, "One two"), TextWhole(0, "1 two")]
    assert read(text("longer"), text_done("long"))[2:] == [TextWhole(0, "long")]
    assert read(text("a"), message(done=True, **content("b")))[2] == TextWhole(0, "b")


def test_a_piece_without_text_says_nothing() -> None:
    for nothing in ("", None, 3, ["x"]):
        assert read(message(), text("") | {"delta": nothing}, args("", 1) | {"delta": nothing, "name": "f"}) == [
            ItemOpened(0),
            CallBegan(1, "f", ""),
        ]


def test_a_second_message_is_another_item() -> None:
    events = read(message(), text("a"), message(done=True, **content("a")), message(1), text("b", 1))
    assert events[-2:] == [ItemOpened(1), TextPiece(1, "b")]


def test_refusals_are_told_apart_from_text() -> None:
    delta = {"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "No"}
    done = {"type": "response.refusal.done", "output_index": 0, "content_index": 0, "refusal": "No."}
    whole = message(done=True, **content("No.", type_="refusal"))
    expected = [ItemOpened(0), RefusalPiece(0, "No.")]
    for events in ([delta, done, whole], [done, whole], [delta, whole], [whole]):
        assert joined(read(*events))[:2] == expected
        assert names(joined(read(*events)))[2:] == ["Echo"]
    mixed = [text("Well. "), delta | {"content_index": 1}, done | {"content_index": 1}]
    assert joined(read(*mixed)) == [ItemOpened(0), TextPiece(0, "Well. "), RefusalPiece(0, "No.")]


def test_an_annotation_goes_with_its_item() -> None:
    event = {"type": "response.output_text.annotation.added", "output_index": 0, "annotation": {"type": "url_citation"}}
    assert read(message(), text("a"), event)[-1] == AnnotationPiece(0, {"type": "url_citation"})
    assert read(message(), event | {"annotation": "odd"}) == [ItemOpened(0)]


# --- reasoning ---


def summary(piece: str, part: int = 0, **fields: Any) -> Event:
    event = {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": part}
    return event | {"delta": piece} | fields


def test_each_part_of_a_summary_is_a_paragraph() -> None:
    part = {"type": "response.reasoning_summary_part.added", "output_index": 0}
    whole = {"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 1, "text": "two"}
    done = reasoning(done=True, encrypted_content="x", summary=[{"text": "one"}, {"text": "two"}])
    events = read(reasoning(), part, summary("one"), part, summary("tw", 1), whole, done)
    assert joined(events) == [ItemOpened(0), ReasoningPiece(0, "one\n\ntwo"), Echo(0, done["item"])]


def test_reasoning_that_comes_only_whole_is_shown_all_the_same() -> None:
    done = reasoning(done=True, summary=[{"text": "one"}, {"text": ""}, {"text": "two"}, {"text": 3}, 4])
    assert read(done) == [ItemOpened(0), ReasoningPiece(0, "one\n\ntwo"), Echo(0, done["item"])]
    done = reasoning(done=True, content=[{"type": "reasoning_text", "text": "raw"}])
    assert read(reasoning(), done)[1] == ReasoningPiece(0, "raw")
    assert names(read(reasoning(), reasoning(done=True))) == ["ItemOpened", "Echo"]


def test_reasoning_goes_back_as_its_item_ended_not_as_it_opened() -> None:
    done = reasoning(done=True, encrypted_content="whole")
    events = read(reasoning(encrypted_content="part"), done)
    assert [event.data for event in events if isinstance(event, Echo)] == [done["item"]]


# --- tools of the provider ---


def test_a_tool_of_the_provider_is_shown_from_its_item_on() -> None:
    opened, done = (
        server("web_search_call", status="in_progress"),
        server("web_search_call", done=True, status="completed"),
    )
    searching = {"type": "response.web_search_call.searching", "output_index": 0, "item_id": "web_search_call_0"}
    assert read(opened, searching, done) == [
        ItemOpened(0),
        ServerToolMoved(0, "web_search_call", "in_progress", opened["item"]),
        ServerToolMoved(0, "web_search_call", "searching", searching),
        ServerToolMoved(0, "web_search_call", "completed", done["item"]),
        Echo(0, done["item"]),
    ]


@pytest.mark.parametrize("type_", ["program", "computer_call", "tool_search_call", "local_shell_call", "something_new"])
def test_items_without_events_of_their_own_are_shown_as_well(type_: str) -> None:
    events = read(server(type_), server(type_, done=True))
    assert [(event.tool, event.status) for event in events if isinstance(event, ServerToolMoved)] == [
        (type_, "in_progress"),
        (type_, "done"),
    ]


# --- which item ---


def test_state_is_kept_by_index_where_every_event_has_another_item_id() -> None:
    done = function(done=True, id="z", arguments='{"a":1}')
    events = read(function(id="w"), args('{"a"', item_id="x"), args(":1}", item_id="y"), done)
    assert joined(events)[:2] == [CallBegan(0, "f", "call_0"), ArgsPiece(0, '{"a":1}')]
    assert names(events).count("CallBegan") == 1


@pytest.mark.parametrize("missing", [["output_index"], ["output_index", "item_id"]])
def test_without_an_index_the_id_tells_and_without_both_the_item_opened_last(missing: list[str]) -> None:
    events: list[Event] = [
        reasoning(0),
        {"type": "response.reasoning_text.delta", "output_index": 0, "item_id": "rs_0", "delta": "hm"},
        reasoning(0, done=True),
        message(1),
        text("Hello", 1),
        message(1, done=True, **content("Hello")),
        function(2),
        args("{", 2),
        args("}", 2),
        function(2, done=True, arguments="{}"),
    ]
    assert joined(read(*(without_keys(event, *missing) for event in events))) == joined(read(*events))


def test_one_index_for_text_and_tools_does_not_mix_them() -> None:
    mixed = [
        message(0),
        text("Hel"),
        function(0),
        args("{"),
        text("lo"),
        args("}"),
        function(0, done=True, arguments="{}"),
    ]
    for events in (mixed, [without_keys(event, "item_id") for event in mixed]):
        said = read(*events)
        assert [event.text for event in said if isinstance(event, TextPiece)] == ["Hel", "lo"]
        assert {event.item for event in said if isinstance(event, TextPiece)} == {0}
        assert [event.text for event in said if isinstance(event, ArgsPiece)] == ["{", "}"]
        assert said[-1] == CallClosed(1)


def test_one_index_for_several_calls_is_told_apart_by_their_ids() -> None:
    def at_zero(event: Event) -> Event:
        return event | {"output_index": 0}

    both = [function(1), function(2), args("{", 1), args("[", 2), args("}", 1), args("]", 2)]
    done = [function(1, done=True, arguments="{}"), function(2, done=True, arguments="[]")]
    events = read(*map(at_zero, both + done))
    assert [(event.item, event.text) for event in events if isinstance(event, ArgsWhole)] == [(0, "{}"), (1, "[]")]
    assert names(events).count("CallBegan") == 2
    rotating = [without_keys(event, "item_id") for event in [function(1), args("{}", 1), done[0], function(2), done[1]]]
    assert names(read(*map(at_zero, rotating))).count("CallBegan") == 2


@pytest.mark.parametrize("index", [None, "0", 1.5, [0], {"a": 1}])
@pytest.mark.parametrize("id_", [None, 3, [0], {"a": 1}])
def test_indexes_and_ids_of_the_wrong_type_are_none(index: object, id_: object) -> None:
    events = [function(id=id_, call_id=id_), args("{}"), args_done("{}"), function(id=id_, done=True, arguments="{}")]
    odd = [event | {"output_index": index, "item_id": id_, "content_index": index} for event in events]
    assert names(read(*odd)) == ["CallBegan", "ArgsPiece", "ArgsWhole", "ArgsWhole", "Echo", "CallClosed"]


# --- events said again ---


def test_an_event_sent_twice_counts_once() -> None:
    events = [function(), args("{"), args("}"), args_done("{}"), function(done=True, arguments="{}"), completed()]
    numbered = [event | {"sequence_number": i} for i, event in enumerate(events)]
    twice = [event for event in numbered for _ in range(2)]
    assert read(*twice[2:]) == read(*numbered[1:])


@pytest.mark.parametrize("numbers", [None, 0, -1])
def test_equal_pieces_in_a_row_are_no_repetition_where_the_server_does_not_count(numbers: int | None) -> None:
    piece = text("ha") | ({} if numbers is None else {"sequence_number": numbers})
    assert joined(read(piece, piece, piece)) == [ItemOpened(0), TextPiece(0, "hahaha")]


@pytest.mark.parametrize("make", [function, custom])
def test_a_call_said_again_is_not_a_second_one(make: Any) -> None:
    opened, done = make(), make(done=True, arguments="{}", input="{}")
    assert (
        names(read(opened, opened, args("{}") if make is function else done, done, done, opened, completed())).count(
            "CallBegan"
        )
        == 1
    )
    rotated = done | {"item": done["item"] | {"id": "another"}}
    assert names(read(opened, done, rotated)).count("CallBegan") == 1


def test_a_message_said_again_is_not_said_twice() -> None:
    done = message(done=True, **content("Hello"))
    assert read(message(), message(), text("Hello"), done, done, message()) == read(message(), text("Hello"), done)


# --- ends ---


def test_a_completed_response_ends_well_with_all_it_knows() -> None:
    usage = {
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 2},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 3},
    }
    moderation = {"input": {"flagged": False}}
    events = read(completed(usage=usage, moderation=moderation))
    assert events == [Finished("completed", good=True), Ended(Usage(5, 7, 2, 3, usage), moderation, "resp_1")]


@pytest.mark.parametrize("fields", [{}, {"usage": None}, {"usage": "odd"}, {"usage": 3, "moderation": [], "id": 3}])
def test_the_end_says_only_what_is_there(fields: dict[str, Any]) -> None:
    assert read({"type": "response.completed", "response": {"status": "completed"} | fields}) == [
        Finished("completed", good=True),
        Ended(),
    ]


def test_a_completed_response_without_a_body_is_still_completed() -> None:
    assert read({"type": "response.completed"}) == [Finished("completed", good=True), Ended()]
    assert read({"type": "response.completed", "response": "odd"}) == [Finished("completed", good=True), Ended()]


@pytest.mark.parametrize("status", ["failed", "cancelled", "in_progress", "queued", "incomplete", "new"])
def test_a_status_outside_the_table_is_no_good_end(status: str) -> None:
    assert read(completed(status=status))[0] == Finished(status, good=False)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("max_output_tokens", "max_output_tokens"),
        ("content_filter", "content_filter"),
        ("steered", "steered"),
        ("completed", "completed"),
        (None, "incomplete"),
        ("", "incomplete"),
    ],
)
def test_an_incomplete_response_never_ends_well(reason: str | None, told: str) -> None:
    assert read(incomplete(reason=reason))[0] == Finished(told, good=False)


def test_the_id_of_the_response_and_its_usage_are_known_before_its_end() -> None:
    reader = ResponsesReader()
    reader.accept({"type": "response.created", "response": {"id": "resp_9", "usage": {"input_tokens": 1}}})
    (broke,) = reader.end()
    assert isinstance(broke, Broke)
    assert broke.usage is not None
    assert broke.usage.input_tokens == 1
    assert read({"type": "response.created", "response": {"id": "resp_9"}}, completed(id=None))[-1] == Ended(
        response_id="resp_9"
    )


def test_without_a_terminal_event_the_response_is_torn() -> None:
    reader = ResponsesReader()
    reader.accept(function(done=True, arguments="{}"))
    assert reader.done() == []  # OpenRouter sends it, before or after
    (broke,) = reader.end()
    assert isinstance(broke, Broke)
    assert (broke.error.kind, broke.error.retryable, broke.reason) == ("torn", True, None)


# what only the final response holds


def whole(index: int = 0, **fields: Any) -> Event:
    item: Event = function(index, done=True, arguments="{}", **fields)["item"]
    return item


def calls(events: list[WireEvent]) -> list[WireEvent]:
    return [event for event in events if isinstance(event, CallBegan | ArgsWhole | CallClosed)]


def test_calls_that_stand_only_in_the_final_response_are_calls() -> None:
    events = read(completed(reasoning(0, done=True)["item"], whole(1), whole(2)))
    assert names(events[:2]) == ["ItemOpened", "Echo"]  # the reasoning that leads to them goes back before them
    assert calls(events) == [
        CallBegan(1, "f", "call_1"),
        ArgsWhole(1, "{}"),
        CallClosed(1),
        CallBegan(2, "f", "call_2"),
        ArgsWhole(2, "{}"),
        CallClosed(2),
    ]
    assert names(events[-2:]) == ["Finished", "Ended"]


def test_calls_are_closed_by_the_final_response_where_their_items_were_not() -> None:
    events = read(function(0), args("{"), function(1), completed(whole(0), whole(1, status="incomplete")))
    assert calls(events)[2:] == [ArgsWhole(0, "{}"), CallClosed(0), ArgsWhole(1, "{}"), CallClosed(1, complete=False)]


@pytest.mark.parametrize(
    "ids", [{}, {"id": "other"}, {"id": "other", "call_id": "other"}, {"id": None, "call_id": None}]
)
def test_a_call_that_came_before_is_not_repeated_by_the_final_response(ids: dict[str, Any]) -> None:
    events = read(function(), args("{}"), function(done=True, arguments="{}"), completed(whole(**ids)))
    assert calls(events) == [CallBegan(0, "f", "call_0"), ArgsWhole(0, "{}"), CallClosed(0)]
    events = read(function(), args("{}"), completed(whole(**ids)))
    assert calls(events) == [CallBegan(0, "f", "call_0"), ArgsWhole(0, "{}"), CallClosed(0)]


def test_an_open_call_is_not_closed_with_the_arguments_of_another() -> None:
    done = [function(0, done=True, arguments='{"a":1}'), function(1, name="g")]
    final = [whole(0) | {"arguments": '{"a":1}'}, whole(1, name="g") | {"arguments": '{"b":1}'}]
    events = read(function(0), *done, completed(*final))
    assert calls(events)[-2:] == [ArgsWhole(1, '{"b":1}'), CallClosed(1)]
    assert names(events).count("CallBegan") == 2


@pytest.mark.parametrize("output", [[], None, "odd", [None, 3, "x", []], [{}], [{"type": None}], [{"type": ["x"]}]])
def test_an_odd_or_empty_final_response_takes_nothing_away(output: object) -> None:
    events = read(message(), text("a"), function(1), args("{}", 1), completed(output=output))
    assert names(events) == ["ItemOpened", "TextPiece", "CallBegan", "ArgsPiece", "Finished", "Ended"]


# --- errors ---


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"type": "error", "code": "server_error", "message": "m", "param": None}, id="flat"),
        pytest.param({"type": "error", "error": {"type": "server_error", "message": "m"}}, id="nested"),
        pytest.param(
            {"type": "error", "status": 503, "error": {"code": "server_error", "message": "m"}}, id="WebSocket"
        ),
        pytest.param(
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "m"}}}, id="failed"
        ),
        pytest.param({"error": {"code": "server_error", "message": "m"}}, id="without a type"),
        pytest.param({"type": "something", "error": {"code": "server_error", "message": "m"}}, id="within anything"),
        pytest.param({"error": "m", "code": "server_error"}, id="as text"),
    ],
)
def test_an_error_is_found_in_each_of_its_shapes(event: Event) -> None:
    (broke,) = read(event)
    assert isinstance(broke, Broke)
    assert (broke.error.code, broke.error.message, broke.error.retryable) == (
        "server_error",
        "the provider says: m",
        True,
    )


def test_an_error_named_only_by_the_transport_is_one() -> None:
    (broke,) = ResponsesReader().accept({"code": 400, "message": "m", "type": "invalid_request_error"}, "error")
    assert isinstance(broke, Broke)
    assert (broke.error.code, broke.error.kind, broke.error.retryable) == (400, "invalid_request_error", False)


@pytest.mark.parametrize("response", [{}, {"error": None}, None])
def test_a_failure_without_a_reason_says_so(response: object) -> None:
    (broke,) = read({"type": "response.failed", "response": response})
    assert isinstance(broke, Broke)
    assert "no reason was given" in str(broke.error)


def test_the_status_of_a_websocket_error_tells_whether_to_try_again() -> None:
    for status, retryable in ((503, True), (400, False)):
        (broke,) = read({"type": "error", "status": status, "error": {"message": "m"}})
        assert isinstance(broke, Broke)
        assert broke.error.retryable is retryable


def test_no_error_is_no_error() -> None:
    event = {"type": "response.new", "error": None}
    assert read(event) == [Passed("response.new", event)]


@pytest.mark.parametrize("item", [None, "odd", {}, {"type": None, "id": "x"}, {"type": 3}])
def test_an_item_without_a_type_is_none(item: Any) -> None:
    for type_ in ("added", "done"):
        assert read({"type": f"response.output_item.{type_}", "output_index": 0, "item": item}) == []
    assert names(read(completed(item))) == ["Finished", "Ended"]
