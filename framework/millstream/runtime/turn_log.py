"""The log of one response: every event of a call is checked against the call's life before it is emitted."""

from __future__ import annotations

from collections.abc import Callable

from millstream.events import CALL_EVENTS, CallEvent, Event
from millstream.routing.turn import Turn
from millstream.runtime.event_log import EventLog
from millstream.runtime.wake import LoopThread


class TurnLog:
    """Emits the events of one response into the log of its run."""

    def __init__(self, log: EventLog) -> None:
        self.turn = Turn()
        """The lives of the calls."""
        self._log = log
        self._loop = LoopThread()

    def emit(self, *events: Event) -> None:
        """Emit events; `flush` has them journaled and delivered.

        Raises:
            IllegalEvent: a call's state does not allow an event: a bug.
        """
        for event in events:
            if isinstance(event, CALL_EVENTS):
                self.turn.observe(event)
        self._log.emit(events)

    def say(self, event: CallEvent) -> None:
        """Emit a word of a tool, from any thread, without waiting. After the end of its call it is dropped."""

        def say() -> None:
            if self.turn.allows(event):
                self.emit(event)
                self._log.said_outside.set()

        self._loop.do(say)

    def do(self, function: Callable[[], object]) -> None:
        """Call `function` on the thread of the event loop: now if this is it, else soon."""
        self._loop.do(function)

    def later(self, at_s: float, function: Callable[[], object]) -> None:
        """Call `function` once it is `at_s`, from the thread of the event loop."""
        self._log.reminders.add(at_s, function)
        self._log.said_outside.set()

    @property
    def crowded(self) -> bool:
        """Whether the consumer is further behind than the bound allows."""
        return self._log.crowded

    async def room(self) -> None:
        """Wait while it is crowded."""
        await self._log.room()

    def end(self, event: CallEvent) -> None:
        """Emit where nobody may flush: the log's own task will."""
        self.emit(event)
        self._log.said_outside.set()

    @property
    def consumer_waits(self) -> bool:
        """Whether the consumer has taken every record and waits for the next one."""
        return self._log.consumer_waits

    def watch_consumer(self, tell: Callable[[], object]) -> None:
        """Have `tell` called, from now on instead of any other, whenever the consumer begins to wait."""
        self._log.on_consumer_wait = tell

    async def flush(self) -> None:
        """Have everything emitted so far journaled and delivered."""
        await self._log.flush_all()
