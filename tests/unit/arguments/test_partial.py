from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.arguments import Assembler, Partial
from millstream.events.values import Path

TEXT = '{"city":"Paris","days":[1,{"n":22}],"on":true}'


def at(text: str) -> Partial:
    assembler = Assembler()
    for char in text:
        assembler.feed(char)
    return Partial(assembler.partial, assembler.open_path)


def finals(partial: Partial, path: Path = ()) -> dict[Path, Any]:
    """Every part that is there: (value as JSON, final)."""
    found = {path: (json.dumps(partial.value), partial.final)}
    for step, inner in partial.items():
        found |= finals(inner, (*path, step))
    return found


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", {(): ("null", False)}),
        ("{", {(): ("{}", False)}),
        ('{"ci', {(): ("{}", False)}),
        ('{"city":', {(): ("{}", False)}),
        ('{"city":"Pa', {(): ('{"city": "Pa"}', False), ("city",): ('"Pa"', False)}),
        ('{"city":"Paris"', {(): ('{"city": "Paris"}', False), ("city",): ('"Paris"', True)}),
        ('{"n":1', {(): ("{}", False)}),
        ('{"n":1,', {(): ('{"n": 1}', False), ("n",): ("1", True)}),
        ("[[1,", {(): ("[[1]]", False), (0,): ("[1]", False), (0, 0): ("1", True)}),
        ("[[1],", {(): ("[[1]]", False), (0,): ("[1]", True), (0, 0): ("1", True)}),
        ('["a","b', {(): ('["a", "b"]', False), (0,): ('"a"', True), (1,): ('"b"', False)}),
        ("[]", {(): ("[]", True)}),
        ('"a"', {(): ('"a"', True)}),
    ],
)
def test_what_is_there_and_what_of_it_is_final(text: str, parts: dict[Path, Any]) -> None:
    assert finals(at(text)) == parts


def test_what_was_final_never_changes_and_in_the_end_all_is() -> None:
    final: dict[Path, Any] = {}
    for end in range(len(TEXT) + 1):
        now = {path: shown for path, shown in finals(at(TEXT[:end])).items() if shown[1]}
        assert now.items() >= final.items()
        final = now
    assert final == finals(Partial(json.loads(TEXT), None))


def test_a_part_is_found_under_its_key_or_index() -> None:
    partial = at('{"a":[{"b":"x')
    assert "a" in partial
    assert partial["a"][0]["b"].value == "x"
    assert not partial["a"][0]["b"].final
    assert [list(partial), list(partial["a"]), len(partial), len(partial["a"][0]["b"])] == [["a"], [0], 1, 0]
    absent: list[list[str | int]] = [["z"], [0], ["a", 1], ["a", -1], ["a", "0"], ["a", 0, "b", 0]]
    for steps in absent:
        part = partial
        for step in steps[:-1]:
            part = part[step]
        assert steps[-1] not in part
        with pytest.raises(KeyError):
            part[steps[-1]]


def test_it_is_a_value_that_shows_itself() -> None:
    assert at('"a') == at('"a')
    assert at('"a') != at('"a"')
    assert at('"a"') != "a"
    assert repr(at('["a","b')[0]) == "<final 'a'>"
    assert repr(at('["a')) == "<growing ['a']>"
