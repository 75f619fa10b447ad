"""Ollama's own API: the lines of a response, by what its versions and its imitators send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.events import Usage
from millstream.wire.ollama.reader import OllamaReader
from millstream.wire_events import (
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    TextPiece,
    WireEvent,
)
from tests.response import read as read_response

Line = dict[str, Any]


def line(content: str = "", **message: Any) -> Line:
    return {"model": "m", "message": {"role": "assistant", "content": content, **message}, "done": False}


def last(reason: str | None = "stop", **fields: Any) -> Line:
    return line() | {"done": True} | ({} if reason is None else {"done_reason": reason}) | fields


def call(name: str, arguments: Any, **fields: Any) -> Line:
    return {"function": {"name": name, "arguments": arguments}, **fields}


def read(*lines: Line) -> list[WireEvent]:
    reader = OllamaReader()
    return [event for one in lines for event in reader.accept(one)]


def test_text_and_thinking_are_items_of_their_own() -> None:
    lines = [line(thinking="H"), line(thinking="m"), line("Hel"), line("lo"), last()]
    assert read(*lines) == [
        ItemOpened(0),
        ReasoningPiece(0, "H"),
        ReasoningPiece(0, "m"),
        ItemOpened(1),
        TextPiece(1, "Hel"),
        TextPiece(1, "lo"),
        Finished("stop", good=True),
        Ended(),
    ]


def test_thinking_and_text_in_one_line() -> None:
    assert read(line("Hi", thinking="Hm")) == [
        ItemOpened(0),
        ReasoningPiece(0, "Hm"),
        ItemOpened(1),
        TextPiece(1, "Hi"),
    ]


def test_a_call_comes_whole_and_is_closed_at_once() -> None:
    assert read(line(tool_calls=[call("weather", {"city": "Zürich", "days": 2})])) == [
        CallBegan(0, "weather"),
        ArgsPiece(0, '{"city": "Zürich", "days": 2}'),
        CallClosed(0),
    ]


def test_parallel_calls_in_one_line_or_in_several_and_text_between() -> None:
    """Index 0 with every parallel call: ollama/ollama#15457."""
    first = line("Now ", tool_calls=[call("f", {"a": 1}, id="call_x"), call("g", {})])
    second = line("then", tool_calls=[{"function": {"index": 0, "name": "f", "arguments": {"a": 2}}}])
    events = read(first, second, last())
    assert [event for event in events if isinstance(event, CallBegan)] == [
        CallBegan(1, "f", "call_x"),
        CallBegan(2, "g"),
        CallBegan(4, "f"),
    ]
    assert [event.text for event in events if isinstance(event, ArgsPiece)] == ['{"a": 1}', "{}", '{"a": 2}']
    assert [event.item for event in events if isinstance(event, TextPiece)] == [0, 3]


def test_calls_may_run_although_the_reason_is_stop() -> None:
    """ollama/ollama#7963."""
    assert Finished("stop", good=True) in read(line(tool_calls=[call("f", {})]), last("stop"))


def test_arguments_as_text_are_taken_as_they_are_and_none_are_none() -> None:
    assert read(line(tool_calls=[call("f", '{"a": 1}')]))[1] == ArgsPiece(0, '{"a": 1}')
    assert read(line(tool_calls=[call("f", None)])) == [CallBegan(0, "f"), CallClosed(0)]


@pytest.mark.parametrize("calls", [None, [], [None], "f", [{}], [{"function": None}], [{"function": "f"}]])
def test_what_is_no_call_says_nothing(calls: Any) -> None:
    assert read(line(tool_calls=calls)) == []


@pytest.mark.parametrize("reason", ["length", "load", "unload", "something"])
def test_no_other_reason_is_a_good_end(reason: str) -> None:
    assert read(last(reason)) == [Finished(reason, good=False), Ended()]


def test_older_servers_give_no_reason() -> None:
    assert read(last(None)) == [Finished("done", good=False), Ended()]


def test_usage() -> None:
    counts = {"prompt_eval_count": 17, "eval_count": 50}
    ended = read(last() | counts | {"total_duration": 1})[-1]
    assert ended == Ended(Usage(17, 50, raw=counts))
    assert read(last(eval_count=3))[-1] == Ended(Usage(0, 3, raw={"eval_count": 3}))
    assert read(last(eval_count=None))[-1] == Ended()


def test_the_lines_of_generate_are_read_as_well() -> None:
    lines: list[Line] = [
        {"response": "H", "done": False},
        {"response": "i", "done": False, "thinking": ""},
        {"response": ""},
    ]
    assert read(*lines, {"response": "", "done": True, "done_reason": "stop", "context": [1]}) == [
        ItemOpened(0),
        TextPiece(0, "H"),
        TextPiece(0, "i"),
        Finished("stop", good=True),
        Ended(),
    ]


def test_an_error_in_the_middle_breaks_the_stream() -> None:
    (broke,) = read(line("Hi"), {"error": "an error was encountered while running the model"})[2:]
    assert isinstance(broke, Broke)
    assert "the provider says: an error was encountered" in str(broke.error)
    assert not broke.error.retryable


def test_an_unknown_line_is_passed_on() -> None:
    assert read({"status": "pulling"}, line("Hi")) == [
        Passed("pulling", {"status": "pulling"}),
        ItemOpened(0),
        TextPiece(0, "Hi"),
    ]


def test_without_done_it_is_torn() -> None:
    reader = OllamaReader()
    reader.accept(line("Hi", tool_calls=[call("f", {})]))
    for events in (reader.end(), reader.done()):
        (broke,) = events
        assert isinstance(broke, Broke)
        assert (broke.error.kind, broke.error.retryable, broke.reason) == ("torn", True, None)


@pytest.mark.parametrize("content", [None, 3, ["x"], {"text": "x"}])
def test_fields_of_another_type_say_nothing(content: Any) -> None:
    assert read({"message": {"content": content, "thinking": content}, "done": "no"}) == []
    assert read({"message": None, "done": False}) == []


# --- with everything behind the reader ---


def body(*lines: Line) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in lines).encode()


def test_a_call_is_sealed_before_the_response_ends() -> None:
    response = read_response([body(line(tool_calls=[call("f", {"a": 1}), call("g", None)]), last())], "ollama-native")
    assert response.sealed == {0: {"a": 1}, 1: {}}
    torn = read_response([body(line(tool_calls=[call("f", {"a": 1}), call("g", None)]))], "ollama-native")
    assert torn.sealed == {0: {"a": 1}}  # that no text means no arguments is certain only at a good end


def test_calls_get_ids_of_their_own_where_there_are_none_or_one_twice() -> None:
    calls = [call("f", {}), call("f", {}), call("f", {}, id="x"), call("f", {}, id="x")]
    reply = read_response([body(line(tool_calls=calls), last())], "ollama-native").reply()
    assert [one.provider_id for one in reply.calls] == ["call_1_0", "call_1_1", "x", "x_1_3"]


def test_numbers_that_are_none_and_halves_of_characters_are_refused() -> None:
    lines = b'{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"a":%s}}}]}}\n'
    for value in (b"NaN", b"1e999", b'"\\ud800"'):
        response = read_response([lines % value, body(last())], "ollama-native")
        assert response.sealed == {}
