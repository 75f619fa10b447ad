"""Bounds on what one call's text may cost: work, depth, digits, size, memory. Work is counted, not timed."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from millstream.arguments import Assembler, compile_schema
from millstream.arguments.scanner import Scanner
from millstream.events.values import JsonValue
from millstream.failures import Problem, Rejected
from millstream.limits import Limits
from tests.pieces import cuttings

LIMITS = Limits(max_args_chars=64, max_depth=3, max_number_digits=5)


# --- work ---


def document(kind: str, size: int) -> str:
    """A document of about `size` characters."""
    match kind:
        case "one long string":
            return json.dumps({"text": "word " * (size // 5)})
        case "escapes":
            return json.dumps({"text": '\n\u00e9"\U0001f600' * (size // 28)})
        case "one long key":
            return json.dumps({"k" * size: 1})
        case "small values":
            return json.dumps({"rows": [{"id": n, "on": True, "x": None} for n in range(size // 34)]})
        case "deep":
            return json.dumps([json.loads("[" * 100 + "]" * 100) for _ in range(size // 202)])
        case _:
            return json.dumps([1234.5] * (size // 8))


class Counting:
    """A checker that vetoes nothing and counts what it is told."""

    def __init__(self) -> None:
        self.heard = 0

    def begin(self, kind: int) -> None:
        del kind
        self.heard += 1

    def begin_key(self) -> None:
        self.heard += 1

    def more(self, size: int) -> None:
        del size
        self.heard += 1

    def key(self, key: str) -> None:
        del key
        self.heard += 1

    def item(self, index: int) -> None:
        del index
        self.heard += 1

    def scalar(self, value: JsonValue) -> None:
        del value
        self.heard += 1

    def close(self, container: JsonValue) -> None:
        del container
        self.heard += 1


KINDS = ["one long string", "escapes", "one long key", "small values", "deep", "numbers"]


def work(text: str, piece: int) -> tuple[int, int]:
    """Characters visited and questions asked of the checker, when `text` comes in pieces of `piece` characters."""
    checker = Counting()
    scanner = Scanner(Limits(), checker, every_path=True)
    for start in range(0, len(text), piece):
        scanner.feed(text[start : start + piece])
        scanner.settled.clear()
    scanner.finish()
    assert scanner.problem is None
    return scanner.visited, checker.heard


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece", [1, 4, 64])
def test_work_is_linear_in_the_text_whatever_the_pieces(kind: str, piece: int) -> None:
    small, large = document(kind, 10_000), document(kind, 20_000)
    visited, heard = work(large, piece)
    assert visited <= 2.05 * work(small, piece)[0]
    # An escape cut by the end of a piece is looked at again with the next: at worst 1 + 2 + … + 12 times for a pair.
    assert visited <= len(large) * (6.5 if kind == "escapes" else 1)
    assert heard == work(large, len(large))[1]
    assert heard <= 2 * len(large)


@pytest.mark.skipif(sys.gettrace() is not None, reason="under a tracer CPython copies a string that grows")
def test_a_growing_string_or_key_is_extended_where_it_lies() -> None:
    """A copy for each piece would be quadratic, and would hold the old and the new string at once."""
    size = 1_000_000
    for opening in ('{"', '{"a":"'):
        scanner = Scanner(Limits())
        scanner.feed(opening + "x" * size)
        tracemalloc.start()
        try:
            scanner.feed("x")  # from now on the string itself is traced
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(100):
                scanner.feed("y")
            after, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert after >= before >= size
        assert peak < 1.5 * size


# --- limits ---


def refusal(text: str, limits: Limits) -> Problem:
    """The one problem of `text`, which comes with the character that exceeds the limit and not before."""
    problems: set[Problem] = set()
    for pieces in cuttings(text):
        assembler = Assembler(limits=limits)
        events = [event for piece in pieces for event in assembler.feed(piece)]
        assert isinstance(events[-1], Rejected)
        problems.update(events[-1].problems)
    (problem,) = problems
    assert not any(isinstance(event, Rejected) for event in Assembler(limits=limits).feed(text[: problem.at]))
    assert any(isinstance(event, Rejected) for event in Assembler(limits=limits).feed(text[: problem.at + 1]))
    return problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[[[]]]]", Problem("/0/0/0", "nested deeper than 3 levels", "limit", 3)),
        ('{"a":[{"b":{}}]}', Problem("/a/0/b", "nested deeper than 3 levels", "limit", 11)),
        ("[123456]", Problem("/0", "a number of more than 5 characters", "limit", 6)),
        ("[-1.5e10,2]", Problem("/0", "a number of more than 5 characters", "limit", 6)),
        ("123456789", Problem("", "a number of more than 5 characters", "limit", 5)),
        ('{"a":"' + "x" * 70, Problem("/a", "longer than 64 characters", "limit", 64)),
        (" " * 70, Problem("", "longer than 64 characters", "limit", 64)),
        ("[1]" + " " * 62, Problem("", "longer than 64 characters", "limit", 64)),
        ('"' + r"\ud83d\ude00" * 6, Problem("", "longer than 64 characters", "limit", 64)),
    ],
)
def test_each_limit_is_refused_at_the_character_that_exceeds_it(text: str, problem: Problem) -> None:
    assert refusal(text, LIMITS) == problem


@pytest.mark.parametrize("text", ["[[[1]]]", '{"a":[{"b":12345}]}', "[-1.5e]", "[-1e10]", '"' + "x" * 62 + '"'])
def test_what_just_fits_is_not_refused_for_a_limit(text: str) -> None:
    assembler = Assembler(limits=LIMITS)
    assembler.feed(text)
    outcome = assembler.close()
    assert not isinstance(outcome, Rejected) or outcome.problems[0].keyword == "json"


def test_the_defaults_hold() -> None:
    limits = Limits()
    assert refusal("[" * 200, limits).at == 128
    assert refusal("1" * 500, limits).at == 400
    assembler = Assembler()
    assert assembler.feed('"' + "x" * (limits.max_args_chars - 1)) == []
    (rejected,) = assembler.feed("x")
    assert isinstance(rejected, Rejected)
    assert rejected.at == limits.max_args_chars


def test_a_whole_number_beyond_what_python_converts_is_refused_not_raised() -> None:
    assembler = Assembler(limits=replace(Limits(), max_number_digits=10_000))
    (rejected,) = assembler.feed("[" + "1" * 5000 + "]")
    assert isinstance(rejected, Rejected)
    message = "a whole number of 5000 characters, more than Python converts"
    assert rejected.problems == (Problem("/0", message, "limit", 5001),)


# --- memory ---


@contextmanager
def nothing_kept(*, at_most: int) -> Generator[None]:
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < at_most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("schema", [None, {"type": "object", "properties": {"a": {"type": "integer"}}}])
def test_text_after_a_rejection_is_not_kept(schema: dict[str, Any] | None) -> None:
    assembler = Assembler(None if schema is None else compile_schema(schema))
    assembler.feed('{"a":"x", oops')
    with nothing_kept(at_most=2_000):
        for n in range(1000):
            assert assembler.feed(f'{{"{n}":"' + "x" * 1000) == []
    assert isinstance(assembler.close(), Rejected)


def test_text_after_a_refused_size_is_not_kept() -> None:
    assembler = Assembler(limits=LIMITS)
    with nothing_kept(at_most=5_000):
        for _ in range(100):
            assembler.feed('"' + "x" * 10_000)
    assert len(assembler.partial) < 64


def test_a_drained_stream_keeps_the_value_and_no_text() -> None:
    """White space between values is no part of the value."""
    assembler = Assembler()
    assembler.feed("[")
    with nothing_kept(at_most=5_000):
        for _ in range(1000):
            assembler.feed(" " * 1000)
    assembler.feed("1]")
    assert assembler.partial == [1]
