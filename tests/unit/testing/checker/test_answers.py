"""Invariant 7: every request carries the results that are due, once and in call order."""

from __future__ import annotations

import pytest

from millstream.events import (
    CallFailed,
    CallOpened,
    CallReturned,
    Event,
    TextDelta,
    Truncated,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
)
from millstream.testing import check_records

from .logs import (
    DONE,
    RAN_A,
    RESUMED,
    RETURNED_A,
    RUN,
    STARTED_A,
    WRITTEN_A,
    A,
    B,
    assert_good,
    assert_only,
    call,
    ended,
    log,
    ran,
    swap,
)

END = ended(1)
NEXT = TurnStarted(2, ("a", "b"))
GOOD = (RUN, TurnStarted(1), *RAN_A, *ran(B), END, NEXT, ended(2), DONE)
CUT_B = CallFailed(B, Truncated("cut"))


def torn(kept: tuple[str, ...] = (), dropped: tuple[str, ...] = ()) -> TurnTorn:
    return TurnTorn(1, "cut", kept, dropped)


def test_the_log_that_is_edited_here_is_good() -> None:
    assert_good(GOOD)


def asks(*answers: str) -> TurnStarted:
    return TurnStarted(2, answers)


@pytest.mark.parametrize("missing", ["a", "b"])
def test_every_call_is_answered(missing: str) -> None:
    wrong = asks(*{"a", "b"} - {missing})
    assert_only(7, swap(GOOD, NEXT, wrong), wrong)


def test_the_answers_are_in_call_order() -> None:
    wrong = asks("b", "a")
    assert_only(7, swap(GOOD, NEXT, wrong), wrong)


def test_no_call_is_answered_twice_in_a_request() -> None:
    wrong = asks("a", "a", "b")
    assert_only(7, swap(GOOD, NEXT, wrong), wrong)


def test_no_call_is_answered_again_in_a_later_request() -> None:
    wrong = TurnStarted(3, ("b",))
    assert_only(7, (*GOOD[:-1], wrong, ended(3), DONE), wrong)


def test_no_call_is_answered_that_was_never_opened() -> None:
    wrong = asks("a", "b", "x")
    assert_only(7, swap(GOOD, NEXT, wrong), wrong)


def test_no_call_is_answered_before_it_was_opened() -> None:
    wrong, later = asks("a", "b", "c"), call("c", turn=2)
    assert_only(7, swap(GOOD, NEXT, wrong, CallOpened(later), CallFailed(later, Truncated("x"))), wrong)


def test_no_call_is_answered_before_it_ended() -> None:
    lines = (RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, END, asks("a"), RETURNED_A, ended(2), DONE)
    assert_only(7, lines, lines[-4])


def test_no_request_goes_out_while_a_call_has_no_result() -> None:
    lines = (RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, END, asks(), RETURNED_A, ended(2), DONE)
    assert_only(7, lines, lines[-4])


def test_the_first_request_answers_nothing() -> None:
    wrong = TurnStarted(1, ("z",))
    assert_only(7, (RUN, wrong, ended(1), DONE), wrong)


def test_results_may_lie_unused_when_the_run_ends() -> None:
    assert_good((RUN, TurnStarted(1), *RAN_A, END, DONE))


# --- torn responses


SALVAGED: tuple[Event, ...] = (RUN, TurnStarted(1), *RAN_A, CallOpened(B), CUT_B)
REST: tuple[Event, ...] = (TextDelta("x", 2, 0), ended(2), DONE)


@pytest.mark.parametrize("answers", [("a",), ("a", "b")])
def test_a_dropped_call_may_be_answered_or_left_out(answers: tuple[str, ...]) -> None:
    assert_good((*SALVAGED, torn(("a",), ("b",)), asks(*answers), *REST))


def test_a_kept_call_is_answered() -> None:
    wrong = asks("b")
    assert_only(7, (*SALVAGED, torn(("a",), ("b",)), wrong, *REST), wrong)


def test_a_call_that_a_torn_response_does_not_name_is_answered() -> None:
    wrong = asks("a")
    assert_only(7, (*SALVAGED, torn(("a",)), wrong, *REST), wrong)


def test_a_dropped_call_is_not_answered_before_it_ended() -> None:
    wrong = asks("a", "b")
    lines = (*SALVAGED[:-1], torn(("a",), ("b",)), wrong, CUT_B, *REST)
    assert_only(7, lines, wrong)


def test_a_dropped_call_that_is_left_out_may_end_later() -> None:
    assert_good((*SALVAGED[:-1], torn(("a",), ("b",)), asks("a"), CUT_B, *REST))


def test_a_started_call_is_not_dropped_in_silence() -> None:
    wrong = asks("b")
    assert_only(7, (*SALVAGED, torn(("b",), ("a",)), wrong, *REST), wrong)
    assert_good((*SALVAGED, torn(("b",), ("a",)), asks("a", "b"), *REST))


AGAIN = TurnRestarted(1)


def test_a_call_of_a_restarted_response_is_not_answered() -> None:
    wrong = asks("b")
    assert_only(7, (*SALVAGED, torn((), ("a", "b")), AGAIN, wrong, *REST), wrong)
    assert_good((*SALVAGED, torn((), ("a", "b")), AGAIN, asks(), *REST))


def test_a_restarted_response_keeps_no_call() -> None:
    assert_only(7, (*SALVAGED, torn(("a",), ("b",)), AGAIN, asks(), *REST), AGAIN)


TWICE: tuple[Event, ...] = (*GOOD[:-2], TurnTorn(2, "cut"), TurnRestarted(2))


@pytest.mark.parametrize("answers", [(), ("a", "b")])
def test_a_request_asked_again_repeats_all_its_answers_or_none(answers: tuple[str, ...]) -> None:
    assert_good((*TWICE, TurnStarted(3, answers), ended(3), DONE))


@pytest.mark.parametrize("answers", [("a",), ("b", "a")])
def test_a_request_asked_again_does_not_carry_other_answers(answers: tuple[str, ...]) -> None:
    found = check_records(log((*TWICE, TurnStarted(3, answers), ended(3), DONE)))
    assert {(each.invariant, each.seq) for each in found} == {(7, len(TWICE) + 1)}


# --- the later part of a run


def test_the_first_request_after_the_log_begins_may_answer_what_it_does_not_know() -> None:
    assert_good((RESUMED, TurnStarted(2, ("x", "y")), ended(2), DONE))
    wrong = TurnStarted(3, ("z",))
    assert_only(7, (RESUMED, TurnStarted(2, ("x",)), ended(2), wrong, ended(3), DONE), wrong)
    twice = TurnStarted(2, ("x", "x"))
    assert_only(7, (RESUMED, twice, ended(2), DONE), twice)


def test_calls_known_from_before_the_log_are_answered_in_call_order() -> None:
    wrong = asks("b", "a")
    tail = (ended(2), DONE)
    head = (RESUMED, CallReturned(B, 1), CallReturned(A, 1))
    assert_only(7, (*head, wrong, *tail), wrong)
    assert_good((*head, asks("a", "b"), *tail))


def test_answers_are_not_repeated_unless_the_request_is() -> None:
    wrong = TurnStarted(3, ("a", "b"))
    found = check_records(log((*GOOD[:-1], wrong, ended(3), DONE)))
    assert {(each.invariant, each.seq) for each in found} == {(7, len(GOOD))}


def test_it_is_said_what_is_missing() -> None:
    wrong = asks()
    lines = (RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, END, wrong, RETURNED_A, ended(2), DONE)
    assert assert_only(7, lines, wrong).message == "a request went out while call a (weather) had no result"
    only_a = asks("a")
    assert "the next request does not answer it" in assert_only(7, swap(GOOD, NEXT, only_a), only_a).message
