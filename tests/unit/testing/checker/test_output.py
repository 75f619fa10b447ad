"""What the checker says of a structured output: what settled of it is in it, and it is what its text says."""

from __future__ import annotations

import pytest

from millstream.events import JsonValue, OutputDelta, OutputSettled, Path, RunFinished, TurnStarted, Usage
from millstream.testing import check_records

from .logs import RUN, Line, after, assert_only, call, ended, log, ran, swap

TEXT = OutputDelta('{"a": 1, "b": [2, {"c": 3}]}', 1, 0)
A = OutputSettled(("a",), 1, 1)
B = OutputSettled(("b",), [2, {"c": 3}], 1)
OUTPUT: JsonValue = {"a": 1, "b": [2, {"c": 3}]}
DONE = RunFinished(OUTPUT, Usage())
GOOD: tuple[Line, ...] = (RUN, TurnStarted(1), TEXT, A, B, ended(1), DONE)


def test_a_good_log_is_good() -> None:
    assert check_records(log(GOOD)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [(("a",), 2), (("a",), 1.0), (("x",), 1), (("b", 1, "c"), 4), (("b", 7), 1), ((), 1)],
)
def test_what_settled_is_in_the_output(path: Path, value: JsonValue) -> None:
    wrong = OutputSettled(path, value, 1)
    assert_only(5, swap(GOOD, A, wrong), wrong)


def test_a_path_settles_once() -> None:
    again = OutputSettled(("a",), 1, 1)
    assert_only(5, after(GOOD, B, again), again)


@pytest.mark.parametrize("output", [None, {"a": 1}, {"a": 1, "b": [2, {"c": 3}], "d": 4}])
def test_the_output_is_what_the_text_says(output: JsonValue) -> None:
    wrong = RunFinished(output, Usage())
    lines = [line for line in swap(GOOD, DONE, wrong) if line is not A and line is not B]
    assert_only(5, lines, wrong)


def test_outputs_that_were_not_accepted_are_of_no_account() -> None:
    first = (TurnStarted(1), OutputDelta('{"a": 0}', 1, 0), OutputSettled(("a",), 0, 1), ended(1))
    second = (TurnStarted(2), OutputDelta('{"a": 1}', 2, 0), OutputSettled(("a",), 1, 2), ended(2))
    assert check_records(log((RUN, *first, *second, RunFinished({"a": 1}, Usage())))) == []


def test_without_an_output_the_calls_of_a_response_are_counted_without_gaps() -> None:
    late = call("b", index=1)
    lines = (RUN, TurnStarted(1), *ran(late), ended(1), TurnStarted(2, ("b",)), ended(2), RunFinished("x", Usage()))
    assert [violation.invariant for violation in check_records(log(lines))] == [6]
