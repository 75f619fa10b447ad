from __future__ import annotations

import itertools
import re

import pytest

from millstream.arguments.schema.prefixes import prefix_automaton
from millstream.arguments.schema.watch import Situated

ALPHABET = "ab1-\n"
PATTERNS = [
    *("^a", "^a$", "^$", "^ab|^1", "^(ab|a1)$", "^(?:a|b)*1$", "^a*b+$", "^a?b?$", "^a{2}$", "^a{1,2}b", "^a{2,}$"),
    *("^[ab]+$", "^[^a]", "^[^]a]+$", r"^[\]a]$", r"^\d+$", r"^\w\W$", r"^.b", r"^\-", r"^\n", "^a{,2}$", "^(a|)$"),
    *("^(a*)*b$", "^((a|b)1)+$", "^a+?b", "^(a$)?", "^(^a)", "^a|b", "^[a-b-]+$", "^-$"),
]


def decided_at(pattern: str, text: str) -> int:
    automaton = prefix_automaton(pattern)
    assert automaton is not None
    return Situated(automaton).scan(text)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_never_gives_up_a_string_that_can_still_match_and_never_keeps_one_that_can_not(pattern: str) -> None:
    automaton = prefix_automaton(pattern)
    if automaton is None:
        assert pattern in {"^(a$)?", "^(^a)", "^a|b"}
        return
    matching = {
        text
        for size in range(6)
        for text in map("".join, itertools.product(ALPHABET, repeat=size))
        if re.search(pattern, text)
    }
    beginnings = {text[:end] for text in matching for end in range(len(text) + 1)}
    for size in range(1, 4):
        for text in map("".join, itertools.product(ALPHABET, repeat=size)):
            alive = all(text[:end] in beginnings for end in range(size + 1))
            index = Situated(automaton).scan(text)
            if index < 0:
                assert alive, text
            else:
                assert text[: index + 1] not in beginnings, text
                assert text[:index] in beginnings, text
            situated = Situated(automaton)
            steps = [situated.scan(char) for char in text[: index + 1 if index >= 0 else size]]
            assert (steps[-1] == 0) == (index >= 0), "in pieces as at once"
            assert not any(step == 0 for step in steps[:-1])


@pytest.mark.parametrize(
    "pattern",
    [
        *("a", "a|^b", "", "^a|", "(?i)^a", "^(?=a)", r"^\bx", r"^(a)\1", r"^a\Z", "^a{", "^(?P<n>a)", "^a++"),
        *("^a**"[:4], "^*", "(^a)", "^a{2000}", "^(a{100}){100}", r"^\x41", "^(", "^a)", "^[", "^a$b", "^a{,}"),
    ],
)
def test_of_other_patterns_nothing_is_said(pattern: str) -> None:
    assert prefix_automaton(pattern) is None


def test_its_memory_is_bounded_whatever_characters_come() -> None:
    automaton = prefix_automaton("^.*$")
    assert automaton is not None
    text = "".join(map(chr, range(0x100, 0xD000)))
    for start in range(0, len(text), 4096):
        assert Situated(automaton).scan(text[start : start + 4096]) == -1
    assert len(automaton.start) < 100_000


def test_only_the_beginning_of_a_long_string_is_followed() -> None:
    automaton = prefix_automaton("^a*$")
    assert automaton is not None
    assert Situated(automaton).scan("a" * 4095 + "b") == 4095
    assert Situated(automaton).scan("a" * 4096 + "b") == -1
    situated = Situated(automaton)
    assert situated.scan("a" * 4096) == -1
    assert situated.scan("b") == -1


def test_a_class_means_what_it_means_to_re() -> None:
    assert decided_at(r"^\d+$", "1\u0663x") == 2
    assert decided_at(r"^[a-z]+$", "ab\u00e9") == 2
    assert decided_at("^.$", "\n") == 0
