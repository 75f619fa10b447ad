"""Cohere's chat API: the events of a response, by what the server is known to send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.events import Usage
from millstream.transcript import CallItem, ReasoningItem
from millstream.wire.cohere.reader import CohereReader
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    TextPiece,
    WireEvent,
)
from tests.response import read as read_response

Message = dict[str, Any]


def message(type_: str, index: int | None = None, **said: Any) -> Message:
    made: Message = {"type": type_, "delta": {"message": said}}
    return made if index is None else made | {"index": index}


def content(index: int, **part: str) -> Message:
    return message("content-delta", index, content=part)


def start(index: int | None, name: str, id_: str = "", arguments: Any = "") -> Message:
    call = {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
    return message("tool-call-start", index, tool_calls=call)


def args(index: int | None, text: Any) -> Message:
    return message("tool-call-delta", index, tool_calls={"function": {"arguments": text}})


def end(index: int | None) -> Message:
    return {"type": "tool-call-end"} | ({} if index is None else {"index": index})


def last(reason: str | None = "COMPLETE", **delta: Any) -> Message:
    return {"type": "message-end", "delta": ({} if reason is None else {"finish_reason": reason}) | delta}


def read(*messages: Message) -> list[WireEvent]:
    reader = CohereReader()
    return [event for one in messages for event in reader.accept(one)]


def test_thinking_and_text() -> None:
    messages: list[Message] = [
        {"type": "message-start", "id": "r1", "delta": {"message": {"role": "assistant", "content": []}}},
        message("content-start", 0, content={"type": "thinking", "thinking": ""}),
        content(0, thinking="Hm"),
        content(0, thinking="."),
        {"type": "content-end", "index": 0},
        message("content-start", 1, content={"type": "text", "text": "H"}),
        content(1, text="i"),
        {"type": "content-end", "index": 1},
        last(),
    ]
    assert read(*messages) == [
        ItemOpened(0),
        ReasoningPiece(0, "Hm"),
        ReasoningPiece(0, "."),
        ItemOpened(1),
        TextPiece(1, "H"),
        TextPiece(1, "i"),
        Finished("COMPLETE", good=True),
        Ended(response_id="r1"),
    ]


def test_each_content_is_an_item_of_its_own() -> None:
    begun = message("content-start", 1, content={"type": "text", "text": ""})
    events = read(content(0, text="a"), {"type": "content-end"}, begun, content(1, text="b"))
    assert [event for event in events if isinstance(event, TextPiece)] == [TextPiece(0, "a"), TextPiece(1, "b")]


def test_the_plan_is_reasoning_that_goes_back_as_a_plan() -> None:
    plan = [message("tool-plan-delta", tool_plan=text) for text in ("I will", " search.")]
    assert read(*plan) == [
        ItemOpened(0),
        ReasoningPiece(0, "I will"),
        Echo(0, {"type": "tool_plan"}),
        ReasoningPiece(0, " search."),
    ]


def test_a_call_in_pieces_is_closed_by_its_end() -> None:
    messages = [start(0, "f", "f_1"), args(0, '{"a"'), args(0, ": 1}"), end(0), last("TOOL_CALL")]
    assert read(*messages) == [
        CallBegan(0, "f", "f_1"),
        ArgsPiece(0, '{"a"'),
        ArgsPiece(0, ": 1}"),
        CallClosed(0),
        Finished("TOOL_CALL", good=True),
        Ended(),
    ]


def test_calls_that_interleave_are_told_apart_by_their_index() -> None:
    events = read(start(0, "f"), start(1, "g"), args(1, '{"b":'), args(0, "{}"), args(1, "1}"), end(1), end(0), end(0))
    assert [event for event in events if not isinstance(event, CallBegan)] == [
        ArgsPiece(1, '{"b":'),
        ArgsPiece(0, "{}"),
        ArgsPiece(1, "1}"),
        CallClosed(1),
        CallClosed(0),
    ]


def test_without_an_index_the_call_that_began_last_goes_on() -> None:
    events = read(start(None, "f"), args(None, "{}"), end(None), start(None, "g"), args(None, '{"a": 1}'), end(None))
    assert [event for event in events if isinstance(event, ArgsPiece)] == [ArgsPiece(0, "{}"), ArgsPiece(1, '{"a": 1}')]
    assert [event for event in events if isinstance(event, CallClosed)] == [CallClosed(0), CallClosed(1)]


def test_calls_in_a_list_as_the_types_have_it() -> None:
    listed = message("tool-call-start", 0, tool_calls=[{"id": "x", "function": {"name": "f", "arguments": "{"}}])
    assert read(listed, message("tool-call-delta", 0, tool_calls=[{"function": {"arguments": "}"}}])) == [
        CallBegan(0, "f", "x"),
        ArgsPiece(0, "{"),
        ArgsPiece(0, "}"),
    ]


@pytest.mark.parametrize("pieces", [[], [""], ["null"], ["n", "ul", "l"], [" ", "null", "\n"], [None], ["\n"]])
def test_null_or_nothing_means_no_arguments(pieces: list[str | None]) -> None:
    """vercel/ai#4755."""
    messages = [start(0, "f"), *(args(0, piece) for piece in pieces)]
    assert read(*messages, end(0)) == [CallBegan(0, "f"), CallClosed(0)]
    assert read(start(0, "f", arguments="".join(piece or "" for piece in pieces)), end(0)) == [
        CallBegan(0, "f"),
        CallClosed(0),
    ]
    response = body(*messages, end(0), last("TOOL_CALL"))
    assert read_response([response], "cohere-v2").sealed == {0: {}}


@pytest.mark.parametrize(("pieces", "text"), [(["nul"], "nul"), ([" ", "n", "ope"], " nope"), (["nulls"], "nulls")])
def test_what_only_begins_like_null_is_text(pieces: list[str], text: str) -> None:
    for tail in ([end(0)], [last()], [{"type": "error", "message": "no"}]):
        events = read(start(0, "f"), *(args(0, piece) for piece in pieces), *tail)
        assert "".join(event.text for event in events if isinstance(event, ArgsPiece)) == text


@pytest.mark.parametrize("messages", [[args(0, "{}")], [end(0)], [start(1, "f"), args(0, "{}"), end(0)]])
def test_what_belongs_to_no_call_says_nothing(messages: list[Message]) -> None:
    assert [event for event in read(*messages) if not isinstance(event, CallBegan)] == []


def test_citations_are_marks_on_the_text_and_it_goes_on() -> None:
    cited = {"start": 0, "end": 4, "text": "Ruby", "sources": [{"type": "tool", "id": "f:0"}]}
    marks = [message("citation-start", 0, citations=cited), {"type": "citation-end", "index": 0}]
    assert read(content(0, text="Ruby"), *marks, content(0, text="!")) == [
        ItemOpened(0),
        TextPiece(0, "Ruby"),
        AnnotationPiece(0, cited),
        TextPiece(0, "!"),
    ]
    assert read(marks[0]) == [Passed("citation-start", marks[0])]


def test_usage_is_of_all_tokens_and_else_of_those_that_cost() -> None:
    both = {"billed_units": {"input_tokens": 44}, "tokens": {"input_tokens": 1476, "output_tokens": 58.0}}
    assert read(last(usage=both | {"cached_tokens": 1376}))[-1] == Ended(
        Usage(1476, 58, 1376, raw=both | {"cached_tokens": 1376})
    )
    billed = {"billed_units": {"input_tokens": 44, "output_tokens": float("inf")}}
    assert read(last(usage=billed))[-1] == Ended(Usage(44, 0, raw=billed))
    assert read(last(usage={}))[-1] == Ended(Usage(raw={}))


@pytest.mark.parametrize(
    ("reason", "good"),
    [("COMPLETE", True), ("TOOL_CALL", True), ("STOP_SEQUENCE", True), ("MAX_TOKENS", False), ("ELSE", False)],
)
def test_reasons(reason: str, good: bool) -> None:
    assert read(last(reason))[0] == Finished(reason, good)


@pytest.mark.parametrize(
    ("final", "said"),
    [
        (last("ERROR"), "ended the response with reason ERROR"),
        (last("TIMEOUT"), "ended the response with reason TIMEOUT"),
        (last("ERROR", error="no more memory"), "no more memory"),
        (last(None, error="no more memory"), "no more memory"),
        (last(None), "without a reason"),
    ],
)
def test_a_response_that_failed(final: Message, said: str) -> None:
    (broke,) = read(final)
    assert isinstance(broke, Broke)
    assert said in str(broke.error)
    assert broke.error.retryable


@pytest.mark.parametrize(
    "error",
    [{"message": "too many tokens"}, {"error": "too many tokens"}, {"type": "error", "message": "too many tokens"}],
)
def test_an_error_within_the_stream(error: Message) -> None:
    (broke,) = read(error)
    assert isinstance(broke, Broke)
    assert "too many tokens" in str(broke.error)


def test_unknown_events_pass_through() -> None:
    assert read({"type": "debug", "prompt": "x"}) == [Passed("debug", {"type": "debug", "prompt": "x"})]


@pytest.mark.parametrize("delta", [None, "x", {}, {"message": None}, {"message": {"content": None, "tool_calls": "x"}}])
@pytest.mark.parametrize(
    "type_", ["content-delta", "content-start", "tool-call-start", "tool-plan-delta", "message-start"]
)
def test_fields_of_another_type_say_nothing(type_: str, delta: Any) -> None:
    assert read({"type": type_, "delta": delta}) == []


def test_without_an_end_it_is_torn() -> None:
    reader = CohereReader()
    reader.accept(start(0, "f"))
    for events in (reader.end(), reader.done()):
        (broke,) = events
        assert isinstance(broke, Broke)
        assert (broke.error.kind, broke.error.retryable) == ("torn", True)


# --- with everything behind the reader ---


def body(*messages: Message) -> bytes:
    return "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in messages).encode()


def test_a_plan_stays_with_the_call_it_leads_to_where_the_response_breaks_off() -> None:
    plan = message("tool-plan-delta", tool_plan="I will search.")
    whole = [plan, start(0, "f", "x"), args(0, "{}"), end(0)]
    reply = read_response([body(*whole)], "cohere-v2").reply()
    assert [type(item) for item in reply.items] == [ReasoningItem, CallItem]
    assert read_response([body(*whole[:-1])], "cohere-v2").reply().items == ()
