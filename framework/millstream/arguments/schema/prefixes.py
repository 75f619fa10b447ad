r"""Regular expressions -> automata that tell of the beginning of a string that it can not come to match.

Understood are patterns whose every alternative begins with ^ and that are made of characters, classes, groups,
alternatives and repetitions; of any other, `prefix_automaton` gives None. What a class or an escape means is left to
Python's `re`, which also has the final word on the whole string: an automaton never says too early that a string can
not match, and where a pattern ends in $ it may say so a little late.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

_MAX_STATES: Final = 256
"""Longer patterns are left to the end of the string, as is what comes in a string after `MAX_FOLLOWED` characters:
the work for each of them is bounded, but not small where texts are strange."""
MAX_FOLLOWED: Final = 4_096
_MAX_KNOWN: Final = 100_000
"""States in steps that are remembered for each pattern: enough for common texts, a few MB for strange ones."""
_CLASS: Final = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_REPEAT: Final = re.compile(r"[*+?]|\{(\d*)(?:(,)(\d*))?\}")
_NOTHING: Final = re.compile(r"(?!)")
_LINE_END: Final = re.compile(r"\n")
_ESCAPE: Final = re.compile(r"\\(?:[dDwWsSnrtfv]|[^a-zA-Z0-9])", re.DOTALL)


class _Group:
    def __init__(self, alternatives: list[list[_Part]]) -> None:
        self.alternatives = alternatives


class _Repeated:
    def __init__(self, part: _Part, least: int, most: int | None) -> None:
        self.part = part
        self.least = least
        self.most = most


_Part: TypeAlias = "str | _Group | _Repeated"
"""A character, a class or an anchor as it is written; or what is made of such."""


class _Other(Exception):
    """The pattern is none of those that are understood here."""


class Situation(dict[str, "Situation"]):
    """Where the automaton may be after some text, and, as far as it was asked, where each character leads."""

    __slots__ = ("anything", "states")

    def __init__(self, states: frozenset[int], *, anything: bool) -> None:
        super().__init__()
        self.states = states
        self.anything = anything
        """Whether the pattern matches already, whatever follows."""


class Automaton:
    """What may come next of a string that is to match. Made by `prefix_automaton`; shared by all that follow one."""

    def __init__(self, alternatives: Iterable[list[_Part]]) -> None:
        self._matchers: list[re.Pattern[str] | None] = []  # of a state without one, `_next` has those it leads to
        self._next: list[list[int]] = []
        self._situations: dict[frozenset[int], Situation] = {}
        self._known = 0
        self._anything = self._state(None, [])
        starts = [self._alternative(parts[1:]) for parts in alternatives]
        self.start = self._situation(starts)

    def step(self, situation: Situation, char: str) -> Situation | None:
        """Where `char` leads; None where the string can not match any more."""
        after = self._situation(self._next[state][0] for state in situation.states if self._matches(state, char))
        if not after.states:
            return None
        if self._known < _MAX_KNOWN:
            self._known += len(after.states)
            situation[char] = after
        return after

    def _matches(self, state: int, char: str) -> bool:
        matcher = self._matchers[state]
        return matcher is not None and matcher.match(char) is not None

    def _situation(self, states: Iterable[int]) -> Situation:
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                if self._matchers[state] is None:
                    waiting.extend(self._next[state])
        key = frozenset(found)
        situation = self._situations.get(key)
        if situation is None:
            situation = Situation(key, anything=self._anything in key)
            if self._known < _MAX_KNOWN:
                self._known += len(key)
                self._situations[key] = situation
        return situation

    # --- building ---

    def _state(self, matcher: re.Pattern[str] | None, following: list[int]) -> int:
        if len(self._next) >= _MAX_STATES:
            raise _Other
        self._matchers.append(matcher)
        self._next.append(following)
        return len(self._next) - 1

    def _alternative(self, parts: list[_Part]) -> int:
        if not parts or parts[-1] != "$":
            return self._sequence(parts, self._anything)
        over = self._state(_NOTHING, [])
        line_end = self._state(_LINE_END, [over])  # $ also matches before a last line end
        return self._sequence(parts[:-1], self._state(None, [over, line_end]))

    def _sequence(self, parts: list[_Part], following: int) -> int:
        for part in reversed(parts):
            following = self._part(part, following)
        return following

    def _part(self, part: _Part, following: int) -> int:
        if isinstance(part, _Repeated):
            return self._repeated(part, following)
        if isinstance(part, _Group):
            return self._state(None, [self._sequence(one, following) for one in part.alternatives])
        if part in ("^", "$"):
            raise _Other
        return self._state(re.compile(part), [following])

    def _repeated(self, part: _Repeated, following: int) -> int:
        if part.most is None:
            loop = self._state(None, [following])
            self._next[loop].append(self._part(part.part, loop))
            following = loop
        else:
            for _ in range(part.most - part.least):
                following = self._state(None, [self._part(part.part, following), following])
        for _ in range(part.least):
            following = self._part(part.part, following)
        return following


def prefix_automaton(pattern: str) -> Automaton | None:
    """The automaton of `pattern`, which `re` must know; None where nothing can be said before a string is complete."""
    reader = _Reader(pattern)
    try:
        alternatives = reader.alternatives()
        if reader.at < len(pattern) or not all(parts and parts[0] == "^" for parts in alternatives):
            return None
        return Automaton(alternatives)
    except _Other:
        return None


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self) -> list[list[_Part]]:
        found: list[list[_Part]] = [[]]
        while self.at < len(self.pattern) and self.pattern[self.at] != ")":
            if self.pattern[self.at] == "|":
                self.at += 1
                found.append([])
            else:
                found[-1].append(self._quantified(self._part()))
        return found

    def _part(self) -> _Part:
        char = self.pattern[self.at]
        if char == "(":
            return self._group()
        if char in "[\\":
            match = (_CLASS if char == "[" else _ESCAPE).match(self.pattern, self.at)
            if match is None:
                raise _Other
            self.at = match.end()
            return match[0]
        if char in "*+?{":
            raise _Other
        self.at += 1
        return char if char in ".^$" else re.escape(char)

    def _group(self) -> _Group:
        self.at += 1
        if self.pattern.startswith("?", self.at):
            if not self.pattern.startswith("?:", self.at):
                raise _Other
            self.at += 2
        group = _Group(self.alternatives())
        if not self.pattern.startswith(")", self.at):
            raise _Other
        self.at += 1
        return group

    def _quantified(self, part: _Part) -> _Part:
        match = _REPEAT.match(self.pattern, self.at)
        if match is None:
            return part
        if part in ("^", "$"):
            raise _Other
        self.at = match.end()
        if self.pattern.startswith("?", self.at):  # as few as possible: the same strings match
            self.at += 1
        if self.pattern.startswith(("+", "*", "?", "{"), self.at):
            raise _Other
        least, most = _times(match)
        return _Repeated(part, least, most)


def _times(match: re.Match[str]) -> tuple[int, int | None]:
    if match[0] == "{}" or match[0] == "{,}":
        raise _Other
    if match[0][0] != "{":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[match[0]]
    least, comma, most = match.groups()
    low = int(least or 0)
    high = (int(most) if most else None) if comma else low
    if low > _MAX_STATES or (high or 0) > _MAX_STATES:
        raise _Other
    return low, high
