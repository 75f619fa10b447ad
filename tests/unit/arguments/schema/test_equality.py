from __future__ import annotations

from itertools import product
from typing import Any

from millstream.arguments.schema.equality import json_equal, repeated
from tests.oracle import valid

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    1.0,
    -0.0,
    2**63,
    float(2**63),
    "",
    "1",
    "a",
    [],
    [1],
    [1.0],
    [True],
    [0],
    [False],
    [1, 2],
    [[1]],
    [[True]],
    {},
    {"a": 1},
    {"a": 1.0},
    {"a": True},
    {"a": [1]},
    {"a": [True]},
    {"a": 1, "b": 2},
    {"b": 2, "a": 1},
    {"b": 1},
]


def test_it_is_the_final_validators_equality() -> None:
    for left, right in product(VALUES, repeat=2):
        assert json_equal(left, right) == valid({"const": left}, right), (left, right)


def test_numbers_are_equal_by_value_and_never_equal_to_booleans() -> None:
    assert json_equal({"a": [1, {"b": 1e2}]}, {"a": [1.0, {"b": 100}]})
    assert not json_equal({"a": [1]}, {"a": [True]})
    assert not json_equal(0, False)


def test_an_item_is_repeated_if_it_equals_an_earlier_one() -> None:
    for left, right in product(VALUES, repeat=2):
        assert (repeated([left, right]) == 1) == json_equal(left, right), (left, right)
        assert (repeated([[[left]], {"x": right}, [[right]]]) == 2) == json_equal(left, right), (left, right)
    assert repeated([]) is None
    assert repeated([1, "1", True, [1], [True], {"": 1}]) is None
    assert repeated([1, 2, 1.0, 2]) == 2
    assert repeated(["number", ["number", 1], ["array"], [], None, ["boolean", True], True]) is None


def test_numbers_whose_hashes_collide_cost_no_more() -> None:
    """Multiples of 2**61 - 1 hash to 0: as numbers in a set they would be compared with each other."""
    assert repeated([n * (2**61 - 1) for n in range(20_000)]) is None
