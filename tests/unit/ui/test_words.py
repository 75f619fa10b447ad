import datetime as dt
import math
import time
from typing import Any

import pytest

from millstream.events import (
    Cancelled,
    Denied,
    Failure,
    Problem,
    Raised,
    Rejected,
    TimedOut,
    Truncated,
    Unknown,
)
from millstream.ui.words import arguments_line, failure_line, json_line, percent, result_line, seconds, size


@pytest.mark.parametrize(
    ("time_s", "said"),
    [
        (-1, "0 ms"),
        (0.004, "4 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.10 s"),
        (0.41, "0.41 s"),
        (9.994, "9.99 s"),
        (9.996, "10.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125.2, "2 min 05 s"),
        (7500, "2 h 05 min"),
    ],
)
def test_seconds_are_said_with_the_digits_that_matter(time_s: float, said: str) -> None:
    assert seconds(time_s) == said


def test_sizes() -> None:
    assert [size(count) for count in (0, 999, 1000, 3400, 1_200_000)] == ["0 B", "999 B", "1.0 kB", "3.4 kB", "1.2 MB"]


@pytest.mark.parametrize(
    ("done", "total", "share"),
    [
        (9, 14, 64),
        (0, 4, 0),
        (5, 4, 100),
        (-1, 4, 0),
        (1, 0, None),
        (1, None, None),
        (None, 4, None),
        (math.nan, 4, None),
        (1, math.inf, None),
        (1, -4, None),
    ],
)
def test_a_share_is_a_percentage_or_not_said(done: float | None, total: float | None, share: int | None) -> None:
    assert percent(done, total) == share


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "null"),
        (1.5, "1.5"),
        (True, "true"),
        ("two\nlines", "two lines"),
        ({"a": [1, {"b": "é"}], "c": None}, '{"a": [1, {"b": "é"}], "c": null}'),
        ([], "[]"),
        ({"d": dt.date(2026, 7, 12)}, '{"d": "2026-07-12"}'),
    ],
)
def test_json_on_one_line(value: Any, line: str) -> None:
    assert json_line(value) == line


def test_of_a_large_value_only_the_start_is_looked_at() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    wide = dict.fromkeys(map(str, range(300_000)), "x" * 1000)
    started = time.perf_counter()
    assert json_line(deep, 20) == "[" * 19 + "…"
    assert json_line([wide] * 1000, 20) == '[{"0": "xxxxxxxxxxx…'
    assert arguments_line(wide, 12) == "0: xxxxxxxx…"
    assert time.perf_counter() - started < 0.5
    while deep:
        deep = deep[0]  # taken apart by hand: the interpreter would recurse


def test_results_and_arguments_are_said_for_people() -> None:
    assert result_line({"summary": "21 °C, clear", "wind": 3}) == "summary: 21 °C, clear, wind: 3"
    assert result_line([{"a": 1}, 2]) == '2 items: {"a": 1}'
    assert result_line(["x"]) == "1 item: x"
    assert result_line([]) == "0 items"
    assert result_line("done") == "done"
    assert arguments_line({}) == ""
    assert arguments_line("free text\nof a custom tool") == "free text of a custom tool"


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Rejected((Problem("/days", "an integer was expected", "type", 3),), 3), "/days: an integer was expected"),
        (Rejected((Problem("", "not JSON", "json", 0),), 0), "arguments: not JSON"),
        (Rejected((), 0), "arguments not accepted"),
        (Truncated("length"), "the response ended before the call did (length)"),
        (Raised("ValueError", "no such city", "weather.py:12"), "ValueError: no such city"),
        (Raised("KeyError", "", "weather.py:12 in lookup"), "KeyError at weather.py:12 in lookup"),
        (Raised("KeyError"), "KeyError"),
        (TimedOut(1), "no end within 1.00 s"),
        (Denied("too dear"), "too dear"),
        (Denied(""), "refused"),
        (Cancelled("by the user"), "by the user"),
        (Cancelled(""), "cancelled"),
        (Cancelled("left", stopped=False), "left, maybe at work still"),
        (TimedOut(2.0, stopped=False), "no end within 2.00 s, maybe at work still"),
        (Unknown("the process ended"), "nobody knows how it ended (the process ended)"),
        (Raised("E", "\x1b[31mred\nlines"), "E: red lines"),
    ],
)
def test_failures_are_said_on_one_line(failure: Failure, said: str) -> None:
    assert failure_line(failure) == said
