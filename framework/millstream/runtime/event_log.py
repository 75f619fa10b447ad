"""The log of a run as those see it who write to it: they do not know whether it is part of another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from millstream.events import Event, Record
from millstream.runtime.reminders import Reminders
from millstream.runtime.wake import Wake


class EventLog(Protocol):
    """Takes what happened: `emit` it, then `flush`; see `runtime.log`."""

    said_outside: Wake
    """Set when something was emitted by code that can not flush: a tool's plain call, or a thread."""
    reminders: Reminders
    """What such code wants done later; set `said_outside` after adding one."""
    on_consumer_wait: Callable[[], object]
    """Called when the consumer begins to wait for news."""

    def emit(self, events: Sequence[Event], scope: tuple[str, ...] = ()) -> None:
        """Number events, in order. Call `flush` to have them journaled and delivered."""
        ...

    async def flush(self) -> None:
        """Have everything emitted so far journaled and delivered, but deltas for which the consumer is not ready."""
        ...

    async def flush_all(self) -> None:
        """As `flush`, deltas included."""
        ...

    @property
    def crowded(self) -> bool:
        """Whether the consumer is further behind than the bound allows."""
        ...

    @property
    def has_more(self) -> bool:
        """Whether there is something that the consumer has not taken."""
        ...

    @property
    def consumer_waits(self) -> bool:
        """Whether the consumer has taken every record and waits for the next one."""
        ...

    @property
    def next_seq(self) -> int:
        """The number of the next record."""
        ...

    async def room(self) -> None:
        """Wait while the consumer is further behind than the bound allows."""
        ...

    def give_up(self) -> None:
        """The journal fails: what it did not keep has not happened, and reaches nobody."""
        ...

    def close(self) -> None:
        """Nothing more will be emitted."""
        ...

    async def take(self) -> Record | None:
        """The next record, None after the last one of a closed log."""
        ...
