"""One response of somebody else's client, driven: read in the background, its calls run, its events handed out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup

from millstream.errors import WireError
from millstream.events import Call, Event, TurnStarted
from millstream.journal.memory import MemoryJournal
from millstream.runtime.attempt import RunContext
from millstream.runtime.dispatcher import Dispatcher
from millstream.runtime.log import Log, Writer
from millstream.runtime.loop import blocked
from millstream.runtime.nest import Nest
from millstream.runtime.reading import read_incoming
from millstream.runtime.response import Response, ResponseParts
from millstream.runtime.turn_log import TurnLog
from millstream.runtime.wake import loop_clock
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import Reply, Transcript
from millstream.transport.sdk import ForeignStream
from millstream.wire.format import ReadOptions, decoder
from millstream.wire.formats import CUSTOM_TOOLS, format_named


class Drive:
    """The events of one response and of its calls; made by `ToolRunner.drive`, iterate over it.

    Raises, from the iteration:
        WireError: the stream failed and no call of it was sealed, or the policy says to raise.
        UsageError: the stream is of no known format.
        ModerationBlocked: the policy asks for moderation, and the response did not pass.
    """

    def __init__(self, stream: ForeignStream, api: str | None, turn: int, taken_ids: frozenset[str]) -> None:
        self.over = False
        """Whether the response has ended and all its calls with it."""
        self.items: list[dict[str, Any]] = []
        """What it adds to the next request, once it is over."""
        self.calls: tuple[Call, ...] = ()
        """Its calls that are answered in `items`, once it is over."""
        self.goes_on = False
        """Whether the provider only interrupted it, once it is over: asked again with `items`, it goes on."""
        self._stream = stream
        self._api = api
        self._turn = turn
        self._taken_ids = taken_ids
        self._log: Log | None = None
        self._failure: Exception | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        assert self._log is not None, "started by its runner"
        record = await self._log.take()
        while record is not None and record.scope:  # a sub-agent's
            record = await self._log.take()
        if record is not None:
            return record.event
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        raise StopAsyncIteration

    def start(self, tasks: TaskGroup, toolbox: Toolbox, shared: RunContext) -> None:
        """Begin to read in the background."""
        self._log = Log(shared.run_id, MemoryJournal(), loop_clock(), shared.limits)
        shared = replace(shared, nest=Nest(self._log, shared.limits.max_agent_depth))
        tasks.start_soon(self._work, self._log, tasks, toolbox, shared, name=f"drive {self._turn}")

    async def _work(self, log: Log, tasks: TaskGroup, toolbox: Toolbox, shared: RunContext) -> None:
        writer = Writer(log)
        tasks.start_soon(writer.run, name=f"log of drive {self._turn}")
        try:
            await self._read(log, tasks, toolbox, shared)
        except Exception as error:  # noqa: BLE001  raised in the consumer's frame
            self._failure = error
        finally:
            await self._stream.close()
            writer.stop()
            with anyio.CancelScope(shield=True):
                await log.flush_all()
            log.close()
            self.over = True

    async def _read(self, log: Log, tasks: TaskGroup, toolbox: Toolbox, shared: RunContext) -> None:
        log.emit((TurnStarted(self._turn),))
        format_ = format_named(self._api if self._api is not None else await self._stream.api())
        options = ReadOptions(frozenset(toolbox))
        reading = decoder(format_, options, max_message_bytes=shared.limits.max_message_bytes)
        turn_log = TurnLog(log)
        custom = format_.name in CUSTOM_TOOLS
        parts = ResponseParts(self._turn, format_.name, "", reading, self._taken_ids, custom_tools=custom)
        response = Response(parts, toolbox, Dispatcher(tasks, turn_log, shared), turn_log, shared)
        try:
            await read_incoming(self._stream, response, log, shared.limits)
        except WireError as error:
            await response.break_off(error)
        await self._settle(response, shared)
        entries = response.entries()
        self.items = format_.entries(Transcript(entries))
        self.goes_on = response.goes_on
        self.calls = tuple(call for entry in entries if isinstance(entry, Reply) for call in entry.calls)
        if response.blocked is not None and not (self.calls and response.blocked.again):
            raise blocked(response.blocked, Transcript(entries))

    async def _settle(self, response: Response, shared: RunContext) -> None:
        """Wait for the calls. What is sealed of a torn response stands; with nothing sealed, or if told to, raise."""
        error = response.error
        if error is not None or response.aborted:
            keep = shared.policy.on_torn == "salvage" or response.aborted
            response.tear(str(error or "closed after a rejected call"), keep=keep)
            if error is not None and not (keep and response.any_sealed):
                for call_id in response.router.calls:
                    response.dispatcher.cancel(call_id, "the response broke off")
                await response.dispatcher.idle()
                raise error
        await response.settle()
