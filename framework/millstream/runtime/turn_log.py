"""The log of one response: every event of a call is checked against the call's life before it is emitted."""

from __future__ import annotations

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

    def end(self, event: CallEvent) -> None:
        """Emit where nobody may flush: the log's own task will."""
        self.emit(event)
        self._log.said_outside.set()

    async def flush(self) -> None:
        """Have everything emitted so far journaled and delivered."""
        await self._log.flush_all()
