"""An outlet that keeps what is said, on the event loop of the test, with room as the test wants it."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from millstream.events import CallEvent
from millstream.runtime.reminders import Reminders
from millstream.runtime.wake import LoopThread


class Kept:
    """What was said and when, by a clock that goes on when the test says so."""

    def __init__(self) -> None:
        self.time_s = 100.0
        self.said: list[CallEvent] = []
        self.at_s: list[float] = []
        self.crowded = False
        self.crowded_after: int | None = None
        """So many events make it crowded."""
        self._space = anyio.Event()
        self._reminders = Reminders()
        self._loop = LoopThread()

    def say(self, event: CallEvent) -> None:
        self._loop.do(lambda: self._keep(event))

    def _keep(self, event: CallEvent) -> None:
        self.said.append(event)
        self.at_s.append(self.now())
        if self.crowded_after is not None and len(self.said) >= self.crowded_after:
            self.crowded = True

    def do(self, function: Callable[[], object]) -> None:
        self._loop.do(function)

    def later(self, at_s: float, function: Callable[[], object]) -> None:
        self._reminders.add(at_s, function)

    def now(self) -> float:
        return self.time_s

    def wait_until(self, time_s: float) -> None:
        """Time passes, and what is due happens."""
        while self._reminders.next_s <= time_s:
            self.time_s = self._reminders.next_s
            self._reminders.call_due(self.time_s)
        self.time_s = time_s

    async def room(self) -> None:
        while self.crowded:
            await self._space.wait()

    def make_room(self) -> None:
        """The consumer has caught up."""
        self.crowded, self.crowded_after = False, None
        self._space.set()
        self._space = anyio.Event()
