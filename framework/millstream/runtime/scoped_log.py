"""The log of a run within another: everything goes into the log around it, marked with the call that it serves.

Numbers, journal, buffer and consumer are those of the log around it, which may itself be part of another. It knows
nothing of agents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from millstream.errors import UsageError
from millstream.events import Event
from millstream.runtime.event_log import EventLog
from millstream.runtime.reminders import Reminders
from millstream.runtime.wake import Wake


class ScopedLog:
    """The part of a log that belongs to what runs under one call.

    Args:
        around: the log of the run that the call belongs to.
        call_id: the call.
    """

    def __init__(self, around: EventLog, call_id: str) -> None:
        self.said_outside = Wake()
        self.reminders = Reminders()
        self.on_consumer_wait: Callable[[], object] = lambda: None
        self._around = around
        self._call_id = call_id

    def emit(self, events: Sequence[Event], scope: tuple[str, ...] = ()) -> None:
        """Number events, in order, in the log around."""
        self._around.emit(events, (self._call_id, *scope))

    async def flush(self) -> None:
        """Have everything emitted so far journaled and delivered, but deltas for which the consumer is not ready."""
        await self._around.flush()

    async def flush_all(self) -> None:
        """As `flush`, deltas included."""
        await self._around.flush_all()

    @property
    def crowded(self) -> bool:
        """Whether the one consumer of all is further behind than the bound allows."""
        return self._around.crowded

    @property
    def has_more(self) -> bool:
        """Whether there is something that the one consumer of all has not taken."""
        return self._around.has_more

    @property
    def consumer_waits(self) -> bool:
        """No: nobody answers the calls of a sub-agent from outside, so that nothing waits for that."""
        return False

    @property
    def next_seq(self) -> int:
        """The number of the next record of the log around."""
        return self._around.next_seq

    async def room(self) -> None:
        """Wait while the one consumer of all is further behind than the bound allows."""
        await self._around.room()

    def give_up(self) -> None:
        """The run around it finds out by itself that the journal fails."""

    def close(self) -> None:
        """The log around it goes on."""

    async def take(self) -> NoReturn:
        """The consumer of the log around it has the records of this one, too.

        Raises:
            UsageError: always.
        """
        raise UsageError("what a sub-agent does is in the log of the run around it: iterate over run.follow() of that")
