"""Vertex's pieces of arguments -> JSON text: at once where it can be appended, as a whole where not, never wrong."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millstream.events.values import is_array, is_object
from millstream.wire.gemini.partial_args import PartialArgs

Piece: TypeAlias = dict[str, Any]


def text(path: str, value: str | None = None, *, more: bool = False) -> Piece:
    """A piece of a string, or the bare end of one."""
    piece: Piece = {"jsonPath": path} | ({} if value is None else {"stringValue": value})
    return piece | ({"willContinue": True} if more else {})


def number(path: str, value: object) -> Piece:
    """A number."""
    return {"jsonPath": path, "numberValue": value}


def take(*pieces: Piece) -> tuple[list[str], str | None]:
    """The texts of the pieces, that of the end last, and the whole text where it takes their place."""
    args = PartialArgs()
    texts = [args.take(piece) for piece in pieces]
    rest, whole = args.close()
    assert not args.broken
    return [*texts, rest], whole


def is_broken(*pieces: Piece) -> bool:
    """Whether nothing may come of these pieces."""
    args = PartialArgs()
    for piece in pieces:
        args.take(piece)
    closed = args.close()
    assert (closed == ("", None)) or not args.broken
    return args.broken


# --- written as it comes ---


@pytest.mark.parametrize(
    ("pieces", "texts"),
    [
        pytest.param([], [""], id="no arguments"),
        pytest.param([text("$.a", "x")], ['{"a":"x"', "}"], id="a string at once"),
        pytest.param(
            [text("$.a", "x", more=True), text("$.a", 'y"', more=True), text("$.a", "")],
            ['{"a":"x', 'y\\"', '"', "}"],
            id="a string in pieces, ended by an empty one",
        ),
        pytest.param(
            [text("$.a", "x", more=True), text("$.a", "y")], ['{"a":"x', 'y"', "}"], id="ended by a last piece"
        ),
        pytest.param([text("$.a", "", more=True), text("$.a")], ['{"a":"', '"', "}"], id="ended by a bare end"),
        pytest.param(
            [number("$.a", 5), number("$.b", 0.5), {"jsonPath": "$.c", "boolValue": False}],
            ['{"a":5', ',"b":0.5', ',"c":false', "}"],
            id="numbers and truths",
        ),
        pytest.param([{"jsonPath": "$.a", "nullValue": "NULL_VALUE"}], ['{"a":null', "}"], id="null, as JSON has it"),
        pytest.param([{"jsonPath": "$.a", "nullValue": None}], ['{"a":null', "}"], id="null, as a null"),
        pytest.param([number("$.a", 5.0), number("$.b", 1e300)], ['{"a":5', ',"b":1e+300', "}"], id="doubles"),
        pytest.param(
            [text("$.r[0].a", "1"), text("$.r[0].b", "2"), text("$.r[1].a", "3"), text("$.n", "4")],
            ['{"r":[{"a":"1"', ',"b":"2"', '},{"a":"3"', '}],"n":"4"', "}"],
            id="nested, as recorded",
        ),
        pytest.param(
            [number("$.a[0][0]", 1), number("$.a[0][1]", 2), number("$.a[1][0]", 3)], None, id="arrays in arrays"
        ),
        pytest.param([text("$['a.b'].c", "é\u2028😀"), text('$["x"]', "\\")], None, id="names in quotes"),
        pytest.param([number("$.a", 1), number("$.a", 1)], ['{"a":1', "", "}"], id="the same value again"),
        pytest.param([text("$.a", "x"), text("$.a", "")], ['{"a":"x"', "", "}"], id="a second end"),
        pytest.param(
            [{**number("$.a", 1), "willContinue": True}, text("$.a")], ['{"a":1', "", "}"], id="a number's end"
        ),
    ],
)
def test_pieces_in_order_are_text_at_once(pieces: list[Piece], texts: list[str] | None) -> None:
    found, whole = take(*pieces)
    assert whole is None
    assert texts is None or found == texts
    assert not pieces or isinstance(json.loads("".join(found)), dict)


def test_half_a_character_is_passed_on_for_the_other_half_to_join() -> None:
    texts, _ = take(text("$.a", "\ud83d", more=True), text("$.a", "\ude00"))
    assert texts == ['{"a":"\ud83d', '\ude00"', "}"]


# --- written at the end ---


@pytest.mark.parametrize(
    ("pieces", "value"),
    [
        pytest.param(
            [number("$.a.b", 1), number("$.c", 2), number("$.a.d", 3)], {"a": {"b": 1, "d": 3}, "c": 2}, id="back"
        ),
        pytest.param([number("$.a[1]", 2), number("$.a[0]", 1)], {"a": [1, 2]}, id="an array from its end"),
        pytest.param(
            [text("$.a", "x", more=True), text("$.b", "y", more=True), text("$.a", "z"), text("$.b")],
            {"a": "xz", "b": "y"},
            id="two strings by turns",
        ),
        pytest.param(
            [text("$.a", "x"), number("$.b", 1), text("$.a", "y")], {"a": "xy", "b": 1}, id="a string goes on"
        ),
    ],
)
def test_pieces_that_can_not_be_appended_are_a_whole_at_the_end(pieces: list[Piece], value: object) -> None:
    _, whole = take(*pieces)
    assert whole is not None
    assert json.loads(whole) == value


def test_what_waits_for_the_end_of_a_string_goes_on_where_the_text_was() -> None:
    texts, whole = take(text("$.a", "x", more=True), number("$.b", 1), text("$.a", "y"))
    assert texts == ['{"a":"x', "", "", ""]
    assert whole == '{"a":"xy","b":1}'


# --- never wrong ---


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([text("$.a", "x", more=True)], id="a string without its end"),
        pytest.param([text("$.a", "x", more=True), number("$.b", 1)], id="a string without its end, and more"),
        pytest.param([number("$.a", 1), number("$.a", 2)], id="two values at one place"),
        pytest.param([number("$.a", 1), number("$.a", True)], id="a truth is no number"),
        pytest.param([text("$.a", "1"), number("$.a", 1)], id="a string, then a number"),
        pytest.param([number("$.a", 1), text("$.a", "1")], id="a number, then a string"),
        pytest.param([number("$.a", 1), number("$.a.b", 1)], id="a value, then one within it"),
        pytest.param([number("$.a.b", 1), number("$.a", 1)], id="a value within, then one around it"),
        pytest.param([number("$.a.b", 1), number("$.a[0]", 1)], id="an object that is an array"),
        pytest.param([number("$.a[0]", 1), number("$.a.b", 1)], id="an array that is an object"),
        pytest.param([number("$.a[1]", 1)], id="an array without its beginning"),
        pytest.param([number("$.a[0]", 1), number("$.a[2]", 1)], id="an array with a gap"),
        pytest.param([number("$[0]", 1)], id="arguments that are an array"),
        pytest.param([number("$[1]", 1), number("$.a", 1)], id="arguments that are both"),
        pytest.param([number("$", 1)], id="arguments that are a number"),
        pytest.param([number("a", 1)], id="no path"),
        pytest.param([{"numberValue": 1}], id="no path at all"),
        pytest.param([text("$.a")], id="no value"),
        pytest.param([number("$.a", "NaN")], id="a number that is none"),
        pytest.param([number("$" + ".a" * 201, 1)], id="too deep"),
    ],
)
def test_what_can_not_be_understood_is_never_complete(pieces: list[Piece]) -> None:
    assert is_broken(*pieces)


def test_after_the_first_thing_that_is_broken_nothing_is_written() -> None:
    args = PartialArgs()
    assert args.take(number("$.a", 1)) == '{"a":1'
    assert args.take(number("b", 1)) == ""
    assert args.broken
    assert args.take(number("$.b", 1)) == ""
    assert args.close() == ("", None)


_NAMES = st.text(st.characters(codec="utf-8"), max_size=4)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(codec="utf-8"), max_size=6),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def pieces_of(value: object, path: str = "$") -> list[list[Piece]]:
    """The pieces of each leaf, in the order of the document."""
    if is_object(value):
        return [piece for key, one in value.items() for piece in pieces_of(one, f"{path}[{json.dumps(key)}]")]
    if is_array(value):
        return [piece for i, one in enumerate(value) for piece in pieces_of(one, f"{path}[{i}]")]
    if isinstance(value, str):
        return [[text(path, one, more=True) for one in value] + [text(path, "")]]
    if value is None:
        return [[{"jsonPath": path, "nullValue": "NULL_VALUE"}]]
    return [[{"jsonPath": path, "boolValue" if isinstance(value, bool) else "numberValue": value}]]


@settings(max_examples=100)
@given(st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=3))
def test_a_document_in_its_order_is_written_at_once(document: dict[str, Any]) -> None:
    texts, whole = take(*(piece for leaf in pieces_of(document) for piece in leaf))
    assert whole is None
    assert json.loads("".join(texts)) == document


@settings(max_examples=100)
@given(st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_a_document_in_any_order_is_the_same_document(document: dict[str, Any], random: Any) -> None:
    leaves = pieces_of(document)
    pieces: list[Piece] = []
    while leaves:
        leaf = random.choice(leaves)
        pieces.append(leaf.pop(0))
        leaves = [one for one in leaves if one]
    texts, whole = take(*pieces)
    assert json.loads("".join(texts) if whole is None else whole) == document
