"""A run: one background task that turns the loop, and the consumer's side of it.

`async with` owns the tasks, `async for` takes the events. Leaving the block early leaves nothing alive. A failure is
an event first and is then raised in the consumer's frame. No async generator owns a task group or a cancel scope.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup

from millstream.errors import MillstreamError, RunClosed, RunError, WireError
from millstream.events import (
    Call,
    Event,
    Record,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    TextDelta,
    Usage,
)
from millstream.journal.memory import MemoryJournal
from millstream.journal.seam import Journal
from millstream.runtime.conversation import Conversation
from millstream.runtime.groups import leave, only_leaf
from millstream.runtime.handle import CallHandle
from millstream.runtime.log import Log, Writer
from millstream.runtime.loop import TurnLoop
from millstream.runtime.response import Response
from millstream.runtime.transports import Transports
from millstream.runtime.wake import loop_clock
from millstream.transcript import Transcript
from millstream.transport.seam import Transport

_ENTER = "a run is entered first: async with agent.stream(prompt) as run: async for event in run: …"


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with. `transport` is one that somebody else keeps open, None for one of the run's own."""

    run_id: str
    prompt: str | None
    transcript: Transcript
    journal: Journal | None = None
    transport: Transport | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished run left. `output` is what it was for: the text of the answer (or its refusal)."""

    output: Any
    text: str
    calls: dict[str, CallHandle]
    usage: Usage
    transcript: Transcript = field(repr=False)
    records: list[Record] = field(repr=False)
    run_id: str


class Run:
    """A run in progress. Made by `agent.stream(prompt)`; enter it, then iterate over its events.

    Raises, from the iteration:
        RunClosed: it was not entered, or was left.
        WireError: the provider failed; `error.transcript` holds what was said and done.
        RunError: a limit was reached.
    """

    def __init__(self, conversation: Conversation, start: Start) -> None:
        self.run_id = start.run_id
        self.output: Any = None
        """What the run was for, once it is finished."""
        self._conversation = conversation
        self._start = start
        self._memory = MemoryJournal()
        self._tasks: TaskGroup | None = None
        self._log: Log | None = None
        self._loop: TurnLoop | None = None
        self._responses: dict[int, Response] = {}
        self._handles: dict[str, CallHandle] = {}
        self._scope: anyio.CancelScope | None = None
        self._cancel_reason = "the run was left"
        self._failure: BaseException | None = None
        self._left = False

    # --- the consumer's side ---

    async def __aenter__(self) -> Self:
        if self._tasks is not None:
            raise RunClosed("a run is entered once: call agent.stream(prompt) again for another")
        limits = self._conversation.limits
        journal = self._start.journal if self._start.journal is not None else self._memory
        self._log = Log(self.run_id, journal, loop_clock(), limits)
        self._loop = TurnLoop(self._conversation, self._start.transcript, self._log, self._on_response)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._drive, name=f"run {self.run_id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._tasks is not None, "exit follows enter"
        self._left = True
        await leave(self._tasks, kind, error, traceback)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return (await self._next()).event

    async def _next(self) -> Record:
        if self._log is None:
            raise RunClosed(_ENTER)
        if self._left:
            raise RunClosed("the run was left: iterate within its async with block")
        record = await self._log.take()
        if record is not None:
            return record
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        raise StopAsyncIteration

    def follow(self) -> AsyncIterator[Record]:
        """The events with their numbers and times, instead of iterating over the run itself."""
        return _Records(self._next)

    async def text_stream(self) -> AsyncIterator[str]:
        """Only the text of the answer, as it is written."""
        async for event in self:
            if isinstance(event, TextDelta):
                yield event.text

    def cancel(self, call_id: str | None = None, reason: str = "cancelled by the caller") -> bool:
        """Cancel one call while the others go on, or, without an id, the whole run. False where there is none left."""
        if call_id is None:
            if self._scope is None or self._left:
                return False
            self._cancel_reason = reason
            self._scope.cancel()
            return True
        handle = self.calls.get(call_id)
        return handle is not None and handle.cancel(reason)

    @property
    def calls(self) -> dict[str, CallHandle]:
        """The live view of every call so far, by call id, in call order."""
        for response in self._responses.values():
            for call_id, routed in response.router.calls.items():
                if call_id not in self._handles:
                    self._handles[call_id] = CallHandle(routed.call, response)
        return self._handles

    @property
    def text(self) -> str:
        """The text of the answer so far: that of the latest response, or its refusal where it says nothing else.

        An answer that the provider interrupted is that of all its responses.
        """
        texts: list[str] = []
        for response in reversed(self._responses.values()):
            if texts and not response.goes_on:
                break
            texts.insert(0, response.text)
        return "".join(texts)

    @property
    def usage(self) -> Usage:
        """Tokens so far, over all responses that have ended."""
        return self._loop.usage if self._loop is not None else Usage()

    @property
    def transcript(self) -> Transcript:
        """What was said and done so far, fit to go on from: every call in it has its answer."""
        return self._loop.transcript if self._loop is not None else self._start.transcript

    @property
    def records(self) -> list[Record]:
        """The log so far, where the run keeps it in memory; with a journal of your own, read that."""
        return self._memory.records(self.run_id)

    @property
    def pending(self) -> tuple[Call, ...]:
        """The calls that wait for an answer."""
        return tuple(handle.call for handle in self.calls.values() if handle.state == "asked")

    def result(self) -> Result:
        """What the run left, once it is finished."""
        return Result(self.output, self.text, self.calls, self.usage, self.transcript, self.records, self.run_id)

    # --- the background task ---

    def _on_response(self, response: Response) -> None:
        self._responses[response.turn] = response

    async def _drive(self) -> None:
        """The run, from its first record to its last."""
        log, loop = self._log, self._loop
        assert log is not None, "the run was entered"
        assert loop is not None, "the run was entered"
        log.emit((RunStarted(self.run_id, self._conversation.model.name, self._start.prompt, time.time()),))
        last: Event | None = None
        try:
            with anyio.CancelScope() as self._scope:
                async with anyio.create_task_group() as tasks:
                    writer = Writer(log)
                    tasks.start_soon(writer.run, name=f"log of run {self.run_id}")
                    last = await self._turn_loop(tasks)
                    writer.stop()
        except* Exception as errors:  # noqa: BLE001  raised in the consumer's frame; a cancellation beside goes on
            self._failure = only_leaf(errors)
            last = _failed(self._failure)
        finally:
            loop.leave()
            if isinstance(self._failure, WireError | RunError):
                self._failure.transcript = loop.transcript
            log.emit((last or RunCancelled(self._cancel_reason),))
            await self._close(log)

    async def _close(self, log: Log) -> None:
        """Have the last record kept, whatever became of the run; a journal that fails again is the run's failure."""
        try:
            with anyio.CancelScope(shield=True):
                await log.flush_all()
        except Exception as error:  # noqa: BLE001  raised in the consumer's frame
            self._failure = self._failure or error
            log.give_up()
        log.close()

    async def _turn_loop(self, tasks: TaskGroup) -> Event:
        assert self._loop is not None
        kept = {} if self._start.transport is None else {self._conversation.model: self._start.transport}
        async with Transports(tasks, kept) as transports, anyio.create_task_group() as tools:
            await self._loop.run(transports, tools)
        self.output = self.text
        return RunFinished(self.output, self._loop.usage)


class _Records:
    """The records of a run, one by one."""

    def __init__(self, take: Callable[[], Any]) -> None:
        self._take = take

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Record:
        record: Record = await self._take()
        return record


def _failed(error: BaseException) -> RunFailed:
    """The event of a failure. The text of an exception that is not ours may hold secrets: only its name is told."""
    message = str(error) if isinstance(error, MillstreamError) else type(error).__name__
    retryable = isinstance(error, WireError) and error.retryable
    return RunFailed(type(error).__name__, message, retryable)
