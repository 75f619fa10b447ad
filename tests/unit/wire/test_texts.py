"""What is sent back is valid whatever the model wrote."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import pytest

from millstream.events import Usage
from millstream.transcript import JsonPart, MediaPart, TextPart
from millstream.wire.texts import count, text_of, usage_from, valid_args, valid_name


def strictly(text: str) -> Any:
    """The value of a JSON text by the standard: no NaN, no Infinity."""

    def refuse(constant: str) -> NoReturn:
        pytest.fail(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    "text",
    ["{}", '{"a": 1}', ' {"a":\n1} ', '{"a": 1, "a": 2}', '{"a": 1e999}', "null", "[1]", '"\\ud800"', '"\ufffd"'],
)
def test_arguments_that_are_json_go_back_to_the_letter(text: str) -> None:
    assert valid_args(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        (" \n", {}),
        ("hello", {}),
        ('{"a": 1}{"a": 1}', {"a": 1}),
        ('{{"a": 1}', {}),
        ('{"a": NaN}', {}),
        ('{"a": -Infinity}', {}),
        ("NaN", {}),
        ('{"a": "half a sent', {"a": "half a sent"}),
        ('{"a": "x", "b": "y', {"a": "x", "b": "y"}),
        ('{"a": "\\u12', {"a": ""}),
        ('{"a": {"b": [1, {"c": "d', {"a": {"b": [1, {"c": "d"}]}}),
        ('{"a": 12', {}),
        ('{"a": tru', {}),
        ('{"a": "x", "b": 1', {"a": "x"}),
    ],
)
def test_arguments_that_are_none_are_made_the_nearest_json(text: str, value: object) -> None:
    assert strictly(valid_args(text)) == value


def test_every_beginning_of_arguments_is_made_json() -> None:
    whole = '{"a": "é\\n\\u00e9", "b": [1, -2.5e3, {"c": null, "d": true}], "": {}}'
    for end in range(len(whole) + 1):
        strictly(valid_args(whole[:end]))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 20_000, '{"a": "' + "x" * 100_000])
def test_large_and_deep_beginnings_are_made_json_as_well(text: str) -> None:
    strictly(valid_args(text))


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("get_weather-2", "get_weather-2"),
        ("", "_"),
        ("functions.get weather", "functions_get_weather"),
        ("größe", "gr__e"),
        ("a\n", "a_"),
        ("x" * 70, "x" * 64),
    ],
)
def test_a_name_is_made_one_that_providers_accept(name: str, valid: str) -> None:
    assert valid_name(name, 64) == valid


def test_parts_as_text() -> None:
    image, file = MediaPart("image/png", base64="x", name="a.png"), MediaPart("text/csv", url="https://x")
    assert text_of(()) == ""
    assert text_of((TextPart("a"), JsonPart({"b": 1, "a": "é"}), image, file)) == (
        'a\n{"a":"é","b":1}\n[image/png a.png]\n[text/csv]'
    )


@pytest.mark.parametrize("value", [None, "5", 5.0, [5], {}])
def test_a_count_that_is_no_number_is_0(value: object) -> None:
    assert count({"n": value}, "n") == 0
    assert count({"d": value}, "n", "d") == 0
    assert count({"d": {"n": value}}, "n", "d") == 0


def test_usage_keeps_the_provider_s_own_object() -> None:
    raw = {"in_tokens": 1, "out_tokens": 2, "in_tokens_details": {"cached_tokens": 3}, "cost": 0.1}
    assert usage_from(raw, "in", "out") == Usage(1, 2, 3, 0, raw)
