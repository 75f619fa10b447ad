"""Which calls may start now, and in which words the others are told to wait."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import Call
from millstream.policy import Start
from millstream.routing.plan import Plan, Terms


def call(index: int = 0, name: str = "f") -> Call:
    return Call(f"call-1-{index}", 1, index, name, f"id{index}")


def plan(*calls: Call, concurrent: int = 32, **terms: Any) -> Plan:
    """A plan of calls that were sealed, each an item of its own."""
    made = Plan(concurrent)
    for one in calls:
        made.seal(one, Terms(**terms), one.index)
    return made


def admitted(made: Plan) -> list[int]:
    return [one.index for one, _ in made.admit()]


# --- how far the response must have come ---


@pytest.mark.parametrize(
    ("start", "sealed", "moved_on", "finished", "ended"),
    [("eager", True, True, True, True), ("safe", False, True, True, True), ("end", False, False, False, True)],
)
def test_a_call_starts_when_the_response_has_come_as_far_as_its_tool_wants(
    start: Start, *, sealed: bool, moved_on: bool, finished: bool, ended: bool
) -> None:
    def starts(*steps: str) -> bool:
        made = plan(call(), start=start)
        for step in steps:
            made.move_on(1) if step == "move_on" else getattr(made, step)()
        found = made.admit()
        assert found in ([], [(call(), start)])
        return bool(found)

    assert starts() == sealed
    assert starts("move_on") == moved_on
    assert starts("finish") == finished
    assert starts("move_on", "finish") == (moved_on or finished)
    assert starts("finish", "end") == ended
    assert starts("end") == ended


def test_the_model_has_moved_on_from_earlier_items_only() -> None:
    made = Plan(32)
    made.seal(call(0), Terms(), 3)
    made.seal(call(1), Terms(), 5)
    for frontier, expected in ((3, []), (4, [0]), (5, []), (6, [1])):
        made.move_on(frontier)
        assert admitted(made) == expected


def test_safe_is_what_a_tool_wants_that_says_nothing() -> None:
    assert Terms() == Terms("safe", needs_approval=False, limit=None, exclusive=None)


def test_calls_start_in_call_order_whatever_order_they_were_sealed_in_and_only_once() -> None:
    made = plan(call(2), call(0), call(1), start="eager")
    assert admitted(made) == [0, 1, 2]
    assert made.admit() == []
    made.release("call-1-0")
    assert made.admit() == []


def test_a_call_that_waits_does_not_hold_up_the_next() -> None:
    made = Plan(32)
    made.seal(call(0), Terms("end"), 0)
    made.seal(call(1), Terms("eager"), 1)
    assert admitted(made) == [1]


# --- approval ---


def test_a_call_that_needs_approval_waits_for_it_however_far_the_response_is() -> None:
    made = plan(call(0), call(1), needs_approval=True, start="eager")
    made.end()
    assert made.admit() == []
    made.approve("call-1-1")
    made.approve("another")
    assert admitted(made) == [1]


def test_approval_alone_is_not_enough() -> None:
    made = plan(call(), needs_approval=True, start="end")
    made.approve("call-1-0")
    assert made.admit() == []
    made.end()
    assert admitted(made) == [0]


# --- places ---


def test_no_more_calls_are_at_work_than_may_be() -> None:
    made = plan(*map(call, range(4)), concurrent=2, start="eager")
    assert admitted(made) == [0, 1]
    assert made.admit() == []
    made.release("call-1-1")
    assert admitted(made) == [2]
    made.release("call-1-0")
    made.release("call-1-2")
    made.release("another")
    assert admitted(made) == [3]


def test_a_tool_s_own_limit_counts_its_own_calls() -> None:
    made = Plan(32)
    for index, name in enumerate(("f", "f", "g", "f")):
        made.seal(call(index, name), Terms("eager", limit=1 if name == "f" else None), index)
    assert admitted(made) == [0, 2]
    made.release("call-1-0")
    assert admitted(made) == [1]
    made.release("call-1-1")
    assert admitted(made) == [3]


def test_of_an_exclusive_group_one_call_is_at_work_whatever_its_tool() -> None:
    made = Plan(32)
    for index, (name, group) in enumerate((("f", "db"), ("g", "db"), ("f", "files"), ("h", None), ("h", None))):
        made.seal(call(index, name), Terms("eager", exclusive=group), index)
    assert admitted(made) == [0, 2, 3, 4]
    made.release("call-1-0")
    assert admitted(made) == [1]


# --- words, and ends ---


def test_each_call_that_waits_says_for_what() -> None:
    made = Plan(4)
    terms = [
        Terms("eager", needs_approval=True),
        Terms("end"),
        Terms("safe"),
        Terms("eager", limit=1),
        Terms("eager", limit=1),
        Terms("eager", exclusive="db"),
        Terms("eager", exclusive="db"),
    ]
    names = ["a", "b", "c", "d", "d", "e", "f"]
    for index, (name, one) in enumerate(zip(names, terms, strict=True)):
        made.seal(call(index, name), one, 9)
    assert admitted(made) == [3, 5]
    assert [(one.index, why) for one, why in made.waiting()] == [
        (0, "approval"),
        (1, "the end of the response"),
        (2, "the model to move on"),
        (4, "a free place, 1 calls of d are at work"),
        (6, "e, which holds db"),
    ]
    full = plan(call(0), call(1), concurrent=1, start="eager")
    full.admit()
    assert full.waiting() == [(call(1), "a free place, 1 calls are at work")]


def test_a_call_that_could_start_now_does_not_wait() -> None:
    made = plan(call(), start="eager")
    assert made.waiting() == []
    assert admitted(made) == [0]


def test_a_call_may_be_withdrawn_while_it_waits() -> None:
    made = plan(call(0), call(1), start="eager", needs_approval=True)
    made.approve("call-1-0")
    assert admitted(made) == [0]
    assert not made.withdraw("call-1-0")
    assert made.withdraw("call-1-1")
    assert not made.withdraw("call-1-1")
    made.approve("call-1-1")
    assert made.admit() == []
    assert made.waiting() == []


def test_after_a_bad_end_the_calls_are_stranded_for_which_it_did_not_come_far_enough() -> None:
    made = Plan(1)
    terms = [
        Terms("eager"),
        Terms("eager"),
        Terms("eager", needs_approval=True),
        Terms("safe"),
        Terms("safe"),
        Terms("end"),
    ]
    for index, one in enumerate(terms):
        made.seal(call(index), one, index)
    made.move_on(4)
    assert admitted(made) == [0]
    assert [one.index for one in made.stranded()] == [4, 5]  # 1 waits for a place, 2 for a person, 3 for a place
    made.finish()
    assert [one.index for one in made.stranded()] == [5]
    made.end()
    assert made.stranded() == []


# --- calls that run alone, and those that come first ---


def written(*terms: Terms, concurrent: int = 32) -> Plan:
    """A plan of calls that the model began, none of them sealed."""
    made = Plan(concurrent)
    for index, one in enumerate(terms):
        made.open(call(index), alone=one.alone)
    return made


EAGER, ALONE = Terms("eager"), Terms("eager", exclusive=True)


def test_a_call_that_runs_alone_waits_for_those_before_it_and_those_behind_wait_for_it() -> None:
    made = Plan(32)
    for index, one in enumerate((EAGER, EAGER, ALONE, EAGER, EAGER)):
        made.seal(call(index, "abcde"[index]), one, index)
    assert admitted(made) == [0, 1]
    assert [why for _, why in made.waiting()] == ["a to end, c runs alone", *["c, which runs alone"] * 2]
    made.release("call-1-0")
    assert admitted(made) == []
    made.release("call-1-1")
    assert admitted(made) == [2]
    assert [why for _, why in made.waiting()] == ["c, which runs alone"] * 2
    made.release("call-1-2")
    assert admitted(made) == [3, 4]


def test_two_that_run_alone_follow_each_other() -> None:
    made = plan(call(1), call(0), start="eager", exclusive=True)
    assert admitted(made) == [0]
    assert made.waiting() == [(call(1), "f, which runs alone")]
    made.release("call-1-0")
    assert admitted(made) == [1]


def test_it_also_waits_for_an_earlier_call_that_waits_or_is_still_being_written() -> None:
    made = written(EAGER, EAGER, ALONE)
    made.seal(call(2), ALONE, 2)
    assert admitted(made) == []
    made.seal(call(0), Terms("eager", needs_approval=True), 0)
    made.seal(call(1), EAGER, 1)
    assert admitted(made) == [1]
    made.release("call-1-1")
    assert admitted(made) == []
    made.approve("call-1-0")
    assert admitted(made) == [0]
    made.release("call-1-0")
    assert admitted(made) == [2]


def test_a_later_call_does_not_overtake_it_while_it_is_written_or_waits_for_a_person() -> None:
    asked = Terms("eager", needs_approval=True, exclusive=True)
    made = written(asked, EAGER)
    made.seal(call(1), EAGER, 1)
    assert admitted(made) == []
    made.seal(call(0), asked, 0)
    assert admitted(made) == []
    made.approve("call-1-0")
    assert admitted(made) == [0]


def test_an_earlier_call_is_not_held_up_by_it() -> None:
    made = written(EAGER, ALONE)
    made.seal(call(0), EAGER, 0)
    assert admitted(made) == [0]


@pytest.mark.parametrize("sealed", [False, True])
def test_nobody_waits_for_a_call_that_will_not_start(*, sealed: bool) -> None:
    made = written(ALONE, EAGER)
    made.seal(call(1), EAGER, 1)
    if sealed:
        made.seal(call(0), Terms("end", exclusive=True), 0)
    assert admitted(made) == []
    assert made.withdraw("call-1-0") == sealed
    assert admitted(made) == [1]


def test_exclusive_false_is_no_group() -> None:
    made = plan(call(0), call(1), start="eager", exclusive=False)
    assert admitted(made) == [0, 1]


def test_where_places_are_few_those_with_a_higher_priority_start_first_and_else_in_call_order() -> None:
    made = Plan(1)
    for index, priority in enumerate((0, 5, -1, 5, 0)):
        made.seal(call(index), Terms("eager", priority=priority), index)
    order: list[int] = []
    while started := admitted(made):
        order += started
        made.release(f"call-1-{started[0]}")
    assert order == [1, 3, 0, 4, 2]


def test_a_priority_does_not_overtake_a_call_that_runs_alone() -> None:
    made = Plan(32)
    made.seal(call(0), EAGER, 0)
    made.seal(call(1), ALONE, 1)
    made.seal(call(2), Terms("eager", priority=9), 2)
    assert admitted(made) == [0]


def test_a_guard_holds_a_call_and_a_denied_one_never_starts() -> None:
    made = plan(call(0), call(1), start="eager")
    made.hold("call-1-0")
    made.hold("call-1-1")
    assert made.admit() == []
    assert [why for _, why in made.waiting()] == ["a guard", "a guard"]
    made.let_pass("call-1-0")
    assert [started.id for started, _ in made.admit()] == ["call-1-0"]
    assert made.withdraw("call-1-1")
    made.let_pass("call-1-1")
    assert made.admit() == []
