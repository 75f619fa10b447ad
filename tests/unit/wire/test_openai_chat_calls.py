"""OpenAI Chat Completions: which call a delta belongs to, by the habits of the servers that send them."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from millstream.wire_events import ArgsPiece, CallBegan, CallLeft, Echo, Finished, TextPiece
from tests.unit.wire.chat_wire import Chunk, calls, chunk, left, names, read, tool, tools

_PARIS = '{"city": "Paris"}'
_TOKYO = '{"city": "Tokyo"}'
_TWO = [("f", "a", _PARIS), ("f", "b", _TOKYO)]


def pieces(text: str) -> tuple[str, str, str]:
    return text[:3], text[3:9], text[9:]


# --- as OpenAI sends them ---


def test_a_call_begins_with_id_and_name_and_its_arguments_follow() -> None:
    assert read(
        chunk(role="assistant", content=None),
        tools(tool(0, "a", "f", "")),
        tools(tool(0, arguments='{"x"')),
        tools(tool(0, arguments=":1}")),
        chunk("tool_calls"),
    ) == [CallBegan(0, "f", "a"), ArgsPiece(0, '{"x"'), ArgsPiece(0, ":1}"), Finished("tool_calls", good=True)]


def test_parallel_calls_follow_each_other_and_the_first_is_left_when_the_second_begins() -> None:
    events = read(tools(tool(0, "a", "f", "{}")), tools(tool(1, "b", "g", "")), tools(tool(1, arguments="{}")))
    assert events == [
        CallBegan(0, "f", "a"),
        ArgsPiece(0, "{}"),
        CallLeft(0),
        CallBegan(1, "g", "b"),
        ArgsPiece(1, "{}"),
    ]


def test_several_entries_in_one_delta_are_read_in_order() -> None:
    assert calls(tools(tool(0, "a", "f", _PARIS), tool(1, "b", "f", _TOKYO))) == _TWO


def test_deltas_of_two_calls_may_interleave() -> None:
    a, b = pieces(_PARIS), pieces(_TOKYO)
    chunks = [tools(tool(0, "a", "f", a[0])), tools(tool(1, "b", "f", b[0]))]
    chunks += [tools(tool(0, arguments=a[1])), tools(tool(1, arguments=b[1]))]
    chunks += [tools(tool(0, arguments=a[2]), tool(1, arguments=b[2]))]
    assert calls(*chunks) == _TWO
    assert left(read(*chunks)) == [0, 1, 0, 1, 0]


def test_the_function_call_of_old_is_one_call_without_an_id() -> None:
    chunks = [chunk(function_call={"name": "f", "arguments": ""}), chunk(function_call={"arguments": _PARIS})]
    assert calls(*chunks) == [("f", "", _PARIS)]
    assert calls(chunk(tool_calls=[tool(0, "a", "g", "{}")], function_call={"name": "f"})) == [("g", "a", "{}")]


def test_a_custom_tool_has_text_for_input() -> None:
    first = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "shell", "input": "ls "}}
    events = read(tools(first), tools({"index": 0, "custom": {"input": "{"}}), chunk("tool_calls"))
    assert events[:3] == [CallBegan(0, "shell", "a", "custom"), ArgsPiece(0, "ls "), ArgsPiece(0, "{")]
    only_type = {"index": 0, "id": "a", "type": "custom", "function": {"name": "shell"}}
    assert read(tools(only_type), chunk("tool_calls"))[0] == CallBegan(0, "shell", "a", "custom")
    shouted = {"index": 0, "id": "a", "type": "FUNCTION", "function": {"name": "f"}}
    assert read(tools(shouted), chunk("tool_calls"))[0] == CallBegan(0, "f", "a")


# --- index ---


def test_index_always_0_with_other_ids_is_another_call() -> None:
    assert calls(tools(tool(0, "a", "f", _PARIS)), tools(tool(0, "b", "f", _TOKYO))) == _TWO
    assert calls(tools(tool(0, "a", "f", _PARIS), tool(0, "b", "f", _TOKYO))) == _TWO


def test_index_always_0_with_fragments_and_empty_ids() -> None:
    chunks: list[Chunk] = []
    for id_, text in (("a", _PARIS), ("b", _TOKYO)):
        chunks.append(tools(tool(0, id_, "f", "")))
        chunks += [tools(tool(0, "", "", piece)) for piece in pieces(text)]
    assert calls(*chunks) == _TWO


def test_index_always_0_without_ids_is_told_by_the_name() -> None:
    chunks = [tools(tool(0, None, "f", _PARIS)), tools(tool(0, None, "g", _TOKYO))]
    assert calls(*chunks) == [("f", "", _PARIS), ("g", "", _TOKYO)]
    bare = [tools(tool(0, None, "f")), tools(tool(0, None, "g"))]
    assert calls(*bare, names=frozenset(("f", "g"))) == [("f", "", ""), ("g", "", "")]


def test_no_index_and_whole_calls() -> None:
    assert calls(tools(tool(None, "a", "f", _PARIS)), tools(tool(None, "b", "f", _TOKYO))) == _TWO
    assert calls(tools(tool(None, "a", "f", _PARIS), tool(None, "b", "f", _TOKYO))) == _TWO


def test_no_index_and_arguments_in_pieces_go_to_the_call_opened_last() -> None:
    chunks: list[Chunk] = []
    for id_, text in (("a", _PARIS), ("b", _TOKYO)):
        chunks.append(tools(tool(None, id_, "f")))
        chunks += [tools(tool(None, arguments=piece)) for piece in pieces(text)]
    assert calls(*chunks) == _TWO


def test_no_index_and_a_known_id_goes_on_with_its_call() -> None:
    a, b = pieces(_PARIS), pieces(_TOKYO)
    chunks = [tools(tool(None, "a", "f", a[0])), tools(tool(None, "b", "f", b[0]))]
    chunks += [tools(tool(None, "a", arguments=a[1] + a[2])), tools(tool(None, "b", "f", b[1] + b[2]))]
    assert calls(*chunks) == _TWO


def test_neither_index_nor_id_is_told_by_names_and_by_whole_documents() -> None:
    other_name = [tools(tool(None, None, "f", _PARIS)), tools(tool(None, None, "g", _TOKYO))]
    assert calls(*other_name) == [("f", "", _PARIS), ("g", "", _TOKYO)]
    same_name = [tools(tool(None, None, "f", _PARIS)), tools(tool(None, None, "f", _TOKYO))]
    assert calls(*same_name) == [("f", "", _PARIS), ("f", "", _TOKYO)]
    repeated = [tools(tool(None, None, "f", piece)) for piece in pieces(_PARIS)]
    assert calls(*repeated) == [("f", "", _PARIS)]


def test_indexes_present_and_missing_may_mix() -> None:
    chunks = [tools(tool(0, "a", "f", _PARIS[:5])), tools(tool(None, arguments=_PARIS[5:]))]
    chunks += [tools(tool(None, "b", "f", _TOKYO[:5])), tools(tool(None, arguments=_TOKYO[5:]))]
    assert calls(*chunks) == _TWO


def test_an_index_of_its_own_in_each_chunk_begins_nothing_by_itself() -> None:
    chunks = [tools(tool(0, "a", "f", _PARIS[:5])), tools(tool(1, arguments=_PARIS[5:9]))]
    chunks += [tools(tool(2, arguments=_PARIS[9:]))]
    assert calls(*chunks) == [("f", "a", _PARIS)]


@pytest.mark.parametrize("index", ["0", 0.5, [0], {"a": 1}])
def test_an_index_that_is_no_number_is_none(index: Any) -> None:
    chunks = [tools(tool(index, "a", "f", _PARIS[:5])), tools(tool(index, arguments=_PARIS[5:]))]
    assert calls(*chunks) == [("f", "a", _PARIS)]


# --- id and name ---


@pytest.mark.parametrize("absent", ["", None, "null", 0, [], {}])
def test_placeholders_for_id_and_name_mean_that_there_is_none(absent: Any) -> None:
    first = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": _PARIS[:5]}}
    rest = {"index": 0, "id": absent, "type": absent, "function": {"name": absent, "arguments": _PARIS[5:]}}
    assert calls(tools(first), tools(rest)) == [("f", "a", _PARIS)]
    assert calls(tools(rest | {"function": {"name": "f", "arguments": "{}"}})) == [("f", "", "{}")]


def test_id_and_name_repeated_with_every_delta() -> None:
    assert calls(*(tools(tool(0, "a", "get_weather", piece)) for piece in pieces(_PARIS))) == [
        ("get_weather", "a", _PARIS)
    ]
    assert calls(*(tools(tool(0, "a", "f")) for _ in range(3)), tools(tool(0, "a", "f", "{}"))) == [("f", "a", "{}")]


def test_an_id_within_the_function() -> None:
    entry = {"index": 0, "function": {"id": "a", "name": "f", "arguments": "{}"}}
    assert calls(tools(entry)) == [("f", "a", "{}")]


def test_a_name_in_pieces() -> None:
    chunks = [tools(tool(0, "a", "get_")), tools(tool(0, None, "weather")), tools(tool(0, arguments="{}"))]
    assert calls(*chunks) == [("get_weather", "a", "{}")]
    without_index = [tools(tool(None, None, "get_")), tools(tool(None, None, "weather", "{}"))]
    assert calls(*without_index) == [("get_weather", "", "{}")]


def test_an_empty_name_first_and_the_real_one_later() -> None:
    assert calls(tools(tool(0, "a", "", "")), tools(tool(0, None, "f", "{}"))) == [("f", "a", "{}")]
    assert calls(tools(tool(0, "a")), tools(tool(0, None, "f"))) == [("f", "a", "")]


def test_arguments_before_the_name_wait_for_it() -> None:
    assert calls(tools(tool(0, "a", None, '{"x"')), tools(tool(0, None, "f", ":1}"))) == [("f", "a", '{"x":1}')]
    assert calls(tools(tool(None, None, None, '{"x"')), tools(tool(None, None, "f", ":1}"))) == [("f", "", '{"x":1}')]


def test_an_id_after_the_name() -> None:
    assert calls(tools(tool(None, None, "f")), tools(tool(None, "a", arguments="{}"))) == [("f", "a", "{}")]
    assert calls(tools(tool(0, None, "f")), tools(tool(0, "a", arguments="{}"))) == [("f", "a", "{}")]


def test_no_id_at_all() -> None:
    assert calls(tools(tool(0, None, "f", "{}")), tools(tool(1, None, "f", "{}"))) == [("f", "", "{}"), ("f", "", "{}")]


def test_an_id_that_changes_with_every_delta_is_still_the_call_of_its_index() -> None:
    assert calls(tools(tool(0, "a", "f", '{"x"')), tools(tool(0, "b", arguments=":1}"))) == [("f", "a", '{"x":1}')]


def test_a_call_that_never_gets_a_name_is_still_a_call() -> None:
    assert calls(tools(tool(0, "a", "", "{}"))) == [("", "a", "{}")]
    assert calls(tools(tool(0, "a"))) == [("", "a", "")]
    assert calls(tools(tool(0, None, None, "{}"))) == [("", "", "{}")]


@pytest.mark.parametrize(
    "nothing", [{}, {"index": 0}, {"index": 0, "function": {}}, {"index": 0, "type": "function", "function": None}]
)
def test_a_delta_without_id_name_or_text_begins_nothing(nothing: Chunk) -> None:
    assert calls(tools(nothing)) == []
    assert calls(tools(nothing), tools(tool(0, "a", "f", "{}")), tools(nothing)) == [("f", "a", "{}")]


@pytest.mark.parametrize("deltas", [None, "odd", 3, {}, [None, 3, "x", [], True]])
def test_tool_calls_that_are_none_begin_nothing(deltas: Any) -> None:
    assert calls(chunk(tool_calls=deltas)) == []


# --- when a name is complete ---


def test_the_name_of_a_known_tool_is_complete_at_once() -> None:
    assert read(tools(tool(0, "a", "f")), names=frozenset(("f", "g"))) == [CallBegan(0, "f", "a")]


def test_a_name_that_may_still_grow_waits() -> None:
    known = frozenset(("get", "get_weather"))
    assert read(tools(tool(0, "a", "get")), names=known) == []
    assert read(tools(tool(0, "a", "get")), tools(tool(0, None, "_weather")), names=known) == [
        CallBegan(0, "get_weather", "a")
    ]
    assert read(tools(tool(0, "a", "get")), tools(tool(0, arguments="{}")), names=known)[0] == CallBegan(0, "get", "a")


@pytest.mark.parametrize(
    "following",
    [
        pytest.param(tools(tool(0, arguments="{")), id="arguments"),
        pytest.param(tools(tool(1, "b", "g", "")), id="another call"),
        pytest.param(chunk(content="Hi"), id="text"),
        pytest.param(chunk(reasoning_content="Hm"), id="reasoning"),
        pytest.param(chunk("stop"), id="the end"),
        pytest.param({"error": {"message": "m"}}, id="an error"),
    ],
)
def test_an_unknown_name_is_complete_when_something_else_begins(following: Chunk) -> None:
    assert read(tools(tool(0, "a", "f"))) == []
    assert CallBegan(0, "f", "a") in read(tools(tool(0, "a", "f")), following)


def test_of_two_calls_whose_names_wait_both_begin() -> None:
    chunks = [tools(tool(0, "a", "f")), tools(tool(1, "b", "g")), tools(tool(0, arguments="{}"))]
    assert calls(*chunks) == [("f", "a", "{}"), ("g", "b", "")]


# --- arguments ---


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"city": "Paris"}, '{"city": "Paris"}'),
        ({}, "{}"),
        ([1], "[1]"),
        (3, "3"),
        (False, "false"),
        ({"x": float("nan")}, '{"x": NaN}'),
        ({"x": float("inf")}, '{"x": Infinity}'),
        ({"é": "€"}, '{"é": "€"}'),
        (None, ""),
        ("", ""),
        ("null", "null"),
    ],
)
def test_arguments_are_text_or_a_whole_value_or_nothing(arguments: Any, text: str) -> None:
    assert calls(tools(tool(0, "a", "f") | {"function": {"name": "f", "arguments": arguments}})) == [("f", "a", text)]


def test_null_after_arguments_adds_nothing() -> None:
    tail = {"index": 0, "function": {"arguments": None}}
    assert calls(tools(tool(0, "a", "f", "{}")), tools(tail), chunk(tool_calls=None, content=None)) == [
        ("f", "a", "{}")
    ]


def test_the_delta_of_the_last_chunk_counts_before_its_reason() -> None:
    events = read(tools(tool(0, "a", "f", '{"x"')), tools(tool(0, "a", "f", ":1}"), finish="tool_calls"))
    assert events[-2:] == [ArgsPiece(0, ":1}"), Finished("tool_calls", good=True)]


def test_after_the_reason_no_more_argument_text_is_taken() -> None:
    events = read(
        tools(tool(0, "a", "f", "{}")), chunk("tool_calls"), tools(tool(0, arguments="}")), tools(tool(1, "b", "g"))
    )
    assert names(events) == ["CallBegan", "ArgsPiece", "Finished"]


def test_text_between_calls_is_an_item_between_them() -> None:
    events = read(
        tools(tool(0, "a", "f", "{}")), chunk(content="and"), tools(tool(1, "b", "g", "{}")), chunk(content="so")
    )
    numbers = [(type(event).__name__, event.item) for event in events if isinstance(event, CallBegan | TextPiece)]
    assert numbers == [("CallBegan", 0), ("TextPiece", 1), ("CallBegan", 2), ("TextPiece", 3)]


# --- what goes back with a call ---


def test_extra_content_goes_back_with_its_call() -> None:
    signed = tool(0, "a", "f", "{}") | {"extra_content": {"google": {"thought_signature": "s"}}}
    echo = Echo(0, {"extra_content": {"google": {"thought_signature": "s"}}})
    assert echo in read(tools(signed))
    alone = {"extra_content": {"google": {"thought_signature": "s"}}}
    assert echo in read(tools(tool(None, "a", "f", "{}")), tools(alone))
    assert read(tools(alone)) == []
    assert not any(isinstance(event, Echo) for event in read(tools(tool(0, "a", "f", "{}") | {"extra_content": "odd"})))


# --- the work stays linear ---


def steps(chunks: list[Chunk]) -> int:
    """How many functions and generators are entered to read the chunks."""
    count = 0

    def note(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        calls(*chunks)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("indexed", [True, False])
def test_thousands_of_calls_take_no_longer_than_thousands_of_deltas(*, indexed: bool) -> None:
    chunks: list[Chunk] = []
    for i in range(400):
        chunks += [tools(tool(i if indexed else None, f"id{i}", f"f{i}", "{}")), chunk(content="and")]
    half = steps(chunks[:400])
    assert half * 1.9 < steps(chunks) < half * 2.1
