"""A journal in memory: it lasts as long as the process, and costs nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from millstream.events import Record


class MemoryJournal:
    """Keeps the logs of its runs in lists."""

    def __init__(self) -> None:
        self._logs: dict[str, list[Record]] = {}

    def add(self, run_id: str, records: Sequence[Record]) -> None:
        """As `append`, without waiting."""
        self._logs.setdefault(run_id, []).extend(records)

    async def append(self, run_id: str, records: Sequence[Record]) -> None:
        """Add records to a run's log."""
        self.add(run_id, records)

    async def read(self, run_id: str, after: int = 0) -> AsyncIterator[Record]:
        """The records of a run with a `seq` above `after`."""
        for record in list(self._logs.get(run_id, ())):
            if record.seq > after:
                yield record

    def records(self, run_id: str) -> list[Record]:
        """Every record of a run so far, without waiting."""
        return self._logs.get(run_id, [])
