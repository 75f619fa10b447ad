"""The way on which what a tool says reaches the log of its run, from whatever thread it is said.

It knows neither tools nor how much of it may be said: `runtime.progress` and `runtime.yielding` see to that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from millstream.events import CallEvent
from millstream.runtime.turn_log import TurnLog
from millstream.runtime.wake import loop_clock


class Outlet(Protocol):
    """What the words of a tool need of its run."""

    @property
    def crowded(self) -> bool:
        """Whether the consumer is further behind than the bound allows; may be asked in any thread."""
        ...

    def say(self, event: CallEvent, /) -> None:
        """Emit an event, from any thread, without waiting; dropped where the call's state does not allow it."""
        ...

    def do(self, function: Callable[[], object], /) -> None:
        """Call `function` on the thread of the event loop: now if this is it, else soon."""
        ...

    def later(self, at_s: float, function: Callable[[], object], /) -> None:
        """Call `function` once it is `at_s`; to be asked on the thread of the event loop."""
        ...

    def now(self) -> float:
        """The time of the event loop, on its thread, in seconds."""
        ...

    async def room(self) -> None:
        """Wait while it is crowded."""
        ...


class LogOutlet:
    """Into the log of one response."""

    def __init__(self, log: TurnLog) -> None:
        self.say: Callable[[CallEvent], None] = log.say
        self.do: Callable[[Callable[[], object]], None] = log.do
        self.later: Callable[[float, Callable[[], object]], None] = log.later
        self.now: Callable[[], float] = loop_clock()
        self._log = log

    @property
    def crowded(self) -> bool:
        """Whether the consumer is further behind than the bound allows."""
        return self._log.crowded

    async def room(self) -> None:
        """Wait while it is crowded."""
        await self._log.room()
