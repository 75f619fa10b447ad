from __future__ import annotations

from itertools import product
from typing import Any

from millstream.arguments.schema.equality import json_equal
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
