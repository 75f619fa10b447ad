"""Invariant 0: sub-agents are runs of their own, inside the call they serve."""

from __future__ import annotations

from millstream.events import (
    CallFailed,
    CallProgress,
    CallRetrying,
    CallReturned,
    Raised,
    RunSuspended,
    TextDelta,
    TurnStarted,
    Unknown,
)
from millstream.testing import check_records

from .logs import (
    DONE,
    RAN_A,
    RESUMED,
    RETURNED_A,
    RUN,
    STARTED_A,
    SUB_DONE,
    SUB_RESUMED,
    SUB_RUN,
    TURN_2,
    WRITTEN_A,
    A,
    B,
    Under,
    after,
    assert_good,
    assert_only,
    before,
    ended,
    log,
    part,
    ran,
    started,
    swap,
    under,
    without,
    written,
)

TEXT = TextDelta("see", 1, 0)
END_1 = ended(1)
GOOD = (RUN, TurnStarted(1), TEXT, *RAN_A, END_1, *TURN_2)
SUB = under("a", *SUB_RUN, *ran(A), *SUB_DONE)
NESTED = (RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *SUB, RETURNED_A, END_1, *TURN_2)


def test_the_logs_that_are_edited_here_are_good() -> None:
    for lines in (GOOD, NESTED):
        assert_good(lines)


def test_a_sub_agent_has_an_end_of_its_own() -> None:
    assert_only(0, without(NESTED, SUB[-1]), SUB[-2])


def test_a_sub_agent_has_a_beginning_of_its_own() -> None:
    assert_only(0, without(NESTED, SUB[0]), SUB[1])


def test_a_sub_agent_has_turns_and_calls_of_its_own() -> None:
    (text,) = under("a", TextDelta("x", 2, 0))
    assert_only(0, before(NESTED, SUB[-1], text), text)


def test_a_sub_agent_is_resumed_only_if_it_began() -> None:
    (resumed,) = under("a", SUB_RESUMED)
    assert_only(0, swap(NESTED, SUB[0], resumed), resumed)


def test_a_sub_agent_runs_under_a_call() -> None:
    stray = under("x", *SUB_RUN, *SUB_DONE)
    assert_only(0, before(GOOD, TEXT, *stray), stray[0])


def test_a_sub_agent_runs_under_a_run() -> None:
    stray = under("a/b", *SUB_RUN, *SUB_DONE)
    assert_only(0, before(GOOD, TEXT, *stray), stray[0])


def test_a_sub_agent_runs_only_after_its_call_was_started() -> None:
    lines = before(without(NESTED, *SUB), STARTED_A, *SUB)
    assert_only(0, lines, SUB[0])


def test_a_sub_agent_says_nothing_after_its_call_ended() -> None:
    lines = after(without(NESTED, SUB[-1]), RETURNED_A, SUB[-1])
    assert_only(0, lines, SUB[-1])


def test_a_sub_agent_says_nothing_between_two_attempts() -> None:
    lines = swap(NESTED, SUB[-1], CallRetrying(A, 1, 0.0, Raised("E")), SUB[-1], started(A, attempt=2))
    assert_only(0, lines, SUB[-1])


def test_a_sub_agent_says_nothing_while_its_run_is_suspended() -> None:
    (stray,) = under("a", SUB_RESUMED)
    lines = part(
        *(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *SUB[:2], *under("a", END_1, RunSuspended(())), END_1),
        *(RunSuspended((A,)), stray, RESUMED, SUB[-1], RETURNED_A, *TURN_2),
    )
    assert_only(0, lines, stray)


def test_a_sub_agent_ends_before_its_call_even_in_a_log_that_goes_on() -> None:
    records = log(without(NESTED, SUB[-1])[:-2])
    assert [each.invariant for each in check_records(records, complete=False)] == [0]


def test_a_sub_agent_that_lost_its_end_is_not_excused_by_a_later_interruption() -> None:
    lines = after(without(NESTED, SUB[-1]), RETURNED_A, RESUMED)
    assert_only(0, lines, SUB[-2])


def test_a_run_is_not_suspended_while_a_sub_agent_goes_on() -> None:
    suspended = RunSuspended((A,))
    head = (RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *SUB[:2], END_1)
    tail = (CallFailed(A, Unknown("gone")), *TURN_2)
    assert_only(0, (*head, suspended, RESUMED, *tail), suspended)
    assert_good((*head, RESUMED, *tail))


def test_what_a_sub_agent_did_wrong_is_said_with_its_path() -> None:
    (text,) = under("a", TextDelta("x", 2, 0))
    assert assert_only(0, before(NESTED, SUB[-1], text), text).message.startswith("in the sub-agent of call a: ")
    assert isinstance(text, Under)


def test_a_sub_agent_does_not_start_twice_at_once() -> None:
    (again,) = under("a", SUB_RUN[0])
    assert_only(0, after(NESTED, SUB[1], again), again)


def test_in_the_later_part_of_a_run_a_sub_agent_may_serve_a_call_from_before() -> None:
    assert_good((RESUMED, CallProgress(A, 1), *SUB, RETURNED_A, DONE))
    assert_only(0, (RESUMED, RETURNED_A, *SUB, DONE), SUB[0])


def test_in_the_later_part_of_a_run_a_new_call_is_started_before_its_sub_agent() -> None:
    assert_only(0, (RESUMED, TurnStarted(1), *WRITTEN_A, *SUB, STARTED_A, RETURNED_A, END_1, DONE), SUB[0])


def test_an_interruption_excuses_only_what_was_below_it() -> None:
    both = (RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *written(B), started(B))
    # The sub-agent of b has one of its own, which loses its end; that of a is resumed meanwhile.
    deep = (*under("b", *SUB_RUN, *WRITTEN_A, STARTED_A), *under("b/a", *SUB_RUN, END_1))
    resumed = (*under("a", *SUB_RUN), *under("a", SUB_RESUMED, *SUB_DONE))
    rest = part(*under("b", RETURNED_A, *SUB_DONE), RETURNED_A, CallReturned(B, 1), END_1, DONE)
    assert_only(0, part(*both, *deep, *resumed, *rest), deep[-1])
