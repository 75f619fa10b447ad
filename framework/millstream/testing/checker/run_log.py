"""The log of one run, sorted by turns and by calls, for the rules to read. It judges nothing.

Positions (`at`) count the records of the run from 0; unlike `seq` they can be trusted in a log that is not well formed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from millstream.events import (
    AnnotationAdded,
    Call,
    CallEvent,
    CallFailed,
    CallOpened,
    CallReturned,
    OutputDelta,
    ReasoningDelta,
    Record,
    RefusalDelta,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunResumed,
    RunSuspended,
    ServerToolUpdated,
    TextDelta,
    TextReplaced,
    TurnEnded,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
)

ITEM_EVENTS = (TextDelta, TextReplaced, ReasoningDelta, RefusalDelta, AnnotationAdded, OutputDelta, ServerToolUpdated)
"""Events that belong to a numbered item of a response."""
TERMINAL_EVENTS = (RunFinished, RunFailed, RunCancelled, RunSuspended)
"""Events that end a run, for good or for now."""


class Step(NamedTuple):
    """One event of a call and where it stands."""

    at: int
    seq: int
    event: CallEvent


@dataclass(slots=True)
class CallStory:
    """All that a log says of one call; `steps` is never empty.

    `carried`: the call was opened in an earlier part of the run that is not in this log.
    """

    call: Call
    carried: bool
    steps: list[Step] = field(default_factory=list[Step])
    end: Step | None = None

    @property
    def opened(self) -> bool:
        """Whether its story is told from the beginning."""
        return isinstance(self.steps[0].event, CallOpened)

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"call {self.call.id} ({self.call.name})"

    def ended_before(self, at: int) -> bool:
        """Whether it had ended when the record at position `at` was written."""
        return self.end is not None and self.end.at < at


@dataclass(slots=True)
class TurnStory:
    """All that a log says of one response: its calls in the order of opening, its items and where each came first."""

    started_at: int
    closed_at: int | None = None
    closed_by: TurnEnded | TurnTorn | None = None
    restarted: bool = False
    items: dict[int, int] = field(default_factory=dict[int, int])
    calls: list[str] = field(default_factory=list[str])

    def closed_before(self, at: int) -> bool:
        """Whether it was over when the record at position `at` was written."""
        return self.closed_at is not None and self.closed_at < at


@dataclass(slots=True)
class RunLog:
    """The log of one run, without its sub-agents.

    `scope` is the path of calls it runs under; `whole` says whether its end must be in the log; `below` are the calls
    opened by the sub-agents under it.
    """

    scope: tuple[str, ...]
    records: list[Record] = field(default_factory=list[Record])
    whole: bool = True
    below: set[Call] = field(default_factory=set[Call])
    calls: dict[str, CallStory] = field(default_factory=dict[str, CallStory])
    turns: dict[int, TurnStory] = field(default_factory=dict[int, TurnStory])
    resumed_at: list[int] = field(default_factory=list[int])

    @property
    def from_start(self) -> bool:
        """False for the later part of a run, whose beginning is not in the log."""
        return not isinstance(self.records[0].event, RunResumed)

    def resumed_between(self, after: int, before: int) -> bool:
        """Whether the run was taken up again between two positions."""
        return any(after < at < before for at in self.resumed_at)

    def add(self, record: Record) -> None:
        """Take the next record of this run."""
        at = len(self.records)
        self.records.append(record)
        match record.event:
            case RunResumed():
                self.resumed_at.append(at)
            case TurnStarted(turn=turn):
                self.turns.setdefault(turn, TurnStory(at))
            case TurnEnded(turn=turn) | TurnTorn(turn=turn) as event:
                story = self.turns.get(turn)
                if story is not None and story.closed_by is None:
                    story.closed_at, story.closed_by = at, event
            case TurnRestarted(turn=turn) if turn in self.turns:
                self.turns[turn].restarted = True
            case event if isinstance(event, ITEM_EVENTS):
                if event.turn in self.turns:
                    self.turns[event.turn].items.setdefault(event.item, at)
            case event if isinstance(event, CallEvent):
                self._add_call(Step(at, record.seq, event))
            case _:
                pass

    def _add_call(self, step: Step) -> None:
        call = step.event.call
        story = self.calls.get(call.id)
        if story is None:
            begun = isinstance(step.event, CallOpened)
            carried = not begun and not self.from_start and call.turn not in self.turns
            story = self.calls[call.id] = CallStory(call, carried)
            if begun and call.turn in self.turns:
                self.turns[call.turn].calls.append(call.id)
        story.steps.append(step)
        if story.end is None and isinstance(step.event, CallReturned | CallFailed):
            story.end = step
