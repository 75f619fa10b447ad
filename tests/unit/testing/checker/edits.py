"""What mutations of a log are made of: finding events in the lines of a run, and putting others in their place.

Only the outermost run is looked at, sub-agents aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from millstream import events
from millstream.events import Call, CallEvent, Event

from .random_runs import Line

Lines: TypeAlias = list[Line]
Mutation: TypeAlias = Callable[[Lines], Iterator[Lines]]

MUTATIONS: list[tuple[int, Mutation]] = []
"""The invariant that must be found broken, and how it was broken."""

TERMINAL = (events.RunFinished, events.RunFailed, events.RunCancelled)
CLOSING = (events.TurnEnded, events.TurnTorn)
REPORTS = (events.CallProgress, events.CallLogged)
ENDS = (events.CallReturned, events.CallFailed)


def breaks(invariant: int) -> Callable[[Mutation], Mutation]:
    def register(mutation: Mutation) -> Mutation:
        MUTATIONS.append((invariant, mutation))
        return mutation

    return register


def edited(lines: Lines, at: int, *new: Event) -> Lines:
    """The line at this place replaced."""
    return [*lines[:at], *(((), event) for event in new), *lines[at + 1 :]]


def swapped(lines: Lines, one: int, other: int) -> Lines:
    copy = list(lines)
    copy[one], copy[other] = lines[other], lines[one]
    return copy


def of_root(lines: Lines, *kinds: type[Event]) -> Iterator[tuple[int, Any]]:
    """The events of these kinds and where they stand; the caller knows what they have."""
    return ((at, event) for at, (scope, event) in enumerate(lines) if not scope and isinstance(event, kinds))


def story(lines: Lines, call: Call) -> list[tuple[int, CallEvent]]:
    return [
        (at, event)
        for at, (scope, event) in enumerate(lines)
        if not scope and isinstance(event, CallEvent) and event.call.id == call.id
    ]


def next_of(lines: Lines, at: int, call: Call) -> tuple[int, CallEvent] | None:
    return next((step for step in story(lines, call) if step[0] > at), None)


def follows(lines: Lines, at: int, call: Call, *kinds: type[Event]) -> bool:
    return any(step > at and isinstance(event, kinds) for step, event in story(lines, call))
