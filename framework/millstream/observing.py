"""The seam for those who watch the runs of an agent from within: tracing, above all. Nothing here waits."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from millstream.events import Record


class RunObserver(Protocol):
    """Watches one run, on its event loop. What it raises ends the run."""

    def feed(self, record: Record) -> None:
        """Take the next record, in order, before the consumer has it and before the tool of a `CallStarted` runs."""
        ...

    def at_work(self, call_id: str, scope: tuple[str, ...] = ()) -> AbstractContextManager[None]:
        """Entered around each attempt of a tool, in its task; `scope` is that of the records about it."""
        ...


class Observer(Protocol):
    """Watches the runs of an agent: `Agent(…, observer=…)`."""

    def begin(self, agent: str) -> RunObserver:
        """What watches one run, which begins now; `agent` is its name."""
        ...
