"""Characters cut between two pieces come back whole, and halves that stay alone can be written down."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.routing.json_safe import json_safe, safe_object
from millstream.routing.surrogates import SurrogateJoiner, printable

_HIGH, _LOW = "\ud83d", "\ude00"  # of 😀


def joined(*pieces: str) -> str:
    joiner = SurrogateJoiner[int]()
    return "".join(joiner.join(0, piece) for piece in pieces) + joiner.rest(0)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["abc", "é€"], "abcé€"),
        (["a" + _HIGH, _LOW + "b"], "a😀b"),
        ([_HIGH, _LOW], "😀"),
        ([_HIGH, "", _LOW], "😀"),
        ([_HIGH + _LOW], "😀"),
        ([_HIGH + _LOW + _HIGH, _LOW + _HIGH, _LOW], "😀😀😀"),
        ([_HIGH, "x"], _HIGH + "x"),
        ([_LOW, "x"], _LOW + "x"),
        (["x", _LOW + _HIGH], "x" + _LOW + _HIGH),
        ([_HIGH, _HIGH, _LOW], _HIGH + "😀"),
        (["a", _HIGH], "a" + _HIGH),
        (["😀", "😀"], "😀😀"),
    ],
)
def test_halves_of_two_pieces_are_joined(pieces: list[str], text: str) -> None:
    assert joined(*pieces) == text


def test_a_half_waits_and_is_not_shown_before_the_next_piece() -> None:
    joiner = SurrogateJoiner[int]()
    assert joiner.join(0, "a" + _HIGH) == "a"
    assert joiner.waits(0)
    assert joiner.join(0, _LOW) == "😀"
    assert not joiner.waits(0)
    assert joiner.rest(0) == ""


def test_texts_with_other_keys_do_not_meet() -> None:
    joiner = SurrogateJoiner[str]()
    assert [joiner.join("a", _HIGH), joiner.join("b", _LOW), joiner.join("b", _HIGH)] == ["", _LOW, ""]
    assert joiner.join("a", _LOW) == "😀"
    assert joiner.rests() == [("b", _HIGH)]
    assert joiner.rests() == []
    assert not joiner.waits("b")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abc", "abc"),
        ("é😀", "é😀"),
        (_HIGH + _LOW, "😀"),
        (_HIGH, "\ufffd"),
        (_LOW + _HIGH, "\ufffd\ufffd"),
        ("é" + _HIGH + _HIGH + _LOW, "é\ufffd😀"),
    ],
)
def test_what_is_shown_can_be_written_as_utf8(text: str, shown: str) -> None:
    assert printable(text) == shown
    shown.encode()


def test_a_provider_s_data_is_made_such_that_json_can_carry_it() -> None:
    data: dict[str, Any] = {
        "a" + _HIGH: [_HIGH + _LOW, {"b": _LOW}, 1, 2.5, True, None],
        "c": [float("nan"), float("inf"), -float("inf")],
        "d": {},
    }
    assert safe_object(data) == {
        "a\ufffd": ["😀", {"b": "\ufffd"}, 1, 2.5, True, None],
        "c": [None, None, None],
        "d": {},
    }
    assert json_safe(_HIGH) == "\ufffd"
