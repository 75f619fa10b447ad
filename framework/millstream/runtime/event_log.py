"""The log of a run as those see it who write to it: they do not know whether it is part of another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from millstream.events import Event, Record
from millstream.runtime.wake import Wake


class EventLog(Protocol):
    """Takes what happened: `emit` it, then `flush`; see `runtime.log`."""

    said_outside: Wake
    """Set when something was emitted by code that can not flush: a tool's plain call, or a thread."""

    def emit(self, events: Sequence[Event], scope: tuple[str, ...] = ()) -> None:
        """Number events, in order. Call `flush` to have them journaled and delivered."""
        ...

    async def flush(self) -> None:
        """Have everything emitted so far journaled and delivered, but deltas for which the consumer is not ready."""
        ...

    async def flush_all(self) -> None:
        """As `flush`, deltas included."""
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
