"""Invariant 0: numbers and clock, the life of a run, and of its turns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from millstream.events import (
    AnnotationAdded,
    CallFailed,
    CallOpened,
    Event,
    OutputDelta,
    OutputSettled,
    ProviderEvent,
    Raised,
    ReasoningDelta,
    RefusalDelta,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
    ServerToolUpdated,
    TextDelta,
    TimedOut,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
    Usage,
)
from millstream.testing import check_records

from .logs import (
    DONE,
    RAN_A,
    RESUMED,
    RUN,
    TURN_2,
    WRITTEN_A,
    A,
    after,
    assert_good,
    assert_only,
    before,
    call,
    ended,
    log,
    place,
    swap,
    without,
)

TEXT = TextDelta("see", 1, 0)
END_1 = ended(1)
GOOD = (RUN, TurnStarted(1), TEXT, *RAN_A, END_1, *TURN_2)
TORN = TurnTorn(2, "cut")
RESTARTED = TurnRestarted(2)
RETRIED = (RUN, TurnStarted(1), *RAN_A, END_1, TurnStarted(2, ("a",)), TORN, RESTARTED, TurnStarted(3), ended(3), DONE)


def test_the_logs_that_are_edited_here_are_good() -> None:
    for lines in (GOOD, RETRIED):
        assert_good(lines)


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


# --- the life of a turn


def test_turn_numbers_are_not_used_again() -> None:
    again = TurnStarted(1, ("a",))
    text, end = TextDelta("x", 1, 0), ended(1)
    assert_only(0, (RUN, TurnStarted(1), *RAN_A, END_1, again, text, end, DONE), again)


def test_turn_numbers_do_not_fall() -> None:
    late = TurnStarted(2)
    assert_only(0, (RUN, TurnStarted(3), ended(3), late, ended(2), DONE), late)


def test_turn_numbers_count_from_1() -> None:
    zero = TurnStarted(0)
    assert_only(0, (RUN, zero, ended(0), DONE), zero)


def test_turn_numbers_may_leave_gaps() -> None:
    assert_good((RUN, TurnStarted(2), ended(2), TurnStarted(7), ended(7), DONE))


def test_a_turn_is_closed_before_the_next_one_starts() -> None:
    lines = without(GOOD, END_1)
    assert_only(0, lines, TURN_2[0])


@pytest.mark.parametrize("last", [DONE, RunSuspended((A,))])
def test_a_run_does_not_finish_or_wait_within_a_turn(last: Event) -> None:
    calls = RAN_A if last is DONE else WRITTEN_A
    assert_only(0, (RUN, TurnStarted(1), *calls, last), last)


@pytest.mark.parametrize("last", [RunFailed("E", "x"), RunCancelled("x")])
def test_a_run_may_fail_within_a_turn(last: Event) -> None:
    assert_good((RUN, TurnStarted(1), *RAN_A, last))


@pytest.mark.parametrize("again", [ended(1), TurnTorn(1, "cut")])
def test_a_turn_is_closed_once(again: Event) -> None:
    assert_only(0, after(GOOD, END_1, again), again)


def test_the_turn_that_is_closed_is_the_one_that_is_open() -> None:
    wrong = ended(7)
    found = check_records(log(swap(GOOD, END_1, wrong)))
    assert {each.invariant for each in found} == {0}


@pytest.mark.parametrize(
    "stray",
    [
        TextDelta("x", 1, 0),
        ReasoningDelta("x", 1, 0),
        RefusalDelta("x", 1, 0),
        AnnotationAdded({}, 1, 0),
        OutputDelta("1", 1, 0),
        OutputSettled((), 1, 1),
        ServerToolUpdated("search", "done", {}, 1, 0),
    ],
)
def test_content_belongs_to_the_turn_that_is_open(stray: Event) -> None:
    assert_only(0, after(GOOD, END_1, stray), stray)
    assert_only(0, after(GOOD, TURN_2[0], stray), stray)


def test_a_call_is_opened_in_the_turn_that_is_open() -> None:
    late = CallOpened(call("b", index=1))
    lines = (RUN, TurnStarted(1), END_1, late, CallFailed(late.call, Raised("E")), DONE)
    assert {each.seq for each in check_records(log(lines)) if each.invariant == 0} == {place(lines, late) + 1}


def test_passed_through_events_name_a_turn_that_has_started() -> None:
    early = ProviderEvent("x", {}, 2)
    assert_only(0, after(GOOD, END_1, early), early)


def test_only_a_torn_turn_is_restarted() -> None:
    assert_only(0, swap(RETRIED, TORN, ended(2)), RESTARTED)


def test_a_torn_turn_is_restarted_once() -> None:
    again = TurnRestarted(2)
    assert_only(0, after(RETRIED, RESTARTED, again), again)


def test_the_turn_that_is_restarted_is_the_last_one() -> None:
    wrong = TurnRestarted(1)
    found = check_records(log(swap(RETRIED, RESTARTED, wrong)))
    assert (0, place(swap(RETRIED, RESTARTED, wrong), wrong) + 1) in {(each.invariant, each.seq) for each in found}


def test_a_torn_turn_names_its_own_calls() -> None:
    torn = TurnTorn(2, "cut", ("a",))
    lines = swap(without(RETRIED, RESTARTED), TORN, torn)
    assert_only(0, lines, torn)


@pytest.mark.parametrize("torn", [TurnTorn(1, "cut", ("a",), ("a",)), TurnTorn(1, "cut", ("a", "a"))])
def test_a_torn_turn_names_each_call_once(torn: TurnTorn) -> None:
    assert_only(0, swap(GOOD, END_1, torn), torn)
