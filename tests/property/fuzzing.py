"""Hostile text for arguments, and what must hold of an assembler whatever it is fed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from millstream.arguments import Assembler, Partial, Problem, Rejected, Sealed, Settled, StringDelta, compile_schema
from millstream.limits import Limits
from tests.pieces import cut_at
from tests.property.documents import at_path, documents

LIMITS = Limits(max_args_chars=400, max_depth=6, max_number_digits=20)
SCHEMAS: list[Any] = [
    None,
    True,
    False,
    {"type": "object", "properties": {"a": {"type": "string"}, "b": {"enum": ["ab", 1, None]}}, "required": ["a"]},
    {"type": "array", "items": {"$ref": "#"}, "maxItems": 2},
    {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "object", "additionalProperties": {"type": "number"}}]},
    {"type": "object", "propertyNames": {"maxLength": 2}, "maxProperties": 2, "additionalProperties": {"const": [1]}},
    {"type": ["integer", "array"], "multipleOf": 2, "minimum": 2, "uniqueItems": True, "contains": {"type": "null"}},
]
COMPILED = [None if schema is None else compile_schema(schema) for schema in SCHEMAS]
# fmt: off
TOKENS = st.sampled_from([
    '"', "\\", "{", "}", "[", "]", ":", ",", "-", "0", "12", ".5", "e9", "true", "fals", "null", " ", "\n", '"a"',
    '"b":', '{"a":', "[[", '\\"', "\\u", "\\ud83d", "\\ude00", "\\u0000", "\ud83d", "\x00", "\x7f", "\u2028",
    "\U0001f600", "NaN", "ab", '"ab"', "1e999", "9" * 25, "[" * 8, "x" * 500,
])
# fmt: on
TEXTS = st.one_of(
    st.lists(TOKENS, max_size=25).map("".join),
    st.text(st.characters(), max_size=40),  # lone surrogates too
    st.tuples(documents(), st.integers(0, 500), TOKENS, documents()).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[3]
    ),
)


def check(assembler: Assembler, pieces: list[str]) -> Iterator[Settled | StringDelta | Rejected]:
    """Feed, and check what holds after each piece."""
    scanner: Any = vars(assembler)["_scanner"]  # to see what it keeps
    rejected = False
    for piece in pieces:
        for event in assembler.feed(piece):
            assert not rejected
            rejected = isinstance(event, Rejected)
            yield event
        assert not scanner.events
        assert len(scanner._carry) < 12
        assert len(scanner._stack) <= LIMITS.max_depth
        assert scanner.at <= LIMITS.max_args_chars
        assert scanner.visited <= 12 * LIMITS.max_args_chars
        shown = Partial(assembler.partial, assembler.open_path)
        assert shown.final == assembler.complete or rejected
        assert len(json.dumps(shown.value, ensure_ascii=False)) <= 3 * LIMITS.max_args_chars


def sayable(problem: Problem) -> None:
    """A problem can be sent, stored and read, whatever the text was."""
    f"{problem.path}{problem.message}{problem.keyword}".encode()
    assert problem.message
    assert len(problem.message) < 1000


@dataclass(frozen=True)
class Feed:
    """A text and how it is fed."""

    text: str
    places: list[int]
    schema: Any
    every_path: bool
    strings: bool

    def assembler(self) -> Assembler:
        """A new assembler to feed."""
        return Assembler(self.schema, limits=LIMITS, every_path=self.every_path, strings=self.strings)


FEEDS = st.builds(
    Feed, TEXTS, st.lists(st.integers(0, 1000), max_size=6), st.sampled_from(COMPILED), st.booleans(), st.booleans()
)


def judge(feed: Feed) -> None:
    """Feed it in pieces and in characters, and check that both end in the same verdict, and what is told before it."""
    assembler = feed.assembler()
    events = list(check(assembler, cut_at(feed.text, feed.places)))
    outcome = assembler.close()
    assert assembler.close() is outcome
    if isinstance(outcome, Rejected):
        for problem in outcome.problems:
            sayable(problem)
            assert 0 <= problem.at <= len(feed.text)
    else:
        assert outcome == Sealed(json.loads(feed.text))
        for event in events:
            if isinstance(event, Settled):
                assert event.value == at_path(outcome.value, event.path)
    assert assembler.feed("anything") in ([], [assembler.close()])
    assert isinstance(assembler.close(), Rejected)
    in_characters = feed.assembler()
    assert grown(check(in_characters, list(feed.text))) == grown(events)
    assert in_characters.close() == outcome


def grown(events: Any) -> list[tuple[str, Any, str]]:
    """The events, adjacent deltas of a string put together."""
    told: list[tuple[str, Any, str]] = []
    for event in events:
        if isinstance(event, Rejected):
            told.append(("rejected", event, ""))
        elif isinstance(event, Settled):
            told.append(("settled", event.path, json.dumps(event.value)))
        elif told and told[-1][:2] == ("string", event.path):
            told[-1] = ("string", event.path, told[-1][2] + event.text)
        else:
            told.append(("string", event.path, event.text))
    return told
