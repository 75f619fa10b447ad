"""The invariants of a run's log, checked by the framework's own checker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from millstream import testing
from millstream.events import (
    CallEnded,
    CallEvent,
    CallOpened,
    Record,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    RunSuspended,
    TurnEnded,
    TurnStarted,
    TurnTorn,
)

_LAST = (RunFinished, RunFailed, RunCancelled, RunSuspended)


def assert_lawful(records: Sequence[Record], *, complete: bool = True) -> None:
    """Nothing in the log breaks an invariant."""
    found = _check(records, complete=complete)
    assert not found, "\n".join(map(str, found)) + "\n\n" + "\n".join(map(str, records))


def _check(records: Sequence[Record], *, complete: bool) -> list[Any]:
    checker = cast("Callable[..., list[Any]] | None", getattr(testing, "check_records", None))
    return checker(records, complete=complete) if checker is not None else _check_form(records, complete=complete)


def _check_form(records: Sequence[Record], *, complete: bool) -> list[str]:
    """The least that must hold: numbers, one start, one end, each call and each turn closed once."""
    found: list[str] = []
    numbers = [record.seq for record in records]
    if numbers != sorted(set(numbers)):
        found.append(f"the numbers do not increase: {numbers}")
    events = [record.event for record in records]
    if not events or not isinstance(events[0], RunStarted):
        found.append("the log does not begin with RunStarted")
    lasts = [event for event in events if isinstance(event, _LAST)]
    if complete and (lasts != events[-1:]):
        found.append(f"the log does not end with its one last event: {lasts}")
    open_calls: set[str] = set()
    ended: set[str] = set()
    open_turn: int | None = None
    for event in events:
        if isinstance(event, CallOpened):
            open_calls.add(event.call.id)
        elif isinstance(event, CallEnded) and event.call.id in open_calls:
            open_calls.remove(event.call.id)
            ended.add(event.call.id)
        elif isinstance(event, CallEvent) and event.call.id not in open_calls:
            found.append(f"{event.type} of a call that is not open: {event.call.id}")
        elif isinstance(event, TurnStarted):
            if open_turn is not None:
                found.append(f"turn {open_turn} was not closed")
            open_turn = event.turn
        elif isinstance(event, TurnEnded | TurnTorn):
            if open_turn != event.turn:
                found.append(f"{event.type} of turn {event.turn}, open is {open_turn}")
            open_turn = None
    if complete and open_calls:
        found.append(f"calls without an end: {open_calls}")
    if complete and open_turn is not None and isinstance(events[-1], RunFinished):
        found.append(f"turn {open_turn} was not closed")
    return found
