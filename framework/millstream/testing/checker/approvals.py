"""What people decide (11): where approval was asked, it comes before the start and binds the exact arguments.

The same holds for the call of a deferred tool: it is handed out (`AnswerRequested`) with the arguments that were
approved, if it was asked, and is then answered or denied.

Digests are only compared with one another. That a tool which needs approval was asked about at all is not in a log. A
resolution without a request is what a person says unasked (an answer to a client-side tool, say); it binds as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    CallEnded,
    CallFailed,
    CallRetrying,
    CallSealed,
    CallStarted,
    Denied,
)
from millstream.testing.checker.run_log import CallStory, RunLog, Step
from millstream.testing.checker.violation import Violation


def check_approvals(run: RunLog) -> Iterator[Violation]:
    """Violations of what people decided."""
    for story in run.calls.values():
        approval = _Approval(run, story)
        for step in story.steps:
            for message in approval.take(step):
                yield Violation(11, message, step.seq)


@dataclass(slots=True)
class _Approval:
    """What was asked and decided about one call so far."""

    run: RunLog
    story: CallStory
    asked: bool = False
    handed_out: bool = False
    decision: ApprovalResolved | None = None
    decided_at: int = -1
    sealed: bool = False
    started_at: int | None = None

    def __post_init__(self) -> None:
        self.sealed = self.story.carried

    def take(self, step: Step) -> Iterator[str]:
        label = self.story.label
        if self.story.ended_before(step.at):
            return  # what follows the end of a call is the matter of 6 and 10
        match step.event:
            case CallSealed():
                self.sealed = True
            case ApprovalRequested():
                if not self.sealed:
                    yield f"approval of {label} was asked before its arguments were sealed"
                if self.started_at is not None and not self.run.resumed_between(self.started_at, step.at):
                    yield f"approval of {label} was asked while its tool was at work"
                self.asked, self.decision = True, None
            case AnswerRequested(digest=digest):
                yield from self._hand_out(digest)
                self.asked, self.handed_out, self.decision = True, True, None
            case ApprovalResolved() as event:
                if self.handed_out and event.answer == "approved":
                    yield f"{label} was approved, but it was handed out and waits for its result"
                if self.decision is not None and not self.run.resumed_between(self.decided_at, step.at):
                    yield f"{label} was {event.answer} after it had been {self.decision.answer}"
                self.decision, self.decided_at = event, step.at
            case CallStarted(digest=digest):
                yield from self._start(digest)
                self.started_at = step.at
            case CallRetrying():
                self.started_at = None
            case CallEnded() as event:
                if self.decision is not None and self.decision.answer == "denied" and not _is_denied(event):
                    yield f"{label} was denied, but did not end as CallFailed(Denied)"
            case _:
                pass

    def _hand_out(self, digest: str) -> Iterator[str]:
        if not self.sealed:
            yield f"{self.story.label} was handed out before its arguments were sealed"
        else:
            yield from self._start(digest)

    def _start(self, digest: str) -> Iterator[str]:
        label = self.story.label
        if self.decision is None:
            if self.asked:
                yield f"{label} was started before its approval was resolved"
        elif self.decision.answer != "approved":
            yield f"{label} was started although it had been {self.decision.answer}"
        elif self.decision.digest != digest:
            yield f"{label} was started with arguments {digest}, but approved with {self.decision.digest}"


def _is_denied(event: CallEnded) -> bool:
    return isinstance(event, CallFailed) and isinstance(event.failure, Denied)
