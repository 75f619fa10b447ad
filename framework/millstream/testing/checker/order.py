"""Rules of the whole log, whatever its events say: numbers rise, time does not run backwards (0).

It does not know runs, turns or calls. A resumed run may have been moved to another machine, so the clock is not
compared across a `RunResumed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from millstream.events import Record, RunResumed
from millstream.testing.checker.violation import Violation


def check_order(log: Iterable[Record]) -> Iterator[Violation]:
    """Violations of the order of a log, over all its scopes."""
    last_seq: int | None = None
    last_s = 0.0
    for record in log:
        if last_seq is not None and record.seq <= last_seq:
            yield Violation(0, f"seq {record.seq} follows {last_seq}: numbers must strictly increase", record.seq)
        if not record.scope and isinstance(record.event, RunResumed):
            last_s = 0.0
        # Written so that a NaN is caught too.
        if not last_s <= record.at_s < float("inf"):
            yield Violation(0, f"at_s {record.at_s} follows {last_s}: time must not run backwards", record.seq)
        last_seq, last_s = record.seq, record.at_s
