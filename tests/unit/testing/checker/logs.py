"""A terse way to write logs by hand: a list of events becomes a log, edits of one list make another.

Events are compared by identity in the edits, so that one of two equal events can be meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from millstream.events import (
    ArgsDelta,
    Call,
    CallKind,
    CallOpened,
    CallReturned,
    CallSealed,
    CallStarted,
    Event,
    JsonValue,
    Record,
    RunFinished,
    RunResumed,
    RunStarted,
    StartState,
    TextDelta,
    TurnEnded,
    TurnStarted,
    Usage,
)
from millstream.testing import Violation, check_records


@dataclass(frozen=True)
class Under:
    """An event of a sub-agent."""

    scope: tuple[str, ...]
    event: Event


Line: TypeAlias = Event | Under

RUN = RunStarted("run", "model", "hello", 1000.0)
RESUMED = RunResumed("run", 2000.0)
DONE = RunFinished("done", Usage())


def call(id_: str, turn: int = 1, index: int = 0, name: str = "weather", kind: CallKind = "function") -> Call:
    return Call(id_, turn, index, name, f"provider-{id_}", kind)


A = call("a")
B = call("b", index=1)
OPENED_A = CallOpened(A)
TEXT_A = ArgsDelta(A, '{"city": "Paris"}')
SEALED_A = CallSealed(A, {"city": "Paris"})
RETURNED_A = CallReturned(A, 21)


def started(
    one: Call, state: StartState = "eager", attempt: int = 1, digest: str = "d", reused_of: str | None = None
) -> CallStarted:
    return CallStarted(one, attempt, state, digest, reused_of)


STARTED_A = started(A)
WRITTEN_A: tuple[Event, ...] = (OPENED_A, TEXT_A, SEALED_A)
RAN_A: tuple[Event, ...] = (*WRITTEN_A, STARTED_A, RETURNED_A)

TURN_2: tuple[Event, ...] = (TurnStarted(2, ("a",)), TextDelta("21 degrees", 2, 0), TurnEnded(2, "stop"), DONE)
"""What follows a first response with call "a"."""
SUB_RUN: tuple[Event, ...] = (RunStarted("sub", "model", None, 1001.0), TurnStarted(1))
SUB_DONE: tuple[Event, ...] = (TurnEnded(1, "stop"), RunFinished("found", Usage()))
SUB_RESUMED = RunResumed("sub", 2001.0)


def ended(turn: int, reason: str = "stop") -> TurnEnded:
    return TurnEnded(turn, reason)


def written(one: Call, text: str = "{}", args: JsonValue = None) -> tuple[Event, ...]:
    return (CallOpened(one), ArgsDelta(one, text), CallSealed(one, {} if args is None else args))


def ran(one: Call, state: StartState = "eager") -> tuple[Event, ...]:
    return (*written(one), started(one, state), CallReturned(one, "ok"))


def under(scope: str, *events: Event) -> tuple[Under, ...]:
    """Events of the sub-agent that works for the call at `scope` ("a" or "a/b")."""
    return tuple(Under(tuple(scope.split("/")), event) for event in events)


def part(*lines: Line) -> tuple[Line, ...]:
    """Some lines of a log, on one line of a test."""
    return lines


def log(lines: Sequence[Line]) -> list[Record]:
    return [
        Record(seq, seq / 8, line.event, line.scope) if isinstance(line, Under) else Record(seq, seq / 8, line)
        for seq, line in enumerate(lines, 1)
    ]


def place(lines: Sequence[Line], line: Line) -> int:
    """Where exactly this line stands."""
    (found,) = (index for index, each in enumerate(lines) if each is line)
    return found


def without(lines: Sequence[Line], *dropped: Line) -> list[Line]:
    for line in dropped:
        place(lines, line)
    return [line for line in lines if not any(line is each for each in dropped)]


def swap(lines: Sequence[Line], old: Line, *new: Line) -> list[Line]:
    at = place(lines, old)
    return [*lines[:at], *new, *lines[at + 1 :]]


def before(lines: Sequence[Line], anchor: Line, *new: Line) -> list[Line]:
    return swap(lines, anchor, *new, anchor)


def after(lines: Sequence[Line], anchor: Line, *new: Line) -> list[Line]:
    return swap(lines, anchor, anchor, *new)


def assert_only(invariant: int, lines: Sequence[Line], at: Line) -> Violation:
    """The log breaks this invariant in one place, the record of `at`, and nothing else. Gives what was found."""
    records = log(lines)
    found = check_records(records)
    assert [(each.invariant, each.seq) for each in found] == [(invariant, place(lines, at) + 1)], found
    return found[0]


def assert_good(lines: Sequence[Line]) -> None:
    assert check_records(log(lines)) == []
