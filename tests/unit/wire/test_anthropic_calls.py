"""Anthropic Messages: which calls are sealed, and when, by the wire and the router together; however bytes are cut."""

from __future__ import annotations

import json

import pytest

from millstream.arguments.assembler import Assembler
from millstream.arguments.schema.compile import compile_schema
from millstream.events import CallFailed, CallSealed, Event, Rejected, Truncated
from millstream.events.values import CallKind
from millstream.routing.routed_call import Arguments
from millstream.transcript import CallItem, ReasoningItem, ServerItem, TextItem
from tests.cuts import every_way
from tests.response import Response, check_end
from tests.unit.wire import anthropic_wire as wire
from tests.unit.wire.anthropic_wire import OVER, args, because, call, opened, response, started, stopped, tool_use

_API = "anthropic-messages"
_SCHEMA = compile_schema({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False})


def open_strict(name: str, kind: CallKind) -> Arguments:
    del name, kind
    return Assembler(_SCHEMA)


def body(*messages: wire.Event) -> bytes:
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in messages)


def feed(*messages: wire.Event) -> Response:
    """A response that is still open."""
    made = Response(_API, open_arguments=open_strict)
    made.feed(body(*messages))
    return made


def whole(*messages: wire.Event) -> Response:
    made = feed(*messages)
    made.end()
    check_end(made)
    return made


def failures(made: Response) -> list[object]:
    return [event.failure for event in made.events if isinstance(event, CallFailed)]


def sealed(events: list[Event]) -> list[object]:
    return [event.args for event in events if isinstance(event, CallSealed)]


# --- when a call is closed as complete ---


def test_a_whole_call_is_sealed_where_its_block_stops() -> None:
    made = feed(started(), *call(['{"a"', ":1}"]))
    assert sealed(made.events) == [{"a": 1}]


@pytest.mark.parametrize("pieces", [[], [""], ["  "]])
@pytest.mark.parametrize("more", [[tool_use(1)], [opened("text", 1, text="")], [because("tool_use")]])
def test_a_call_without_text_is_sealed_once_the_model_has_moved_on(pieces: list[str], more: list[wire.Event]) -> None:
    assert sealed(feed(started(), *call(pieces), wire.PING).events) == []
    assert sealed(feed(started(), *call(pieces), *more).events) == [{}]


def test_whole_calls_of_message_start_are_sealed_with_it() -> None:
    ready = {"type": "tool_use", "id": "toolu_0", "name": "f", "input": {"a": 1}}
    bare: wire.Event = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    assert sealed(feed(started(ready, bare, stop_reason="tool_use")).events) == [{"a": 1}, {}]


def test_an_input_that_is_no_json_is_rejected_although_it_came_as_an_object() -> None:
    made = whole(*response([tool_use(input={"a": float("inf")}), stopped()]))
    assert [type(failure) for failure in failures(made)] == [Rejected]


# --- what must not run ---


def test_eager_streaming_may_close_a_block_whose_json_is_wrong() -> None:
    for text in ('{"a": 01}', '{"a": 1', '{"a": 1}}', '{"a": "x"}', '{"b": 1}', "null", '{"a": NaN}'):
        made = whole(*response(call([text]), call(['{"a":2}'], 1)))
        assert made.sealed == {1: {"a": 2}}, text
        assert [type(failure) for failure in failures(made)] == [Rejected]


@pytest.mark.parametrize("reason", ["max_tokens", "refusal", "model_context_window_exceeded", "brand_new"])
def test_a_call_that_is_cut_is_closed_all_the_same_and_is_told_as_cut(reason: str) -> None:
    for text in ('{"a": 1', '{"a', "", None):
        made = whole(*response(call([] if text is None else [text]), reason=reason))
        assert (made.sealed, failures(made)) == ({}, [Truncated(reason)])


def test_a_call_that_was_never_closed_is_whole_if_the_message_ended_well() -> None:
    assert whole(*response([tool_use(), args("{}")])).sealed == {0: {}}
    assert failures(whole(*response([tool_use(), args("{}")], reason="max_tokens"))) == [Truncated("max_tokens")]


def test_a_call_is_torn_where_the_stream_breaks_in_it() -> None:
    for rest in ([], [stopped()], [{"type": "error", "error": {"type": "overloaded_error", "message": "x"}}]):
        made = whole(started(), tool_use(), args('{"a'), *rest)
        assert failures(made) == [Truncated("stream cut")]
        assert made.router.broke is not None


def test_text_behind_the_end_of_a_call_rejects_it() -> None:
    made = whole(started(), *call(['{"a":1}']), args("}"), because("tool_use"), OVER)
    assert [type(failure) for failure in failures(made)] == [Rejected]


def test_another_message_within_the_response_seals_nothing_of_itself() -> None:
    again = [started(id_="msg_2"), *call(['{"a":2}']), because("tool_use"), OVER]
    made = whole(started(), *call(['{"a":1}']), tool_use(1), args('{"a', 1), *again)
    assert made.sealed == {0: {"a": 1}}
    assert failures(made) == [Truncated("stream cut")]


# --- what goes into the transcript ---


def signed(index: int) -> list[wire.Event]:
    return [
        opened("thinking", index, thinking=""),
        wire.thinking("Hm", index),
        wire.delta("signature_delta", index, signature="EqQB"),
        stopped(index),
    ]


def test_items_stand_in_their_order_with_what_goes_back_of_them() -> None:
    made = whole(
        *response(
            signed(0),
            [opened("redacted_thinking", 1, data="EtEC"), stopped(1)],
            [opened("text", 2, text=""), wire.text("Hi", 2), stopped(2)],
            [opened("text", 3, text=""), stopped(3)],
            [opened("fallback", 4, to={}), stopped(4)],
            call(["{}"], 5, caller={"type": "direct"}),
        )
    )
    items = made.reply().items
    assert items[:4] == (
        ReasoningItem("Hm", {"thinking": "Hm", "signature": "EqQB"}),
        ReasoningItem("", {"data": "EtEC"}),
        TextItem("Hi"),
        ServerItem({"type": "fallback", "to": {}}),
    )
    assert isinstance(last := items[4], CallItem)
    assert last.echo == {"type": "tool_use", "caller": {"type": "direct"}}
    assert len(items) == 5


def test_thinking_stays_with_a_call_that_is_saved_from_a_torn_message() -> None:
    # the API wants thinking first where it was asked for; the text between them is lost, the thinking is not
    text = [opened("text", 1, text="So"), stopped(1)]
    made = whole(started(), *signed(0), *text, *call(['{"a":1}'], 2), opened("text", 3, text="An"))
    assert [type(item) for item in made.reply().items] == [ReasoningItem, CallItem]


# --- however it is cut ---


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_it_says_the_same_cut_anywhere(line_end: str) -> None:
    events = response(signed(0), call(['{"a"', ":1}"], 1), call([], 2))
    text = body(*events).decode().replace("\n", line_end).encode()
    told = None
    for chunks in every_way(text):
        made = Response(_API)
        for chunk in chunks:
            made.feed(chunk)
        made.end()
        told = told or made.told()
        assert made.told() == told
    assert told is not None
