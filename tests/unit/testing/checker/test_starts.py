"""Invariant 10: a tool starts in its allowed state."""

from __future__ import annotations

import pytest

from millstream.events import (
    CallFailed,
    CallOpened,
    CallProgress,
    CallRetrying,
    CallReturned,
    Event,
    Raised,
    ReasoningDelta,
    Rejected,
    ServerToolUpdated,
    StartState,
    TextDelta,
    Truncated,
    TurnEnded,
    TurnStarted,
    TurnTorn,
)
from millstream.testing import check_records

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
    B,
    assert_good,
    assert_only,
    call,
    ended,
    log,
    started,
    swap,
    without,
    written,
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


# --- states


@pytest.mark.parametrize("state", ["eager", "safe"])
def test_a_call_starts_after_it_was_sealed(state: StartState) -> None:
    start = started(A, state)
    assert_only(10, (*HEAD, OPENED_A, TEXT_A, start, SEALED_A, RETURNED_A, END, DONE), start)


def test_a_call_that_was_never_sealed_does_not_start() -> None:
    assert_only(10, without(GOOD, SEALED_A), STARTED_A)


def test_a_streaming_call_starts_before_it_is_sealed() -> None:
    start = started(A, "streaming")
    assert_good((*HEAD, OPENED_A, start, TEXT_A, SEALED_A, RETURNED_A, END, DONE))
    assert_good((*HEAD, OPENED_A, start, TEXT_A, CallFailed(A, Rejected((), 3)), END, DONE))
    assert_good((*HEAD, OPENED_A, start, CallProgress(A, 1, 2), TEXT_A, CallFailed(A, Raised("E")), END, DONE))


def test_a_call_that_is_sealed_does_not_start_as_streaming() -> None:
    start = started(A, "streaming")
    assert_only(10, (*HEAD, *WRITTEN_A, start, RETURNED_A, END, DONE), start)


def test_a_streaming_call_does_not_return_before_it_is_sealed() -> None:
    start = started(A, "streaming")
    assert_only(10, (*HEAD, OPENED_A, start, TEXT_A, RETURNED_A, END, DONE), RETURNED_A)


SAFE = started(A, "safe")


@pytest.mark.parametrize("state", ["eager", "safe", "end"])
def test_no_call_starts_of_a_response_that_did_not_pass_moderation(state: StartState) -> None:
    start, close = started(A, state), TurnEnded(1, "stop", blocked="the output was flagged")
    assert_only(10, (*HEAD, *WRITTEN_A, close, start, RETURNED_A, DONE), start)
    assert_good((*HEAD, *WRITTEN_A, TurnEnded(1, "stop"), start, RETURNED_A, DONE))


def torn(reason: str | None = None) -> TurnTorn:
    return TurnTorn(1, "cut", ("a",), reason=reason)


def test_a_safe_call_does_not_start_if_the_model_was_cut_off_right_after_it() -> None:
    assert_only(10, (*HEAD, TextDelta("x", 1, 0), *WRITTEN_A, SAFE, RETURNED_A, torn(), DONE), SAFE)


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "content_filter", "refusal", "error", ""])
@pytest.mark.parametrize("closed_by", ["ended", "torn"])
def test_a_safe_call_does_not_start_on_a_bad_end(reason: str, closed_by: str) -> None:
    close = torn(reason) if closed_by == "torn" else ended(1, reason)
    assert_only(10, (*HEAD, *WRITTEN_A, SAFE, RETURNED_A, close, DONE), SAFE)


@pytest.mark.parametrize("close", [END, ended(1, "tool_calls"), torn("tool_calls")])
@pytest.mark.parametrize("late", [False, True])
def test_a_safe_call_starts_on_a_good_end(close: Event, late: bool) -> None:
    ran_a = (close, SAFE, RETURNED_A) if late else (SAFE, RETURNED_A, close)
    assert_good((*HEAD, *WRITTEN_A, *ran_a, DONE))


@pytest.mark.parametrize(
    "later",
    [
        (CallOpened(B), CallFailed(B, Truncated("cut"))),
        (TextDelta("y", 1, 2),),
        (ReasoningDelta("y", 1, 2),),
        (ServerToolUpdated("search", "done", {}, 1, 2),),
    ],
)
def test_a_safe_call_starts_when_the_model_moved_on(later: tuple[Event, ...]) -> None:
    head = (*HEAD, TextDelta("x", 1, 0), *WRITTEN_A)
    assert_good((*head, *later, SAFE, RETURNED_A, torn(), DONE))


@pytest.mark.parametrize("same", [TextDelta("y", 1, 0), TextDelta("y", 1, 1)])
def test_more_of_an_earlier_item_does_not_show_that_the_model_moved_on(same: Event) -> None:
    head = (*HEAD, TextDelta("x", 1, 0), ReasoningDelta("x", 1, 1), *WRITTEN_A)
    assert_only(10, (*head, same, SAFE, RETURNED_A, torn(), DONE), SAFE)


LAST = started(A, "end")


@pytest.mark.parametrize("close", [END, ended(1, "tool_calls")])
def test_an_end_call_starts_after_the_response_ended(close: Event) -> None:
    assert_good((*HEAD, *WRITTEN_A, close, LAST, RETURNED_A, DONE))
    assert_only(10, (*HEAD, *WRITTEN_A, LAST, close, RETURNED_A, DONE), LAST)


@pytest.mark.parametrize("close", [torn(), torn("stop"), ended(1, "length"), ended(1, "content_filter"), ended(1, "")])
def test_an_end_call_does_not_start_after_a_bad_end(close: Event) -> None:
    assert_only(10, (*HEAD, *WRITTEN_A, close, LAST, RETURNED_A, DONE), LAST)


def test_an_end_call_needs_the_end_of_its_own_turn() -> None:
    later, start = call("c", turn=2), started(call("c", turn=2), "end")
    head = (*HEAD, END, TurnStarted(2), *written(later))
    assert_only(10, (*head, start, CallReturned(later, 1), ended(2), DONE), start)


def test_a_dropped_call_never_starts() -> None:
    close = TurnTorn(1, "cut", (), ("a",))
    assert_only(10, (*HEAD, *WRITTEN_A, close, STARTED_A, RETURNED_A, DONE), STARTED_A)


# --- the later part of a run


def test_what_happened_before_the_log_is_not_held_against_a_call() -> None:
    assert_good(
        (RESUMED, CallProgress(A, 1), CallRetrying(A, 4, 0.0, Raised("E")), started(A, "end", 5), RETURNED_A, DONE)
    )


def test_from_the_first_known_attempt_on_attempts_are_counted() -> None:
    again = started(A, attempt=5)
    assert_only(10, (RESUMED, started(A, attempt=5), again, RETURNED_A, DONE), again)


def test_a_call_that_the_log_sees_opened_is_sealed_in_it_too() -> None:
    assert_only(10, (RESUMED, OPENED_A, TEXT_A, STARTED_A, RETURNED_A, END, DONE), STARTED_A)


def test_an_item_that_was_numbered_before_the_call_does_not_show_that_the_model_moved_on() -> None:
    head = (*HEAD, TextDelta("x", 1, 1), *WRITTEN_A)
    assert_only(10, (*head, TextDelta("y", 1, 0), SAFE, RETURNED_A, torn(), DONE), SAFE)


def test_a_safe_start_of_a_call_that_was_never_opened_is_judged() -> None:
    assert check_records(log((*HEAD, TEXT_A, SEALED_A, SAFE, RETURNED_A, torn(), DONE)))
