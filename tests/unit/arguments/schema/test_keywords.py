from __future__ import annotations

from typing import Any

import pytest

from millstream.arguments.schema.keywords import DECIDED, assertions, listed, shown
from tests.oracle import failing

VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, 3, -1, 2.0, 2.5, 1e300, 10**399, -(10**399)),
    *("", "a", "ab", "abc", "\U0001f600", "e\u0301", "\U0001f600\U0001f600\U0001f600"),
    *([], [1], [1, 2], [1, 2, 3], [[]], {}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}),
]
SCHEMAS: list[dict[str, Any]] = [
    {"enum": [1, "a", None, [1], {"a": 1}]},
    {"enum": [True, 0]},
    {"enum": []},
    {"const": 2},
    {"const": True},
    {"const": None},
    {"enum": [[], {}, False]},
    {"const": {"a": 1.0}},
    {"minimum": 2},
    {"minimum": 2.5},
    {"maximum": 2},
    {"maximum": 1e300},
    {"exclusiveMinimum": 2},
    {"exclusiveMaximum": 2.0},
    {"minLength": 2},
    {"maxLength": 2},
    {"maxLength": 1.0},
    {"minItems": 2},
    {"minItems": 1.0},
    {"minProperties": 2},
    {"multipleOf": 2},
    {"multipleOf": 0.4},
    {"pattern": "^a.$"},
    {"dependentRequired": {"a": ["b"], "z": ["y"]}},
    {"minimum": 1, "maximum": 2, "minLength": 1, "maxLength": 2, "minItems": 1, "minProperties": 1},
]


def sentences(schema: dict[str, Any], value: Any) -> list[tuple[str, str]]:
    found = ((one.keyword, one.test(value)) for one in assertions(schema) if type(value) in one.types)
    return [(keyword, sentence) for keyword, sentence in found if sentence is not None]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_each_decides_as_the_final_validator_does(schema: dict[str, Any]) -> None:
    failed = 0
    for value in VALUES:
        try:
            wanted = failing(schema, value)
        except ArithmeticError:  # jsonschema has no verdict
            with pytest.raises(ArithmeticError):
                sentences(schema, value)
            continue
        keywords = {keyword for keyword, _ in sentences(schema, value)}
        assert keywords == wanted, value
        failed += bool(keywords)
    assert 0 < failed < len(VALUES) or schema == {"enum": []}


def test_every_keyword_is_among_those_compared() -> None:
    assert {keyword for schema in SCHEMAS for keyword in schema} == DECIDED - {"dependencies"}  # which is draft 7's


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"enum": ["c", 1]}, "k", 'expected one of "c", 1; found "k"'),
        ({"const": {"a": [1]}}, [], 'expected {"a": [1]}, found []'),
        ({"minimum": 5}, 4.5, "expected a number of at least 5, found 4.5"),
        ({"maximum": 5}, 6, "expected a number of at most 5, found 6"),
        ({"exclusiveMinimum": 0}, 0, "expected a number greater than 0, found 0"),
        ({"exclusiveMaximum": 1.5}, 2, "expected a number less than 1.5, found 2"),
        ({"minLength": 3}, "ab", "expected at least 3 characters, found 2"),
        ({"maxLength": 1_234_567}, "x" * 1_234_568, "expected at most 1234567 characters, found 1234568"),
        ({"maxLength": 2.0}, "abc", "expected at most 2 characters, found 3"),
        ({"minItems": 2}, [1], "expected at least 2 items, found 1"),
        ({"minProperties": 2}, {"a": 1}, "expected at least 2 keys, found 1"),
        ({"multipleOf": 2}, 3, "expected a multiple of 2, found 3"),
        ({"pattern": "^a"}, "b", 'expected a string that matches "^a", found "b"'),
        ({"dependentRequired": {"a": ["b", "c"]}}, {"a": 1}, 'missing: b, c, which "a" needs beside it'),
        ({"dependencies": {"a": ["b"], "c": {}}}, {"a": 1}, 'missing: b, which "a" needs beside it'),
    ],
)
def test_the_sentence_says_what_was_expected_and_found(schema: dict[str, Any], value: Any, sentence: str) -> None:
    assert sentences(schema, value) == [(next(iter(schema)), sentence)]


def test_a_value_in_a_message_is_cut() -> None:
    assert shown({"caf\u00e9": None}) == '{"caf\u00e9": null}'
    assert shown("x" * 198) == '"' + "x" * 198 + '"'
    assert shown("x" * 199) == '"' + "x" * 199 + "\u2026"


def test_a_long_list_in_a_message_is_cut() -> None:
    assert listed(["a", 1]) == '"a", 1'
    names = [f"value number {n}" for n in range(100)]
    text = listed(names)
    assert text.endswith(" more")
    assert len(text) < 450
    assert text.count(", ") + 1 + int(text.split()[-2]) == 100
    assert listed(["x" * 500]) == shown("x" * 500)
