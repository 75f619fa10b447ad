"""Invariant 6: one end for every opened call, nothing after it, and one identity throughout."""

from __future__ import annotations

from dataclasses import replace

import pytest

from millstream.events import (
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallFailed,
    CallLogged,
    CallOpened,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallYielded,
    Cancelled,
    Event,
    Raised,
    RunCancelled,
    RunFailed,
    RunSuspended,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
)
from millstream.testing import check_records

from .logs import (
    DONE,
    OPENED_A,
    RAN_A,
    RESUMED,
    RETURNED_A,
    RUN,
    SEALED_A,
    STARTED_A,
    SUB_RUN,
    TEXT_A,
    WRITTEN_A,
    A,
    B,
    after,
    assert_good,
    assert_only,
    before,
    call,
    ended,
    log,
    ran,
    started,
    swap,
    under,
    without,
)

END = ended(1)
GOOD = (RUN, TurnStarted(1), *RAN_A, END, DONE)


def test_the_log_that_is_edited_here_is_good() -> None:
    assert_good(GOOD)


@pytest.mark.parametrize("last", [DONE, RunFailed("E", "x"), RunCancelled("x")])
def test_a_run_that_ended_leaves_no_call_open(last: Event) -> None:
    assert_only(6, swap(without(GOOD, RETURNED_A), DONE, last), last)


def test_a_run_that_goes_on_may_have_open_calls() -> None:
    assert check_records(log(without(GOOD, RETURNED_A, DONE)), complete=False) == []


@pytest.mark.parametrize("again", [CallReturned(A, 21), CallFailed(A, Cancelled("x"))])
def test_a_call_ends_once(again: Event) -> None:
    assert_only(6, after(GOOD, RETURNED_A, again), again)


@pytest.mark.parametrize(
    "late",
    [
        ArgsDelta(A, " "),
        ArgsReplaced(A, TEXT_A.text),
        ArgSettled(A, ("city",), "Paris"),
        ApprovalRequested(A, {}, "d"),
        ApprovalResolved(A, "approved", "d"),
        CallQueued(A, "x"),
        CallProgress(A, 1),
        CallLogged(A, "x"),
        CallYielded(A, 1),
        CallRetrying(A, 1, 0.0, Raised("E")),
    ],
)
def test_nothing_of_a_call_follows_its_end(late: Event) -> None:
    assert_only(6, after(GOOD, RETURNED_A, late), late)


def test_a_call_is_not_sealed_after_its_end() -> None:
    assert_only(
        6, (RUN, TurnStarted(1), OPENED_A, TEXT_A, CallFailed(A, Cancelled("x")), SEALED_A, END, DONE), SEALED_A
    )


def test_nothing_of_a_call_precedes_its_opening() -> None:
    assert_only(6, (RUN, TurnStarted(1), TEXT_A, OPENED_A, SEALED_A, STARTED_A, RETURNED_A, END, DONE), TEXT_A)


def test_a_call_is_opened() -> None:
    lines = without(GOOD, OPENED_A)
    assert [each.invariant for each in check_records(log(lines))] == [6]


def test_an_id_is_used_once() -> None:
    again = CallOpened(A)
    assert_only(6, after(GOOD, OPENED_A, again), again)


def test_an_id_is_not_used_again_in_another_turn() -> None:
    again = CallOpened(call("a", turn=2))
    lines = (*GOOD[:-1], TurnStarted(2, ("a",)), again, ended(2), DONE)
    assert {each.invariant for each in check_records(log(lines))} == {6}


@pytest.mark.parametrize(
    "other",
    [replace(A, name="mail"), replace(A, index=1), replace(A, turn=2), replace(A, provider_id="x")],
)
def test_a_call_is_the_same_in_all_its_events(other: object) -> None:
    changed = replace(STARTED_A, call=other)  # type: ignore[arg-type]
    assert_only(6, swap(GOOD, STARTED_A, changed), changed)


def test_a_provider_id_is_used_once_in_a_run() -> None:
    opened = CallOpened(replace(call("b", index=1), provider_id=A.provider_id))
    assert_only(6, after(GOOD, SEALED_A, opened, CallFailed(opened.call, Cancelled("x"))), opened)


def test_a_response_that_is_asked_for_again_may_number_its_calls_as_before() -> None:
    torn = (CallFailed(A, Cancelled("x")), TurnTorn(1, "broken", (), ("a",), None, None), TurnRestarted(1))
    again = replace(call("b", turn=2), provider_id=A.provider_id)
    lines = (RUN, TurnStarted(1), OPENED_A, *torn, TurnStarted(2), *ran(again), ended(2), DONE)
    opened = CallOpened(again)
    assert check_records(log(lines)) == []
    kept = tuple(replace(one, kept=("a",), dropped=()) if isinstance(one, TurnTorn) else one for one in lines)
    kept = tuple(one for one in kept if not isinstance(one, TurnRestarted))
    messages = [one.message for one in check_records(log(kept)) if one.seq == 1 + kept.index(opened)]
    assert any("provider_id" in message for message in messages)


def test_a_sub_agent_may_use_the_same_ids() -> None:
    sub = under("a", *SUB_RUN, *ran(A), END, DONE)
    assert_good(after(GOOD, STARTED_A, *sub))


@pytest.mark.parametrize("index", [0, 2, -1])
def test_the_index_counts_the_calls_of_a_turn(index: int) -> None:
    opened = CallOpened(call("b", index=index))
    assert_only(6, after(GOOD, SEALED_A, opened, CallFailed(opened.call, Cancelled("x"))), opened)


def test_the_index_counts_from_0() -> None:
    opened = CallOpened(B)
    assert_only(6, (RUN, TurnStarted(1), opened, CallFailed(B, Cancelled("x")), END, DONE), opened)


# --- suspended runs


WAITING = (RUN, TurnStarted(1), *WRITTEN_A, END)


def test_a_suspended_run_lists_its_open_calls() -> None:
    forgetful = RunSuspended(())
    assert_only(6, (*WAITING, forgetful), forgetful)
    assert_good((*WAITING, RunSuspended((A,))))


def test_a_suspended_run_lists_no_ended_call() -> None:
    wrong = RunSuspended((A,))
    assert_only(6, swap(GOOD, DONE, wrong), wrong)


def test_a_suspended_run_lists_no_stranger() -> None:
    wrong = RunSuspended((A, B))
    assert_only(6, (*WAITING, wrong), wrong)


def test_a_suspended_run_lists_each_call_once() -> None:
    wrong = RunSuspended((A, A))
    assert_only(6, (*WAITING, wrong), wrong)


def test_a_suspended_run_may_list_the_calls_its_sub_agents_wait_for() -> None:
    inner = call("x", name="mail")
    waiting = under("a", *SUB_RUN, CallOpened(inner), ended(1), RunSuspended((inner,)))
    assert_good((*WAITING[:-1], STARTED_A, *waiting, END, RunSuspended((A, inner))))


def test_each_suspension_is_checked() -> None:
    wrong = RunSuspended((A,))
    lines = (
        *(*WAITING, RunSuspended((A,)), RESUMED, ApprovalResolved(A, "approved", "d"), started(A), RETURNED_A, wrong),
        *(RESUMED, DONE),
    )
    assert_only(6, lines, wrong)


def test_the_calls_that_were_open_before_the_log_begins_end_once_too() -> None:
    again = CallReturned(A, 21)
    assert_only(6, (RESUMED, CallReturned(A, 21), again, DONE), again)
    assert_only(6, (RESUMED, CallProgress(A, 1), DONE), DONE)
    assert_good(before((RESUMED, CallProgress(A, 1), DONE), DONE, CallReturned(A, 21)))


def test_a_new_call_is_opened_in_the_later_part_of_a_run_too() -> None:
    seal = CallSealed(A, {})
    lines = (RESUMED, TurnStarted(1), seal, STARTED_A, RETURNED_A, END, DONE)
    assert_only(6, lines, seal)


def test_a_call_that_ended_is_not_pending_in_the_later_part_of_a_run_either() -> None:
    wrong = RunSuspended((A,))
    assert_only(6, (RESUMED, RETURNED_A, wrong), wrong)


def test_calls_that_come_after_a_suspension_were_not_pending_in_it() -> None:
    assert_good((*WAITING, RunSuspended((A,)), RESUMED, STARTED_A, RETURNED_A, TurnStarted(2, ("a",)), *LATER, DONE))


def test_a_carried_call_may_be_pending_before_anything_is_heard_of_it() -> None:
    assert_good((RESUMED, RunSuspended((A,)), RESUMED, RETURNED_A, TurnStarted(2, ("a",)), *LATER, DONE))


LATER = (*ran(call("b", turn=2)), ended(2))


def test_a_call_that_was_never_opened_is_not_excused_by_its_turn() -> None:
    stranger = CallReturned(call("b", turn=7), 1)
    found = check_records(log(before(GOOD, DONE, stranger)))
    assert (6, len(GOOD)) in {(each.invariant, each.seq) for each in found}
