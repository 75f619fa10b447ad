"""Gemini's Interactions -> wire events: steps of every kind and both revisions of the events."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import CallFailed, CallSealed, Truncated
from millstream.transcript import CallItem, ReasoningItem, ServerItem, TextItem
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    ArgsWhole,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    ServerToolMoved,
    TextPiece,
)
from tests.unit.wire.interactions_wire import (
    CALL,
    TEXT,
    Event,
    args,
    completed,
    delta,
    older,
    read,
    response,
    start,
    stop,
)

# --- steps ---


def test_a_call_and_the_thought_that_is_signed_before_it() -> None:
    thought = {"type": "thought", "summary": [{"type": "text", "text": "Hm"}], "signature": "s"}
    assert read(*CALL) == [
        ItemOpened(0),
        ReasoningPiece(0, ""),
        ReasoningPiece(0, "Hm"),
        Echo(0, thought),
        CallBegan(1, "f", "a"),
        ArgsPiece(1, '{"n"'),
        ArgsPiece(1, ": 1}"),
        Echo(1, {"type": "function_call", "id": "a", "name": "f"}),
        CallClosed(1),
        Finished("requires_action", good=True),
        Ended(None, None, "i-1"),
    ]
    reasoning, call = response(*CALL).reply().items
    assert reasoning == ReasoningItem("Hm", thought)
    assert isinstance(call, CallItem)
    assert call.args_text == '{"n": 1}'


def test_text_grows_and_goes_back_as_one_content() -> None:
    echo = {"type": "model_output", "content": [{"type": "text", "text": "Hello"}]}
    assert read(*TEXT)[:-2] == [
        ItemOpened(0),
        TextPiece(0, ""),
        TextPiece(0, "Hel"),
        TextPiece(0, "lo"),
        Echo(0, echo),
    ]
    assert response(*TEXT).reply().items == (TextItem("Hello", echo=echo),)


def test_a_thought_without_a_word_is_reasoning_all_the_same() -> None:
    said = response(start(0, "thought"), delta(0, "thought_signature", signature="s"), stop(0), completed()).reply()
    assert said.items == (ReasoningItem("", {"type": "thought", "signature": "s"}),)


def test_annotations_and_media_stand_where_they_came() -> None:
    mark, image = {"type": "url_citation", "url": "u"}, {"type": "image", "data": "aGk=", "mime_type": "image/png"}
    events = read(
        start(0, "model_output", content=[{"type": "text", "text": "A"}]),
        delta(0, "text", text="B"),
        delta(0, "text_annotation_delta", annotations=[mark]),
        delta(0, "text_annotation_delta", annotations=[mark]),
        {"event_type": "step.delta", "index": 0, "delta": image},
        delta(0, "text", text="C"),
        delta(0, "text", text="D", annotations=[mark]),
        stop(0),
    )
    assert "".join(event.text for event in events if isinstance(event, TextPiece)) == "ABCD"
    assert [event for event in events if isinstance(event, AnnotationPiece)] == [AnnotationPiece(0, mark)] * 3
    (echo,) = [event.data for event in events if isinstance(event, Echo)]
    assert echo["content"] == [
        {"type": "text", "text": "AB", "annotations": [mark, mark]},
        image,
        {"type": "text", "text": "C"},
        {"type": "text", "text": "D", "annotations": [mark]},
    ]


def test_annotations_before_any_text_are_told() -> None:
    events = read(start(0, "model_output"), delta(0, "text_annotation_delta", annotations=[{"type": "x"}]), stop(0))
    assert AnnotationPiece(0, {"type": "x"}) in events


def test_a_tool_that_the_provider_ran_is_shown_and_goes_back() -> None:
    events = [
        start(0, "google_search_call", id="a"),
        delta(0, "google_search_call", arguments={"queries": ["x"]}, signature="s"),
        stop(0),
        start(1, "google_search_result", call_id="a", result=[{"n": 1}]),
        delta(1, "google_search_result", result=[{"n": 2}], signature=""),
        stop(1),
        completed(),
    ]
    call = {"type": "google_search_call", "id": "a", "arguments": {"queries": ["x"]}, "signature": "s"}
    result = {"type": "google_search_result", "call_id": "a", "result": [{"n": 1}, {"n": 2}]}
    moved = [event for event in read(*events) if isinstance(event, ServerToolMoved)]
    assert [(one.item, one.tool, one.status) for one in moved] == [
        (0, "google_search", "called"),
        (0, "google_search", "called"),
        (0, "google_search", "done"),
        (0, "google_search", "done"),
    ]
    assert [moved[1].data, moved[3].data] == [call, result]
    assert response(*events).reply().items == (ServerItem(call), ServerItem(result))
    assert response(*events).router.calls == {}


def test_a_step_that_is_not_known_is_passed_on_and_goes_back() -> None:
    events = read(
        start(0, "something_new", x=1), delta(0, "something_else", y={"a": 1}), delta(0, "z", y={"b": 2}), stop(0)
    )
    step = {"type": "something_new", "x": 1, "y": {"a": 1, "b": 2}}
    assert events == [ItemOpened(0), Passed("something_new", step), Echo(0, step)]


def test_what_the_user_said_is_not_said_again() -> None:
    step = {"type": "user_input", "content": [{"type": "text", "text": "Hi"}]}
    events = [{"event_type": "step.start", "index": 0, "step": step}, stop(0), completed()]
    assert response(*events).reply().items == ()


# --- calls ---


@pytest.mark.parametrize(
    ("given", "events", "value"),
    [
        ({}, [], {}),
        ({}, [delta(0, "arguments_delta", arguments="")], {}),
        ({"n": 1}, [], {"n": 1}),
        ({"n": 1}, [delta(0, "arguments_delta", arguments='{"n": 2}')], {"n": 2}),
        (None, [delta(0, "arguments_delta", arguments={"n": 3})], {"n": 3}),
        ('{"n": 4}', [], {"n": 4}),
    ],
)
def test_arguments_come_in_pieces_or_whole_or_not_at_all(given: Any, events: list[Event], value: Any) -> None:
    assert args(
        response(start(0, "function_call", id="a", name="f", arguments=given), *events, stop(0), completed())
    ) == [value]


def test_a_call_is_sealed_where_its_step_stops() -> None:
    of = response(*CALL[:-2])
    assert [event for event in of.events if isinstance(event, CallSealed)] == []
    assert [event.failure for event in of.events if isinstance(event, CallFailed)] == [Truncated("stream cut")]
    of = response(*CALL[:-1])
    assert args(of) == [{"n": 1}]


def test_a_step_that_did_not_stop_is_closed_by_a_good_end_only() -> None:
    assert args(response(*CALL[:-2], CALL[-1])) == [{"n": 1}]
    assert args(response(*CALL[:-3], CALL[-1])) == [None]
    of = response(*CALL[:-2], completed("incomplete"))
    assert [event.failure for event in of.events if isinstance(event, CallFailed)] == [Truncated("incomplete")]


def test_calls_by_turns() -> None:
    of = response(
        start(0, "function_call", id="a", name="f"),
        start(1, "function_call", id="b", name="g"),
        delta(1, "arguments_delta", arguments='{"n": 2}'),
        delta(0, "arguments_delta", arguments='{"n": 1}'),
        stop(1),
        stop(0),
        completed("requires_action"),
    )
    assert args(of) == [{"n": 1}, {"n": 2}]


def test_a_call_whose_name_comes_late() -> None:
    events = read(start(0, "function_call"), delta(0, "function_call", name="f", id="a"), stop(0))
    assert [event for event in events if isinstance(event, CallBegan)] == [CallBegan(0, "f", "a")]
    assert [event for event in read(start(0, "function_call"), stop(0)) if isinstance(event, CallBegan)] == [
        CallBegan(0, "")
    ]


# --- the older revision ---


def test_the_older_revision_says_the_same() -> None:
    for events in (CALL, TEXT):
        assert response(*map(older, events)).told() == response(*events).told()
        assert response(*map(older, events)).reply() == response(*events).reply()


def test_the_older_revision_has_calls_in_one_delta_and_flat_summaries() -> None:
    events = [
        older(delta(0, "thought_summary", text="Hm")),
        older(delta(1, "text", text="So.")),
        older(delta(2, "function_call", id="a", name="f", arguments={"n": 1})),
        older(stop(2)),
        older(completed("requires_action")),
    ]
    of = response(*events)
    assert args(of) == [{"n": 1}]
    assert [type(item).__name__ for item in of.reply().items] == ["ReasoningItem", "TextItem", "CallItem"]
    whole = [event for event in of.wire_events if isinstance(event, ArgsWhole)]
    assert whole == [ArgsWhole(2, '{"n":1}')]


def test_content_that_starts_with_its_text() -> None:
    begin = {"event_type": "content.start", "index": 0, "content": {"type": "text", "text": "Hel"}}
    of = response(begin, older(delta(0, "text", text="lo")), older(stop(0)), older(completed()))
    assert of.reply().text == "Hello"
