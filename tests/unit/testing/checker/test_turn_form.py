"""Invariant 0: the life of each response."""

from __future__ import annotations

import pytest

from millstream.events import (
    AnnotationAdded,
    ArgsDelta,
    CallFailed,
    CallOpened,
    CallReturned,
    CallSealed,
    CallStarted,
    Event,
    OutputDelta,
    OutputSettled,
    ProviderEvent,
    Raised,
    ReasoningDelta,
    RefusalDelta,
    RunCancelled,
    RunFailed,
    RunSuspended,
    ServerToolUpdated,
    TextDelta,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
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
    call,
    ended,
    log,
    place,
    started,
    swap,
    without,
    written,
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


def test_the_later_part_of_a_run_is_checked_from_its_first_turn_on() -> None:
    late = TextDelta("x", 3, 0)
    assert_only(0, (RESUMED, ended(2), TurnStarted(3), ended(3), late, DONE), late)


def test_one_stray_turn_is_one_fault() -> None:
    stray, more = TextDelta("x", 7, 0), TextDelta("y", 7, 0)
    found = assert_only(0, after(GOOD, END_1, stray, more), stray)
    assert found.message == "TextDelta of turn 7, but no turn is open"


@pytest.mark.parametrize("stray", [TurnTorn(7, "cut", ("a",)), TurnRestarted(7), ended(7)])
def test_a_turn_that_never_was_is_one_fault(stray: Event) -> None:
    assert_only(0, after(GOOD, END_1, stray), stray)


def test_a_call_in_a_turn_that_never_was_is_one_fault() -> None:
    b = call("b", turn=7)
    story = (CallOpened(b), *written(b)[1:], started(b, "safe"), ArgsDelta(b, "}"), CallReturned(b, 1))
    lines = after(GOOD, END_1, *story)
    next_turn = TurnStarted(2, ("a", "b"))
    assert_only(0, swap(lines, TURN_2[0], next_turn), lines[place(lines, END_1) + 1])


def test_another_agent_asks_only_after_a_call_that_handed_over_to_it() -> None:
    over = call("a", name="transfer_to_billing")
    opened, sealed = CallOpened(over), CallSealed(over, {})
    begun, returned = CallStarted(over, 1, "end", "d"), CallReturned(over, "billing goes on")
    billing = TurnStarted(2, ("a",), "billing")
    handed = (
        RUN,
        TurnStarted(1),
        opened,
        ArgsDelta(over, "{}"),
        sealed,
        END_1,
        begun,
        returned,
        billing,
        ended(2),
        DONE,
    )
    assert_good(handed)
    assert_good((*handed[:-1], TurnStarted(3, (), "billing"), ended(3), DONE))
    back = TurnStarted(3)
    found = assert_only(0, (*handed[:-1], back, ended(3), DONE), back)
    assert "agent agent, but no call handed over to it: billing had the last one" in found.message
    failed = CallFailed(over, Raised("ToolError"))
    assert_only(0, swap(handed, returned, failed), billing)
