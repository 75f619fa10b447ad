"""Invariant 10: at most one start per attempt, and reports only while the tool is at work."""

from __future__ import annotations

import pytest

from millstream.events import (
    ApprovalResolved,
    CallFailed,
    CallLogged,
    CallProgress,
    CallRetrying,
    CallYielded,
    Cancelled,
    Denied,
    Event,
    Failure,
    Raised,
    Rejected,
    TimedOut,
    Truncated,
    TurnStarted,
)

from .logs import (
    DONE,
    OPENED_A,
    RESUMED,
    RETURNED_A,
    RUN,
    SEALED_A,
    STARTED_A,
    TEXT_A,
    WRITTEN_A,
    A,
    after,
    assert_good,
    assert_only,
    before,
    ended,
    started,
    swap,
    without,
)

END = ended(1)
HEAD = (RUN, TurnStarted(1))
GOOD = (*HEAD, *WRITTEN_A, STARTED_A, RETURNED_A, END, DONE)
RETRYING = CallRetrying(A, 1, 0.5, Raised("E"))
SECOND = started(A, attempt=2)
RETRIED = swap(GOOD, RETURNED_A, RETRYING, SECOND, RETURNED_A)


def test_the_logs_that_are_edited_here_are_good() -> None:
    assert_good(GOOD)
    assert_good(RETRIED)


@pytest.mark.parametrize("attempt", [0, 2])
def test_the_first_attempt_is_1(attempt: int) -> None:
    start = started(A, attempt=attempt)
    assert_only(10, swap(GOOD, STARTED_A, start), start)


@pytest.mark.parametrize("attempt", [1, 3])
def test_attempts_count_without_a_gap(attempt: int) -> None:
    start = started(A, attempt=attempt)
    assert_only(10, swap(RETRIED, SECOND, start), start)


def test_between_two_attempts_the_first_has_failed() -> None:
    assert_only(10, without(RETRIED, RETRYING), SECOND)


def test_a_resumption_may_stand_between_two_attempts() -> None:
    assert_good(swap(RETRIED, RETRYING, RESUMED))
    assert_only(10, before(without(RETRIED, RETRYING), STARTED_A, RESUMED), SECOND)


def test_the_attempt_that_is_retried_is_the_one_at_work() -> None:
    wrong = CallRetrying(A, 2, 0.5, Raised("E"))
    assert_only(10, swap(RETRIED, RETRYING, wrong), wrong)


def test_a_tool_is_retried_once_for_each_failure() -> None:
    again = CallRetrying(A, 1, 0.5, Raised("E"))
    assert_only(10, after(RETRIED, RETRYING, again), again)


@pytest.mark.parametrize("failure", [Rejected((), 3), Denied("no"), Cancelled("left"), TimedOut(1.0)])
def test_no_tool_starts_after_the_end_of_its_call(failure: Failure) -> None:
    assert_only(10, (*HEAD, *WRITTEN_A, CallFailed(A, failure), STARTED_A, END, DONE), STARTED_A)


@pytest.mark.parametrize("failure", [Rejected((), 3), Denied("no"), Truncated("cut")])
def test_a_failure_does_not_say_that_a_started_tool_did_not_run(failure: Failure) -> None:
    wrong = CallFailed(A, failure)
    assert_only(10, swap(GOOD, RETURNED_A, wrong), wrong)
    assert_good(swap(GOOD, RETURNED_A, RESUMED, wrong))


# --- at work


@pytest.mark.parametrize(
    "report", [CallProgress(A, 1), CallLogged(A, "x"), CallYielded(A, 1), CallRetrying(A, 1, 0.0, Raised("E"))]
)
def test_a_tool_reports_only_while_it_is_at_work(report: Event) -> None:
    assert_only(10, before(GOOD, STARTED_A, report), report)
    assert_only(10, after(RETRIED, RETRYING, report), report)


def test_a_tool_returns_only_while_it_is_at_work() -> None:
    assert_only(10, without(GOOD, STARTED_A), RETURNED_A)
    assert_only(10, without(RETRIED, SECOND), RETURNED_A)


def test_an_answer_stands_in_for_a_start() -> None:
    assert_good(swap(GOOD, STARTED_A, ApprovalResolved(A, "answered", "d")))
    assert_only(10, swap(GOOD, STARTED_A, ApprovalResolved(A, "approved", "d")), RETURNED_A)


def test_a_call_may_fail_at_any_time() -> None:
    for at in (OPENED_A, TEXT_A, SEALED_A, STARTED_A):
        lines = [*GOOD[: GOOD.index(at) + 1], CallFailed(A, TimedOut(1.0)), END, DONE]
        assert_good(lines)
