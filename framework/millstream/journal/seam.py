"""The seam of a journal: what happened in a run, appended before it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from millstream.events import Record


class Journal(Protocol):
    """Append-only logs of runs, by run id. Records of one run come with strictly increasing `seq`."""

    async def append(self, run_id: str, records: Sequence[Record]) -> None:
        """Add records to a run's log. They are kept, as well as the journal keeps anything, when this returns.

        Where it raised, it may be called again with the same records and further ones: each `seq` is kept once. It is
        not cancelled, but given up after `Limits.journal_timeout_s`.
        """
        ...

    def read(self, run_id: str, after: int = 0) -> AsyncIterator[Record]:
        """The records of a run with a `seq` above `after`, oldest first, as far as they are there now."""
        ...
