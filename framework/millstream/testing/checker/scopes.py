"""Takes a log apart into the runs in it: the run itself, and each run of a sub-agent under one of its calls (0).

A sub-agent runs inside a tool, so all its events stand while the call it serves is started and neither ended nor
waiting for another attempt. One call may run several sub-agents one after the other (each attempt begins anew); two at
the same time in the same scope could not be told apart. It knows of calls only whether they are at work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from millstream.events import (
    CallFailed,
    CallOpened,
    CallRetrying,
    CallReturned,
    CallStarted,
    Record,
    RunResumed,
    RunStarted,
    RunSuspended,
)
from millstream.testing.checker.run_log import TERMINAL_EVENTS, RunLog
from millstream.testing.checker.violation import Violation


@dataclass(slots=True)
class _Run:
    log: RunLog
    state: Literal["live", "suspended", "over", "cut"] = "live"
    at_work: set[str] = field(default_factory=set[str])
    reported: bool = False


class _Splitter:
    def __init__(self, *, complete: bool) -> None:
        self._complete = complete
        self._latest: dict[tuple[str, ...], _Run] = {}
        self.logs: list[RunLog] = []
        self.found: list[Violation] = []

    def take(self, record: Record) -> None:
        scope = record.scope
        run = self._latest.get(scope)
        if run is None or (scope and isinstance(record.event, RunStarted) and run.state != "live"):
            run = self._latest[scope] = _Run(RunLog(scope, whole=self._complete))
            self.logs.append(run.log)
        problem = self._misplaced(record, run) if scope and not run.reported else None
        if problem is not None:
            run.reported = True
            self.found.append(Violation(0, problem, record.seq))
        run.log.add(record)
        self._follow(record, run)

    def _misplaced(self, record: Record, run: _Run) -> str | None:
        *above, call_id = record.scope
        parent = self._latest.get(tuple(above))
        path = "/".join(record.scope)
        if parent is None:
            return f"an event in scope {path}, but the run above it has no record yet"
        story = parent.log.calls.get(call_id)
        if not parent.log.from_start and (story is None or (story.carried and story.end is None)):
            return None  # its start may lie before the log
        if call_id not in parent.at_work:
            return (
                f"an event in scope {path}, but call {call_id} is not at work: a sub-agent runs inside a started call"
            )
        if parent.state != "live":
            return f"an event in scope {path}, but the run above it is {parent.state}"
        if not run.log.records and isinstance(record.event, RunResumed):
            return f"the sub-agent in scope {path} was resumed, but its beginning is not in the log"
        return None

    def _follow(self, record: Record, run: _Run) -> None:
        match record.event:
            case RunStarted():
                run.state = "live"
            case RunResumed():
                run.state, run.log.whole = "live", self._complete
                self._cut_below(record.scope)
            case RunSuspended():
                run.state = "suspended"
                for path in self._cut_below(record.scope):
                    message = f"the run was suspended while the sub-agent of call {'/'.join(path)} had not ended"
                    self.found.append(Violation(0, message, record.seq))
            case event if isinstance(event, TERMINAL_EVENTS):
                run.state = "over"
            case CallOpened(call=call):
                for depth in range(len(record.scope)):
                    above = self._latest.get(record.scope[:depth])
                    if above is not None:
                        above.log.below.add(call)
            case CallStarted(call=call):
                run.at_work.add(call.id)
            case CallRetrying(call=call):
                run.at_work.discard(call.id)
            case CallReturned(call=call) | CallFailed(call=call):
                run.at_work.discard(call.id)
                below = self._latest.get((*record.scope, call.id))
                if below is not None and below.state == "live":
                    # Too late for an end: it is missing even in a log that goes on, and in a run that is resumed.
                    below.state, below.log.whole = "over", True
            case _:
                pass

    def _cut_below(self, scope: tuple[str, ...]) -> list[tuple[str, ...]]:
        # The process that ran these is gone; they may be resumed or begun anew, or never be heard of again.
        below = [
            path
            for path, run in self._latest.items()
            if run.state == "live" and len(path) > len(scope) and path[: len(scope)] == scope
        ]
        for path in below:
            self._latest[path].state, self._latest[path].log.whole = "cut", False
        return below


def split_runs(log: Iterable[Record], *, complete: bool) -> tuple[list[RunLog], list[Violation]]:
    """The runs in a log, the outermost first, and what is wrong with how they are nested."""
    splitter = _Splitter(complete=complete)
    for record in log:
        splitter.take(record)
    return splitter.logs, splitter.found
