"""The seam of a journal: what happened in a run, appended before it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from millstream.events import Record


class Journal(Protocol):
    """Append-only logs of runs, by run id. Records of one run come with strictly increasing `seq`."""

    async def append(self, run_id: str, records: Sequence[Record]) -> None:
        """Add records to a run's log. They are kept, as well as the journal keeps anything, when this returns."""
        ...

    def read(self, run_id: str, after: int = 0) -> AsyncIterator[Record]:
        """The records of a run with a `seq` above `after`, oldest first, as far as they are there now."""
        ...
