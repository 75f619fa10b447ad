"""When and how often a tool runs (10): in its allowed state, once per attempt, reporting only while it is at work.

What a log shows of the state a call was started in:

- "eager": the call was sealed before. Shown exactly.
- "safe": sealed, and the model had moved on or finished well. A provider may say both before any event shows it (an
  item that opens is not an event, and a finish comes before `TurnEnded`), so a start is accepted if the response holds
  an event of a later call or item anywhere, or was closed with a reason that may be a good one, `TurnTorn.reason`
  included. It is refused only when its response is closed and shows neither. One legal log is refused with it: the
  next item opened without an event and the stream broke off right there, before any content and without a reason.
- "end": sealed, and `TurnEnded` came before, with a reason that may be a good one. Which reasons are good is the wire's
  knowledge; those that are good on no wire are refused.
- "streaming": the call was not sealed before, and it is once it returns. Shown exactly. That all other arguments had
  settled is not: which parameters a tool has is not in a log.

A second attempt needs `CallRetrying`, or a resumption of the run: what became of an attempt in another process is
not in the log, and neither is whether the tool is idempotent. A carried call may have any number of attempts behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from millstream.events import (
    ApprovalResolved,
    CallFailed,
    CallLogged,
    CallProgress,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallStarted,
    CallYielded,
    Denied,
    Rejected,
    Truncated,
    TurnEnded,
    TurnTorn,
)
from millstream.testing.checker.run_log import CallStory, RunLog, Step, TurnStory
from millstream.testing.checker.violation import Violation

_NEVER_GOOD = frozenset(
    {
        "",
        "cancelled",
        "content_filter",
        "error",
        "failed",
        "incomplete",
        "length",
        "max_output_tokens",
        "max_tokens",
        "refusal",
        "safety",
    }
)
"""Reasons, in lower case, after which no wire lets a tool start: errors, refusals, filters and lengths."""


def check_starts(run: RunLog) -> Iterator[Violation]:
    """Violations of when and how often tools were started."""
    for story in run.calls.values():
        progress = _Progress(run, story)
        for step in story.steps:
            for message in progress.take(step):
                yield Violation(10, message, step.seq)


@dataclass(slots=True)
class _Progress:
    """How far one call has come; `at_work` is None where a carried call's start may lie before the log."""

    run: RunLog
    story: CallStory
    sealed: bool = False
    attempt: int | None = None
    at_work: bool | None = False
    retrying: bool = False
    streamed: bool = False
    answered: bool = False
    last_start: int = -1

    def __post_init__(self) -> None:
        if self.story.carried:
            self.sealed, self.at_work = True, None
        else:
            self.attempt = 0

    def take(self, step: Step) -> Iterator[str]:
        label = self.story.label
        if self.story.ended_before(step.at):
            if isinstance(step.event, CallStarted):
                yield f"{label} was started after its end"
            return  # anything else after the end is the matter of 6
        match step.event:
            case CallSealed():
                self.sealed = True
            case ApprovalResolved(answer="answered"):
                self.answered = True
            case CallStarted() as event:
                yield from self._start(step.at, event)
            case CallRetrying(attempt=attempt):
                if self.at_work is False:
                    yield f"CallRetrying of {label}, which was not at work"
                elif self.attempt not in {None, attempt}:
                    yield f"{label} retries after attempt {attempt}, but attempt {self.attempt} was at work"
                self.at_work, self.retrying = False, True
            case CallProgress() | CallLogged() | CallYielded() as event:
                if self.at_work is False:
                    yield f"{event.type} of {label}, which was not at work"
            case CallReturned():
                yield from self._returned()
            case CallFailed(failure=Rejected() | Denied() | Truncated() as failure):
                if self._ran_here(step.at):
                    yield f"{label} ended as {failure.type}, which says that its tool did not run, but it was started"
            case _:
                pass

    def _returned(self) -> Iterator[str]:
        if self.at_work is False and not self.answered:
            yield f"{self.story.label} returned, but it was not at work and nobody answered it"
        elif self.streamed and not self.sealed:
            yield f"{self.story.label} returned, but its arguments were never sealed"

    def _ran_here(self, at: int) -> bool:
        # After a resumption a person may refuse to repeat an attempt whose end is unknown.
        resumed = self.run.resumed_between(self.last_start, at)
        return self.last_start >= 0 and not self.streamed and not resumed

    def _start(self, at: int, event: CallStarted) -> Iterator[str]:
        label = self.story.label
        if self.attempt is not None and event.attempt != self.attempt + 1:
            yield f"{label} was started as attempt {event.attempt}, but {self.attempt} came before"
        elif self.attempt and not self.retrying and not self.run.resumed_between(self.last_start, at):
            yield f"{label} was started again without CallRetrying"
        turn = self.run.turns.get(self.story.call.turn)
        torn = turn.closed_by if turn is not None and turn.closed_before(at) else None
        if isinstance(torn, TurnTorn) and self.story.call.id in torn.dropped:
            yield f"{label} was started after its torn response had dropped it"
        if not self.sealed and event.state != "streaming":
            yield f"{label} was started as {event.state!r}, but it was not sealed"
        elif self.sealed and event.state == "streaming":
            yield f"{label} was started as {event.state!r}, but it was sealed"
        elif turn is not None:
            problem = _state_problem(self.story, turn, event, at)
            if problem is not None:
                yield f"{label} was started as {event.state!r}, but {problem}"
        self.attempt, self.last_start = event.attempt, at
        self.at_work, self.retrying = True, False
        self.streamed = event.state == "streaming"


def _state_problem(story: CallStory, turn: TurnStory, event: CallStarted, at: int) -> str | None:
    closed_by = turn.closed_by
    if isinstance(closed_by, TurnEnded) and closed_by.blocked:
        return "its response did not pass moderation"
    match event.state:
        case "eager" | "streaming":
            return None
        case "safe":
            if closed_by is None or _may_end_well(closed_by) or _shows_later_item(story, turn):
                return None
            return "its response shows no later item and no good end"
        case "end":
            if turn.closed_before(at) and isinstance(closed_by, TurnEnded) and _may_end_well(closed_by):
                return None
            return "its response had not ended well"
        case _:
            assert_never(event.state)


def _may_end_well(closed_by: TurnEnded | TurnTorn) -> bool:
    return closed_by.reason is not None and closed_by.reason.lower() not in _NEVER_GOOD


def _shows_later_item(story: CallStory, turn: TurnStory) -> bool:
    opened_at = story.steps[0].at
    calls = turn.calls
    if story.call.id in calls and calls[-1] != story.call.id:
        return True
    # Items are numbered in the order of opening, so one with a number above all that were shown before the call may
    # have opened after it.
    before = max((item for item, at in turn.items.items() if at < opened_at), default=-1)
    return any(item > before for item in turn.items)
