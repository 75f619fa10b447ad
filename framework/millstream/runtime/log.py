"""The log of a run: numbers what happened, has it journaled, and hands it to the consumer.

Append, then emit: a record reaches the consumer only after the journal has it, and never changes. While the consumer
lags, deltas of one text that follow each other become one before they get a number. Emitting never waits, whoever does
it; reading a response waits in `room` when the consumer is too far behind.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import anyio
from anyio.lowlevel import checkpoint

from millstream.errors import RunError, UsageError
from millstream.events import (
    ArgsDelta,
    CallProgress,
    CallYielded,
    Event,
    OutputDelta,
    ReasoningDelta,
    Record,
    RefusalDelta,
    TextDelta,
)
from millstream.journal.memory import MemoryJournal
from millstream.journal.seam import Journal
from millstream.limits import Limits
from millstream.runtime.event_log import EventLog
from millstream.runtime.reminders import Reminders
from millstream.runtime.wake import Bell, Wake
from millstream.runtime.weight import weight

_Delta = TextDelta | ReasoningDelta | RefusalDelta | OutputDelta | ArgsDelta
_DELTAS: Final = (TextDelta, ReasoningDelta, RefusalDelta, OutputDelta, ArgsDelta)
_RECORDS_PER_CHECKPOINT: Final = 32


class Log:
    """One run's log.

    Args:
        run_id: under which the journal keeps it.
        journal: where records go before they count.
        now: the clock, in seconds; `at_s` counts from the moment the log is made.
        limits: how far the consumer may lag behind before `room` waits, and how long the journal may take.
        seq: the number of the last record of an earlier part of the run.
        observe: told of each record once the journal has it.
    """

    def __init__(
        self,
        run_id: str,
        journal: Journal,
        now: Callable[[], float],
        limits: Limits,
        seq: int = 0,
        observe: Callable[[Record], None] | None = None,
    ) -> None:
        self._run_id = run_id
        self._journal = journal
        self._now = now
        self._start = now()
        self._max_buffered = limits.max_buffered_chars
        self._timeout_s = limits.journal_timeout_s
        self._observe = observe
        self._seq = seq
        self._tail: _Tail | None = None  # deltas that have no number yet
        self._unwritten: list[Record] = []
        self._outbox: deque[Record] = deque()
        self._buffered = 0
        self._weights: deque[int] = deque()  # of what tools said and nobody took yet
        self._taken = 0
        self._taking = False
        self._awaited = False
        self._closed = False
        self._writing = anyio.Lock(fast_acquire=True)
        self._news = Wake()
        self._space = Bell()
        self.said_outside = Wake()
        """Set when something was emitted by code that can not flush: a tool's plain call, or a thread."""
        self.reminders = Reminders()
        """What such code wants done later; set `said_outside` after adding one."""
        self.on_consumer_wait: Callable[[], object] = _nothing
        """Called when the consumer begins to wait for news."""

    @property
    def next_seq(self) -> int:
        """The number of the next record."""
        return self._seq + 1

    @property
    def consumer_waits(self) -> bool:
        """Whether the consumer has taken every record, none being on its way to the journal, and waits for the next."""
        on_its_way = self._outbox or self._unwritten or self._tail is not None or self._writing.locked()
        return self._awaited and not on_its_way

    def emit(self, events: Sequence[Event], scope: tuple[str, ...] = ()) -> None:
        """Number events, in order. Call `flush` to have them journaled and delivered.

        `scope` is the path of the calls whose sub-agent they belong to.
        """
        for event in events:
            if isinstance(event, _DELTAS):
                if self._tail is not None and self._tail.takes(event, scope):
                    self._tail.pieces.append(event.text)
                else:
                    self._number_tail()
                    self._tail = _Tail(event, self._now(), scope)
                self._buffered += len(event.text)
            else:
                if isinstance(event, CallYielded | CallProgress):
                    self._weights.append(weight(event))
                    self._buffered += self._weights[-1]
                self._number_tail()
                self._number(event, self._now(), scope)

    async def flush(self) -> None:
        """Have everything emitted so far journaled and delivered, but deltas for which the consumer is not ready.

        Raises:
            RunError: the journal did not answer in time. What else it raises goes through.
        """
        if self._tail is not None and not self._outbox:
            self._number_tail()
        await self._write()

    async def flush_all(self) -> None:
        """As `flush`, deltas included."""
        self._number_tail()
        await self._write()

    @property
    def crowded(self) -> bool:
        """Whether the consumer is further behind than the bound allows."""
        return self._buffered > self._max_buffered and not self._closed

    async def room(self) -> None:
        """Wait while the consumer is further behind than the bound allows."""
        while self.crowded:
            await self._space.wait()

    @property
    def has_more(self) -> bool:
        """Whether there is something that the consumer has not taken."""
        return bool(self._outbox or self._unwritten) or self._tail is not None

    def give_up(self) -> None:
        """The journal fails: what it did not keep has not happened, and reaches nobody."""
        self._tail = None
        self._unwritten.clear()

    def close(self) -> None:
        """Nothing more will be emitted: the consumer ends after what is there."""
        self._closed = True
        self._news.set()
        self._space.ring()

    async def take(self) -> Record | None:
        """The next record, None after the last one of a closed log.

        Raises:
            UsageError: another task is taking: each would miss what the other has, and one would wait for ever.
        """
        if self._taking:
            raise UsageError("a run has one consumer: iterate over it in one task, and hand the events on from there")
        self._taking = True
        try:
            return await self._next()
        finally:
            self._taking = False

    async def _next(self) -> Record | None:
        while True:
            if self._outbox:
                self._taken += 1
                if self._taken % _RECORDS_PER_CHECKPOINT == 0:
                    await checkpoint()
                record = self._outbox.popleft()
                if isinstance(record.event, _DELTAS):
                    self._buffered -= len(record.event.text)
                elif isinstance(record.event, CallYielded | CallProgress):
                    self._buffered -= self._weights.popleft()
                if not self.crowded:
                    self._space.ring()
                return record
            if self._tail is not None or self._unwritten:
                await self.flush_all()
            elif self._closed:
                return None
            else:
                await self._wait_for_news()

    async def _wait_for_news(self) -> None:
        self._awaited = True
        self.on_consumer_wait()
        try:
            await self._news.wait()
        finally:
            self._awaited = False

    def _number(self, event: Event, at: float, scope: tuple[str, ...]) -> None:
        self._seq += 1
        self._unwritten.append(Record(self._seq, at - self._start, event, scope))

    def _number_tail(self) -> None:
        if self._tail is not None:
            tail, self._tail = self._tail, None
            self._number(tail.event(), tail.at, tail.scope)

    async def _write(self) -> None:
        if not self._unwritten and not self._writing.locked():
            return  # what is on its way in another task is waited for: it is not kept yet
        if type(self._journal) is MemoryJournal:  # which does not wait, so that nothing can come between
            batch, self._unwritten = self._unwritten, []
            self._journal.add(self._run_id, batch)
            self._deliver(batch)
            return
        async with self._writing:
            batch, self._unwritten = self._unwritten, []
            if not batch:
                return
            try:
                await self._append(batch)
            except BaseException:
                self._unwritten[:0] = batch
                raise
            self._deliver(batch)

    async def _append(self, batch: Sequence[Record]) -> None:
        """Have the journal keep records. Who leaves meanwhile waits for it: nobody would know what was kept."""
        with anyio.move_on_after(self._timeout_s, shield=True) as scope:
            await self._journal.append(self._run_id, batch)
        if scope.cancelled_caught:
            raise RunError(
                f"the journal did not keep {len(batch)} records within {self._timeout_s:g} s; "
                "look after it, or raise Limits.journal_timeout_s"
            )

    def _deliver(self, batch: Sequence[Record]) -> None:
        if self._observe is not None:
            for record in batch:
                self._observe(record)
        self._outbox.extend(batch)
        self._news.set()


def _nothing() -> None:
    pass


class _Tail:
    """Deltas of one text that follow each other, not yet one record."""

    __slots__ = ("at", "first", "pieces", "scope")

    def __init__(self, first: _Delta, at: float, scope: tuple[str, ...]) -> None:
        self.first = first
        self.at = at
        self.scope = scope
        self.pieces = [first.text]

    def takes(self, event: _Delta, scope: tuple[str, ...]) -> bool:
        """Whether `event` goes on with the same text."""
        first = self.first
        if type(event) is not type(first) or scope != self.scope:
            return False
        if isinstance(event, ArgsDelta) and isinstance(first, ArgsDelta):
            return event.call.id == first.call.id
        assert not isinstance(event, ArgsDelta)
        assert not isinstance(first, ArgsDelta)
        return event.item == first.item and event.turn == first.turn

    def event(self) -> _Delta:
        """All of them as one."""
        if len(self.pieces) == 1:
            return self.first
        text = "".join(self.pieces)
        if isinstance(self.first, ArgsDelta):
            return ArgsDelta(self.first.call, text)
        return type(self.first)(text, self.first.turn, self.first.item)


class Writer:
    """The task that flushes what was said by code that could not wait: a tool's plain call, a thread, a callback."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._scope = anyio.CancelScope()

    async def run(self) -> None:
        """Flush whenever something was said, and see to the reminders, until `stop`."""
        with self._scope:
            while True:
                with anyio.CancelScope(deadline=self._log.reminders.next_s):
                    await self._log.said_outside.wait()
                self._log.reminders.call_due(anyio.current_time())
                await self._log.flush_all()

    def stop(self) -> None:
        """Nothing more will be said."""
        self._scope.cancel()
