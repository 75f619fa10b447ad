"""Which item of a response an event is about, and which events are said twice."""

from __future__ import annotations

import pytest

from millstream.wire.compat import ALL, Tolerance
from millstream.wire.openai_responses.items import Items, kind_of
from millstream.wire.openai_responses.numbers import Numbers


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("function_call", "call"),
        ("custom_tool_call", "call"),
        ("message", "message"),
        ("reasoning", "reasoning"),
        ("mcp_call", "server"),
        ("function_call_output", "server"),
        ("", "server"),
    ],
)
def test_only_calls_of_ours_are_calls(type_: str, kind: str) -> None:
    assert kind_of(type_) == kind


def test_items_are_numbered_as_they_open_whatever_their_index() -> None:
    items = Items(Tolerance(ALL))
    assert [items.open({"output_index": i}, "message").item for i in (7, 3, 3)] == [0, 1, 2]


def test_an_item_is_found_by_id_if_the_index_agrees_else_by_index_else_it_is_the_last_of_its_kind() -> None:
    items = Items(Tolerance(ALL))
    a = items.open({"output_index": 0, "item": {"id": "a"}}, "function_call")
    b = items.open({"output_index": 1, "item": {"id": "b"}}, "function_call")
    text = items.open({"output_index": 1}, "message")
    assert items.find({"item_id": "a"}, "call") is a
    assert items.find({"item_id": "a", "output_index": 0}, "call") is a
    assert items.find({"item_id": "a", "output_index": 1}, "call") is b  # one id for every item: the index tells
    assert items.find({"item_id": "x", "output_index": 0}, "call") is a
    assert items.find({"output_index": 1}, "call") is b
    assert items.find({"output_index": 1}, "message") is text
    assert items.find({}, "call") is b
    assert items.find({}, "reasoning") is None
    assert items.find({"item_id": "x"}, "call") is None
    assert items.find({"output_index": 2}, "call") is None


def test_a_new_item_takes_over_its_index_and_the_old_one_keeps_its_ids() -> None:
    items = Items(Tolerance(ALL))
    a = items.open({"output_index": 0, "item": {"id": "a"}}, "function_call")
    items.name(a, {"name": "f", "call_id": "c"})
    b = items.open({"output_index": 0, "item": {"id": "b"}}, "function_call")
    assert items.find({"output_index": 0}, "call") is b
    assert items.find({"output_index": 0, "item_id": "a"}, "call") is a
    assert items.find({"output_index": 0, "item": {"id": "x", "call_id": "c"}}, "call") is a


def test_names_and_ids_are_taken_once() -> None:
    items = Items(Tolerance(ALL))
    item = items.open({}, "function_call")
    items.name(item, {"name": None, "call_id": ""})
    items.name(item, {"name": "f"})
    items.name(item, {"name": "g", "call_id": "c"})
    items.name(item, {"name": "h", "call_id": "d"})
    assert (item.name, item.call_id) == ("f", "c")


def test_an_item_is_the_same_by_its_call_id_or_else_by_its_id() -> None:
    items = Items(Tolerance(ALL))
    call = items.open({"item": {"id": "fc"}}, "function_call")
    items.name(call, {"call_id": "c"})
    assert call.is_same({"type": "function_call", "call_id": "c", "id": "other"})
    assert not call.is_same({"type": "function_call", "call_id": "d", "id": "fc"})
    assert call.is_same({"type": "function_call", "id": "fc"})
    assert not call.is_same({"type": "custom_tool_call", "call_id": "c"})
    nameless = items.open({}, "message")
    assert not nameless.is_same({"type": "message", "id": ""})
    assert not nameless.is_same({"type": "message"})


def test_what_was_cut_is_found_by_id_or_as_the_first_open_item_alike() -> None:
    items = Items(Tolerance(ALL))
    done, first, second = (items.open({"item": {"id": id_}}, "function_call") for id_ in ("a", "b", "c"))
    for item, name in ((done, "f"), (first, "f"), (second, "g")):
        items.name(item, {"name": name})
    items.finish(done)
    assert items.cut({"type": "function_call", "id": "a", "name": "f"}) is None
    assert items.cut({"type": "function_call", "id": "c", "name": "g"}) is second
    assert items.cut({"type": "function_call", "id": "?", "name": "f"}) is first
    assert items.cut({"type": "function_call", "id": "?", "name": "g"}) is second
    assert items.cut({"type": "function_call", "id": "?", "name": "h"}) is None
    assert items.cut({"type": "message"}) is None
    for item in (first, second):
        items.finish(item)
    assert items.cut({"type": "function_call", "id": "b"}) is None


def test_an_event_is_repeated_if_number_and_content_are_the_same_and_the_numbers_grow() -> None:
    numbers = Numbers()
    repeated = [
        numbers.is_repeated({"sequence_number": n, "delta": d}) for n, d in [(0, "a"), (0, "a"), (1, "b"), (1, "b")]
    ]
    assert repeated == [False, False, False, True]
    assert not numbers.is_repeated({"sequence_number": 1, "delta": "c"})
    assert not numbers.is_repeated({"delta": "c"})
    assert not numbers.is_repeated({"sequence_number": "1", "delta": "c"})
    assert not numbers.is_repeated({"sequence_number": 0, "delta": "c"})
    assert numbers.is_repeated({"sequence_number": 0, "delta": "c"})
