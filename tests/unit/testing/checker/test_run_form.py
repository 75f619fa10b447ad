"""Invariant 0: numbers and clock, and the life of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from millstream.events import (
    CallFailed,
    Event,
    ProviderEvent,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
    TextDelta,
    TimedOut,
    TurnStarted,
    Usage,
)
from millstream.testing import check_records

from .logs import (
    DONE,
    RAN_A,
    RESUMED,
    RETURNED_A,
    RUN,
    STARTED_A,
    SUB_RESUMED,
    SUB_RUN,
    TURN_2,
    WRITTEN_A,
    A,
    assert_good,
    assert_only,
    before,
    ended,
    log,
    place,
    under,
    without,
)

TEXT = TextDelta("see", 1, 0)
END_1 = ended(1)
GOOD = (RUN, TurnStarted(1), TEXT, *RAN_A, END_1, *TURN_2)


def test_the_log_that_is_edited_here_is_good() -> None:
    assert_good(GOOD)


# --- numbers and clock


def test_a_number_must_not_repeat() -> None:
    records = log(GOOD)
    records[3] = replace(records[3], seq=records[2].seq)
    assert [(each.invariant, each.seq) for each in check_records(records)] == [(0, records[2].seq)]


def test_a_number_must_not_fall() -> None:
    records = log(GOOD)
    records[3] = replace(records[3], seq=1000)
    assert [(each.invariant, each.seq) for each in check_records(records)] == [(0, records[4].seq)]


def test_gaps_in_the_numbers_are_allowed() -> None:
    assert check_records(replace(record, seq=record.seq * 7) for record in log(GOOD)) == []


@pytest.mark.parametrize("at_s", [0.1, -1.0, float("nan"), float("inf")])
def test_time_must_not_run_backwards(at_s: float) -> None:
    records = log(GOOD)
    records[3] = replace(records[3], at_s=at_s)
    assert [each.invariant for each in check_records(records)] in ([0], [0, 0])


def test_records_of_the_same_moment_are_allowed() -> None:
    assert check_records(replace(record, at_s=1.0) for record in log(GOOD)) == []


def test_the_clock_is_not_compared_across_a_resumption() -> None:
    records = log(
        (RUN, TurnStarted(1), *WRITTEN_A, END_1, RunSuspended((A,)), RESUMED, CallFailed(A, TimedOut(1)), DONE)
    )
    resumed = next(record for record in records if record.event is RESUMED)
    assert check_records(replace(r, at_s=0) if r.seq >= resumed.seq else r for r in records) == []


# --- the life of a run


def test_the_empty_log_is_only_the_log_of_a_run_that_goes_on() -> None:
    (found,) = check_records([])
    assert (found.invariant, found.seq) == (0, None)
    assert check_records([], complete=False) == []


def test_a_run_begins_with_run_started() -> None:
    lines = without(GOOD, RUN)
    assert_only(0, lines, lines[0])


def test_a_run_is_started_once() -> None:
    again = RunStarted("run", "model", "hello", 1001.0)
    assert_only(0, before(GOOD, TEXT, again), again)


def test_a_run_is_resumed_under_its_own_id() -> None:
    other = RunResumed("other", 2000.0)
    assert_only(0, before(GOOD, TEXT, other), other)


def test_a_run_that_is_over_has_a_terminal_event() -> None:
    lines = without(GOOD, DONE)
    assert_only(0, lines, lines[-1])
    assert check_records(log(lines), complete=False) == []


@pytest.mark.parametrize(
    "stray", [RunFailed("E", "x"), RunFinished(1, Usage()), RunCancelled("x"), ProviderEvent("x", {}, 2), RESUMED]
)
def test_nothing_follows_the_end_of_a_run(stray: Event) -> None:
    assert_only(0, (*GOOD, stray, ProviderEvent("y", {}, 2)), stray)


def test_only_run_resumed_follows_a_suspension() -> None:
    stray = ProviderEvent("x", {}, 1)
    assert_only(0, (RUN, TurnStarted(1), *WRITTEN_A, END_1, RunSuspended((A,)), stray), stray)


def test_the_resumption_of_a_sub_agent_does_not_excuse_the_clock() -> None:
    sub = under("a", *SUB_RUN, ended(1), RunSuspended(()), SUB_RESUMED, RunFinished("x", Usage()))
    lines = (RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *sub, RETURNED_A, END_1, *TURN_2)
    assert_good(lines)
    at = place(lines, sub[-2])
    records = [replace(each, at_s=0.0) if each.seq == at + 1 else each for each in log(lines)]
    assert [(each.invariant, each.seq) for each in check_records(records)] == [(0, at + 1)]


def test_the_last_record_has_a_time_too() -> None:
    *rest, last = log(GOOD)
    assert [each.invariant for each in check_records([*rest, replace(last, at_s=float("inf"))])] == [0]


def test_a_suspended_run_does_not_just_finish() -> None:
    assert_only(0, (RUN, TurnStarted(1), END_1, RunSuspended(()), DONE), DONE)


def test_one_log_holds_one_run() -> None:
    again = RunStarted("run", "model", "hello", 1000.0)
    assert_only(0, (RUN, TurnStarted(1), END_1, DONE, again, TurnStarted(2), ended(2), DONE), again)
