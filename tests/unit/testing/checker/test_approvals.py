"""Invariant 11: approval comes first and binds the arguments."""

from __future__ import annotations

import pytest

from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    CallFailed,
    CallRetrying,
    CallReturned,
    Cancelled,
    Denied,
    Event,
    Raised,
    RunSuspended,
    TurnStarted,
)
from millstream.testing import check_records

from .logs import (
    DONE,
    RESUMED,
    RETURNED_A,
    RUN,
    SEALED_A,
    STARTED_A,
    WRITTEN_A,
    A,
    after,
    assert_good,
    assert_only,
    before,
    ended,
    log,
    started,
    swap,
    without,
)

END = ended(1)
HEAD = (RUN, TurnStarted(1), *WRITTEN_A, END)
ASKED = ApprovalRequested(A, {"city": "Paris"}, "d")
APPROVED = ApprovalResolved(A, "approved", "d")
DENIED = ApprovalResolved(A, "denied", "d", "no")
GOOD = (*HEAD, ASKED, APPROVED, STARTED_A, RETURNED_A, DONE)
REFUSED = CallFailed(A, Denied("no"))


def test_the_logs_that_are_edited_here_are_good() -> None:
    assert_good(GOOD)
    assert_good((*HEAD, ASKED, DENIED, REFUSED, DONE))


def test_a_tool_does_not_start_before_its_approval() -> None:
    assert_only(11, without(GOOD, APPROVED), STARTED_A)
    assert_only(11, (*HEAD, ASKED, STARTED_A, APPROVED, RETURNED_A, DONE), STARTED_A)


@pytest.mark.parametrize("asked", [True, False])
def test_approval_binds_the_arguments(asked: bool) -> None:
    other = ApprovalResolved(A, "approved", "e")
    lines = swap(GOOD, APPROVED, other)
    assert_only(11, lines if asked else without(lines, ASKED), STARTED_A)


def test_approval_binds_every_attempt() -> None:
    again = started(A, attempt=2, digest="e")
    assert_only(11, after(GOOD, STARTED_A, CallRetrying(A, 1, 0.0, Raised("E")), again), again)


def test_a_new_question_needs_a_new_answer() -> None:
    retrying, again = CallRetrying(A, 1, 0.0, Raised("E")), started(A, attempt=2)
    asked = ApprovalRequested(A, {}, "d")
    assert_only(11, after(GOOD, STARTED_A, retrying, asked, again), again)
    assert_good(after(GOOD, STARTED_A, retrying, asked, ApprovalResolved(A, "approved", "d"), again))


@pytest.mark.parametrize("asked", [True, False])
def test_a_denied_call_does_not_start(asked: bool) -> None:
    lines = (*HEAD, ASKED, DENIED, STARTED_A, REFUSED, DONE)
    found = check_records(log(lines if asked else without(lines, ASKED)))
    assert [each.invariant for each in found if "started although" in each.message] == [11]


@pytest.mark.parametrize("end", [CallFailed(A, Cancelled("x")), CallFailed(A, Raised("E"))])
def test_a_denied_call_ends_as_denied(end: Event) -> None:
    assert_only(11, (*HEAD, ASKED, DENIED, end, DONE), end)


def test_a_denied_call_does_not_return() -> None:
    end = CallReturned(A, 1)
    found = check_records(log((*HEAD, ASKED, DENIED, end, DONE)))
    assert [each.invariant for each in found] == [10, 11]


def test_an_answered_call_does_not_start() -> None:
    answered = ApprovalResolved(A, "answered", "d")
    assert_only(11, swap(GOOD, APPROVED, answered), STARTED_A)


@pytest.mark.parametrize("again", [APPROVED, DENIED])
def test_a_question_is_answered_once(again: ApprovalResolved) -> None:
    twice = ApprovalResolved(A, again.answer, "d")
    lines = after(GOOD, STARTED_A, twice) if again is APPROVED else before(GOOD, APPROVED, twice)
    assert_only(11, lines, twice if again is APPROVED else APPROVED)


def test_after_a_resumption_people_may_decide_again() -> None:
    answered = ApprovalResolved(A, "answered", "d")
    assert_good(swap(GOOD, RETURNED_A, RunSuspended((A,)), RESUMED, answered, RETURNED_A))


def test_an_approval_outlives_a_resumption() -> None:
    assert_good(after(GOOD, APPROVED, RESUMED))
    wrong = started(A, digest="e")
    assert_only(11, swap(after(GOOD, APPROVED, RESUMED), STARTED_A, wrong), wrong)


def test_approval_is_asked_for_sealed_arguments() -> None:
    early = ApprovalRequested(A, {}, "d")
    assert_only(11, before(GOOD, SEALED_A, early), early)


def test_approval_is_not_asked_while_the_tool_is_at_work() -> None:
    late = ApprovalRequested(A, {}, "d")
    assert_only(11, after(GOOD, STARTED_A, late), late)
    assert_good(swap(GOOD, RETURNED_A, RESUMED, late, ApprovalResolved(A, "answered", "d"), RETURNED_A))


def test_what_was_asked_before_the_log_begins_binds_as_far_as_it_is_known() -> None:
    wrong = started(A, digest="e")
    assert_good((RESUMED, APPROVED, STARTED_A, RETURNED_A, DONE))
    assert_only(11, (RESUMED, APPROVED, wrong, RETURNED_A, DONE), wrong)


HANDED_OUT = AnswerRequested(A, {"city": "Paris"}, "d")
ANSWERED = ApprovalResolved(A, "answered", "d")
DEFERRED = (*HEAD, HANDED_OUT, ANSWERED, RETURNED_A, DONE)


def test_a_deferred_call_is_handed_out_and_answered_also_after_its_approval() -> None:
    assert_good(DEFERRED)
    assert_good((*HEAD, HANDED_OUT, DENIED, REFUSED, DONE))
    assert_good((*HEAD, ASKED, APPROVED, HANDED_OUT, ANSWERED, RETURNED_A, DONE))
    assert_good((*HEAD, HANDED_OUT, RunSuspended((A,)), RESUMED, ANSWERED, RETURNED_A, DONE))


def test_a_deferred_call_is_not_handed_out_before_it_is_sealed_or_approved() -> None:
    assert_only(11, before(without(DEFERRED, HANDED_OUT), SEALED_A, HANDED_OUT), HANDED_OUT)
    assert_only(11, (*HEAD, ASKED, HANDED_OUT, ANSWERED, RETURNED_A, DONE), HANDED_OUT)
    other = AnswerRequested(A, {}, "e")
    assert_only(11, (*HEAD, ASKED, APPROVED, other, ANSWERED, RETURNED_A, DONE), other)


def test_a_call_that_was_handed_out_is_neither_approved_nor_started() -> None:
    assert_only(11, (*HEAD, HANDED_OUT, APPROVED, STARTED_A, RETURNED_A, DONE), APPROVED)
    assert_only(11, (*HEAD, HANDED_OUT, STARTED_A, RETURNED_A, DONE), STARTED_A)
