from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.arguments.preview import preview

LONG = 70_000


TORN: list[tuple[str, Any]] = [
    ('{"city":"Par', {"city": "Par"}),
    ('{"city":"Paris","da', {"city": "Paris"}),
    ('{"city":"Paris","days"', {"city": "Paris"}),
    ('{"city":"Paris","days":', {"city": "Paris"}),
    ('{"a":{"b":[1,{"c":"d', {"a": {"b": [1, {"c": "d"}]}}),
    ('{"a":1}', {"a": 1}),
    ("[[[", [[[]]]),
    ("{", {}),
    ('"ab', "ab"),
    ("true", True),
    # What may not be whole is left out, never guessed.
    ('{"a":1,"b":12', {"a": 1}),
    ('{"a":-', {}),
    ('{"a":tru', {}),
    ('{"a":nul', {}),
    ("[1,2", [1]),
    ("[1,2,", [1, 2]),
    # An escape that is cut is no character yet.
    ('{"a":"x\\', {"a": "x"}),
    ('{"a":"x\\u00', {"a": "x"}),
    ('{"a":"x\\ud83d', {"a": "x"}),
    ('{"a":"x\\ud83d\\ude0', {"a": "x"}),
    ('{"a":"x\\ud83d\\ude00', {"a": "x\U0001f600"}),
    # What is no JSON stands as far as it is.
    ('{"a":1,"a":2', {"a": 1}),
    ('{"a":1,"b":NaN}', {"a": 1}),
    ("[1e999,", []),
    ("[01", []),
    ('{"a":"x\ny"}', {"a": "x"}),
    ('{"a":"\\ud83d"}', {"a": ""}),
    ('{"a":1}}', {"a": 1}),
    ("[1] x", [1]),
    ('{"a":[1}', {"a": [1]}),
]


@pytest.mark.parametrize(("text", "completed"), TORN)
def test_a_torn_text_is_completed_to_what_is_certain(text: str, completed: Any) -> None:
    shown = preview(text)
    assert shown is not None
    assert json.dumps(json.loads(shown)) == json.dumps(completed)
    shown.encode()


@pytest.mark.parametrize(
    "text", ["", " \n", "nul", "tru", "1", "12", "-", "x", "NaN", "\ufeff{}", "}", "'a'", "\ud800"]
)
def test_of_these_nothing_can_stand(text: str) -> None:
    assert preview(text) is None


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ('{"text":"' + "word " * LONG, {"text": "word " * LONG}),
        ('{"a":"' + "x" * LONG + '","b":[1,2', {"a": "x" * LONG, "b": [1]}),
        ("[" + "1," * LONG + "tr", [1] * LONG),
        ('["' + "\\n" * LONG + "\\ud83d", ["\n" * LONG]),
        ('{"a":1,"a' + "x" * LONG, {"a": 1}),
        (" " * LONG + '["a"', ["a"]),
    ],
)
def test_a_long_text_is_completed_too(text: str, completed: Any) -> None:
    assert json.loads(preview(text) or "") == completed


def test_of_a_long_text_without_a_value_nothing_can_stand() -> None:
    assert preview(" " * LONG) is None
    assert preview("nope" * LONG) is None


def test_both_ways_agree_on_every_beginning_of_a_document() -> None:
    text = json.dumps({"a": [1, -2.5, True, None, {"b": 'c"\\\n\u00e9\U0001f600'}], "": {"d": [[], {}]}, "e": "f"})
    padding = " " * LONG
    for end in range(len(text) + 1):
        begun = text[:end]
        assert json.loads(preview(begun) or "0") == json.loads(preview(padding + begun) or "0"), begun


@pytest.mark.parametrize("unit", ["[", '{"a":', '"\\', '["', "[1,", "{", '{"a":"b"},', "[[1],", '\\"', "\\u0041", "0"])
def test_no_text_is_too_much_for_it(unit: str) -> None:
    for text in (unit * 3000, "[" + unit * 3000, '["' + unit * 3000):
        shown = preview(text)
        assert shown is None or json.loads(shown) is not None
