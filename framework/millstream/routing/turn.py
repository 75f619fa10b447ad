"""The life of one response and of each of its calls, as one table: what is not in it can not happen.

    receiving ── CallSealed ──▶ sealed ── CallStarted ──▶ running ── CallReturned, CallFailed ──▶ ended
        │                         │ ▲                       │ ▲
        │ CallStarted             │ └ ApprovalRequested     │ └ CallStarted, the next attempt
        ▼                         ▼   ApprovalResolved ┐    ▼
    streaming ── CallSealed ─▶ running    asked ───────┘  retrying

    sealed or answered ── AnswerRequested ──▶ deferred ── ApprovalResolved ──▶ answered ── CallReturned ──▶ ended

A call may fail from every state but the last. It knows neither tasks nor texts: a run shows it every event before the
event counts, and an event it does not allow is a bug, or the late word of a tool whose call is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallEnded,
    CallEvent,
    CallFailed,
    CallLogged,
    CallOpened,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallStarted,
    CallYielded,
)

CallState: TypeAlias = Literal[
    "unopened", "receiving", "streaming", "sealed", "asked", "deferred", "answered", "running", "retrying", "ended"
]

_RECEIVING: Final[dict[type[CallEvent], CallState]] = {
    ArgsDelta: "receiving",
    ArgsReplaced: "receiving",
    ArgSettled: "receiving",
    CallSealed: "sealed",
    CallStarted: "streaming",
    CallFailed: "ended",
}
_RUNNING: Final[dict[type[CallEvent], CallState]] = {
    CallProgress: "running",
    CallLogged: "running",
    CallYielded: "running",
    CallRetrying: "retrying",
    CallReturned: "ended",
    CallFailed: "ended",
}
LIFE: Final[Mapping[CallState, Mapping[type[CallEvent], CallState]]] = {
    "unopened": {CallOpened: "receiving"},
    "receiving": _RECEIVING,
    "streaming": {
        ArgsDelta: "streaming",
        ArgsReplaced: "streaming",
        ArgSettled: "streaming",
        CallProgress: "streaming",
        CallLogged: "streaming",
        CallYielded: "streaming",
        CallSealed: "running",
        CallFailed: "ended",
    },
    "sealed": {
        ApprovalRequested: "asked",
        AnswerRequested: "deferred",
        CallQueued: "sealed",
        CallStarted: "running",
        CallReturned: "ended",  # from the ledger, or a client's answer
        CallFailed: "ended",
    },
    "asked": {ApprovalResolved: "answered", CallQueued: "asked", CallFailed: "ended"},
    "deferred": {ApprovalResolved: "answered", CallFailed: "ended"},
    "answered": {
        CallQueued: "answered",
        AnswerRequested: "deferred",
        CallStarted: "running",
        CallReturned: "ended",
        CallFailed: "ended",
    },
    "running": _RUNNING,
    "retrying": {CallStarted: "running", CallQueued: "retrying", CallFailed: "ended"},
    "ended": {},
}
"""State -> event -> next state; an event that is absent can not happen."""


class IllegalEvent(Exception):
    """A call was told something that its state does not allow: a bug of millstream."""


class Turn:
    """The calls of one response, from their opening to their ends."""

    def __init__(self) -> None:
        self._states: dict[str, CallState] = {}
        self._ends: dict[str, CallEnded] = {}
        self._started: set[str] = set()

    def state(self, call_id: str) -> CallState:
        """Where a call is in its life."""
        return self._states.get(call_id, "unopened")

    def started(self, call_id: str) -> bool:
        """Whether a tool was ever started for the call, or the call was handed out to be answered elsewhere."""
        return call_id in self._started

    def allows(self, event: CallEvent) -> bool:
        """Whether the call's state allows the event."""
        return type(event) in LIFE[self.state(event.call.id)]

    def observe(self, event: CallEvent) -> None:
        """Take an event into the record of its call.

        Raises:
            IllegalEvent: the state of the call does not allow it.
        """
        state = self.state(event.call.id)
        after = LIFE[state].get(type(event))
        if after is None:
            allowed = ", ".join(kind.__name__ for kind in LIFE[state]) or "nothing"
            raise IllegalEvent(f"{type(event).__name__} for {event.call.id}, which is {state}: allowed are {allowed}")
        self._states[event.call.id] = after
        if isinstance(event, CallStarted | AnswerRequested):
            self._started.add(event.call.id)
        if isinstance(event, CallEnded):
            self._ends[event.call.id] = event

    def adopt(self, call_id: str, state: CallState) -> None:
        """Take up a call of an earlier part of the run, where it was left."""
        self._states[call_id] = state

    def end(self, call_id: str) -> CallEnded | None:
        """How a call ended, None while it has not."""
        return self._ends.get(call_id)

    @property
    def owed(self) -> tuple[str, ...]:
        """The ids of the calls without an end, in call order."""
        return tuple(call_id for call_id, state in self._states.items() if state != "ended")

    @property
    def ends(self) -> tuple[CallEnded, ...]:
        """The ends so far, in call order whatever order they came in."""
        return tuple(self._ends[call_id] for call_id in self._states if call_id in self._ends)
