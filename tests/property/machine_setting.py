"""On what terms a run is played by hand: its tools, its policy, its limits. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from anyio.lowlevel import checkpoint

from millstream import Limits, Policy
from millstream.events import Record
from millstream.journal.memory import MemoryJournal
from tests.property.puppets import Terms


@dataclass(frozen=True)
class Setting:
    """On what terms a run is played."""

    tools: tuple[Terms, ...]
    policy: Policy = field(default_factory=Policy)
    max_concurrent: int = 32
    max_buffered: int = 1000
    approver: bool = False
    guarded: bool = False
    slow_journal: bool = False

    @property
    def limits(self) -> Limits:
        """Those of the run."""
        return Limits(
            max_concurrent_tools=self.max_concurrent,
            max_buffered_chars=self.max_buffered,
            cancel_grace_s=0.002,
            request_attempts=2,
            progress_interval_s=0,
        )


class SlowJournal(MemoryJournal):
    """Takes its time."""

    async def append(self, run_id: str, records: Sequence[Record]) -> None:
        """Add records to a run's log."""
        await checkpoint()
        self.add(run_id, records)


def with_names(tools: tuple[Terms, ...]) -> tuple[Terms, ...]:
    """The same tools, each with a name of its own that says what its body is."""
    return tuple(replace(one, name=f"{one.body}_{number}") for number, one in enumerate(tools))
