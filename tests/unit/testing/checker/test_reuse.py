"""Invariant 10: a result is reused where its response was asked for again, once and as it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from millstream.events import (
    CallFailed,
    CallProgress,
    CallRetrying,
    CallReturned,
    Event,
    Raised,
    RunStarted,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
)
from millstream.testing import check_records

from .logs import (
    DONE,
    RESUMED,
    RETURNED_A,
    RUN,
    STARTED_A,
    WRITTEN_A,
    A,
    B,
    Line,
    after,
    assert_good,
    assert_only,
    call,
    ended,
    log,
    ran,
    started,
    swap,
    under,
    written,
)

END = ended(1)
HEAD = (RUN, TurnStarted(1))
GOOD = (*HEAD, *WRITTEN_A, STARTED_A, RETURNED_A, END, DONE)
C = call("c", turn=2)
RETURNED_C = CallReturned(C, 21)


def reusing(source: str | None, *, head: Sequence[Line] = GOOD[:-2]) -> tuple[Event, tuple[Line, ...]]:
    start = started(C, reused_of=source)
    torn_1 = TurnTorn(1, "cut", (), ("a",))
    tail = (*written(C), start, RETURNED_C, ended(2), DONE)
    return start, (*head, torn_1, TurnRestarted(1), TurnStarted(2), *tail)


def test_a_result_is_reused() -> None:
    assert_good(reusing("a")[1])


@pytest.mark.parametrize("source", ["x", "c"])
def test_a_result_that_nobody_has_is_not_reused(source: str) -> None:
    start, lines = reusing(source)
    assert_only(10, lines, start)


def test_a_failure_is_not_reused() -> None:
    start, lines = reusing("a", head=swap(GOOD, RETURNED_A, CallFailed(A, Raised("E")))[:-2])
    assert_only(10, lines, start)


def test_a_result_is_not_reused_before_it_is_there() -> None:
    start = started(B, reused_of="a")
    records = log((*HEAD, *WRITTEN_A, STARTED_A, *written(B), start))
    assert [(each.invariant, each.seq) for each in check_records(records, complete=False)] == [(10, len(records))]


def test_the_result_of_another_tool_is_not_reused() -> None:
    mail = call("a", name="mail")
    start, lines = reusing("a", head=(*HEAD, *ran(mail)))
    assert_only(10, lines, start)


def test_a_result_is_reused_once() -> None:
    other = call("d", turn=2, index=1)
    start, again = started(C, reused_of="a"), started(other, reused_of="a")
    lines = reusing("a")[1]
    head = lines[: lines.index(TurnStarted(2)) + 1]
    tail = (*written(C), *written(other), start, again, RETURNED_C, CallReturned(other, 21), ended(2), DONE)
    assert_only(10, (*head, *tail), again)


def test_the_result_of_other_arguments_is_not_reused() -> None:
    start, lines = reusing("a")
    other = started(C, digest="other", reused_of="a")
    assert_only(10, swap(lines, start, other), other)


def test_a_result_is_not_reused_where_its_response_stands() -> None:
    start = started(C, reused_of="a")
    tail = (TurnStarted(2, ("a",)), *written(C), start, RETURNED_C, ended(2), TurnStarted(3, ("c",)), ended(3), DONE)
    assert_only(10, (*HEAD, *WRITTEN_A, STARTED_A, RETURNED_A, ended(1), *tail), start)


def test_a_result_is_reused_as_it_is() -> None:
    other = CallReturned(C, 22)
    assert_only(10, swap(reusing("a")[1], RETURNED_C, other), other)
    image = CallReturned(C, 21, (0,))
    assert_only(10, swap(reusing("a")[1], RETURNED_C, image), image)


@pytest.mark.parametrize("word", [CallProgress(C, 1), CallRetrying(C, 1, 0.0, Raised("E"))])
def test_where_a_result_is_reused_no_tool_runs(word: Event) -> None:
    start, lines = reusing("a")
    violations = check_records(log(after(lines, start, word)))
    assert (10, word.type) in {(one.invariant, one.message.split()[0]) for one in violations}


def test_a_result_from_before_the_log_may_be_reused() -> None:
    assert_good((RESUMED, TurnStarted(2), *written(C), started(C, reused_of="a"), RETURNED_C, ended(2), DONE))


def test_a_sub_agent_may_reuse_a_result_of_its_run_before() -> None:
    other = call("c")
    again = (RunStarted("sub", "m", None, 0.0), TurnStarted(1), *written(other), started(other, reused_of="z"))
    sub = under("a", *again, CallReturned(other, 21), ended(1), DONE)
    assert_good(after(GOOD, STARTED_A, *sub))
