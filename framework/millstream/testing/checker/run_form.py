"""The life of one run (0): a first event, exactly one end, nothing after it but the resumption of a suspended run.

`RunResumed` without `RunSuspended` is what an interrupted run leaves behind: its process died, another took over. A log
can not show that it did not. It knows nothing of turns and calls.
"""

from __future__ import annotations

from collections.abc import Iterator

from millstream.events import Record, RunResumed, RunStarted, RunSuspended
from millstream.testing.checker.run_log import TERMINAL_EVENTS, RunLog
from millstream.testing.checker.violation import Violation


def check_run_form(run: RunLog) -> Iterator[Violation]:
    """Violations of the life of a run."""
    first = run.records[0]
    run_id = first.event.run_id if isinstance(first.event, RunStarted | RunResumed) else None
    if run_id is None:
        yield Violation(0, f"the run begins with {first.event.type}, not with RunStarted or RunResumed", first.seq)
    end: Record | None = None
    for at, record in enumerate(run.records):
        event = record.event
        if isinstance(event, RunStarted) and at > 0 and end is None:
            yield Violation(0, "RunStarted in the middle of a run", record.seq)
        if isinstance(event, RunResumed) and run_id not in {None, event.run_id}:
            yield Violation(0, f"run {run_id} was resumed as {event.run_id}: the id stays the same", record.seq)
        if end is not None and not (isinstance(end.event, RunSuspended) and isinstance(event, RunResumed)):
            yield Violation(0, f"{event.type} after {end.event.type}, which ends the run", record.seq)
            return  # one stray record is a fault, all that follow it are the same one
        end = record if isinstance(event, TERMINAL_EVENTS) else None
    if run.whole and end is None:
        names = ", ".join(kind.__name__ for kind in TERMINAL_EVENTS)
        yield Violation(0, f"the run has no end: one of {names} must be last", run.records[-1].seq)
