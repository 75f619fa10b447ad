"""What a served tool says while it works -> notifications to the client that called it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import anyio
from anyio.abc import TaskGroup

from millstream.arguments.assembler import canonical
from millstream.events import CallEvent, CallLogged, CallProgress, CallYielded
from millstream.runtime.groups import leave
from millstream.runtime.wake import LoopThread, loop_clock

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

_MAX_WAITING: Final = 1_000
"""Words that wait for a slow client; what is said beyond is dropped: a later word of progress says more."""
_MAX_YIELDED_CHARS: Final = 500
_STEP: Final = 0.001
"""Progress must grow with every word of it, also where a tool only has words."""


class Said:
    """The words of one call on their way: `say` from anywhere, sent in order by a task within the block."""

    def __init__(self, context: ServerRequestContext[Any]) -> None:
        self._context = context
        self._loop = LoopThread()
        self._tasks: TaskGroup = anyio.create_task_group()
        self._put, self._take = anyio.create_memory_object_stream[CallEvent](_MAX_WAITING)
        self._done = 0.0
        self._sent = anyio.Event()
        self.now: Callable[[], float] = loop_clock()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._send, name="words of a served tool")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._put.close()
        try:
            if error is None:
                await self._sent.wait()  # before the answer, after which nobody listens
                self._tasks.cancel_scope.cancel()  # what was for later is not wanted any more
        finally:
            await leave(self._tasks, kind, error, traceback)
            self._take.close()

    def say(self, event: CallEvent) -> None:
        """Send a word of the tool, from any thread, without waiting."""

        def put() -> None:
            # see _MAX_WAITING; or the call is over
            with suppress(anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
                self._put.send_nowait(event)

        self._loop.do(put)

    # --- the rest of an `Outlet` ---

    crowded = False
    """Nobody is waited for: what does not fit is dropped."""

    def do(self, function: Callable[[], object]) -> None:
        """Call `function` on the thread of the event loop: now if this is it, else soon."""
        self._loop.do(function)

    def later(self, at_s: float, function: Callable[[], object]) -> None:
        """Call `function` once it is `at_s`; where the call has ended by then, not at all."""

        async def wait() -> None:
            await anyio.sleep_until(at_s)
            function()

        self._tasks.start_soon(wait)

    async def room(self) -> None:
        """There always is."""

    async def _send(self) -> None:
        async for event in self._take:
            match event:
                case CallProgress(done=done, total=total, message=message):
                    await self._progress(done, total, message)
                case CallYielded(value=value):
                    text = value if isinstance(value, str) else canonical(value)
                    await self._progress(None, None, text[:_MAX_YIELDED_CHARS])
                case CallLogged(text=text):
                    await self._log(text)
                case _:
                    pass
        self._sent.set()

    async def _progress(self, done: float | None, total: float | None, message: str) -> None:
        self._done = done if done is not None and done > self._done else self._done + _STEP
        await self._context.session.report_progress(self._done, total, message or None)

    async def _log(self, text: str) -> None:
        from mcp.server.connection import allowed_log_levels
        from mcp_types import LoggingMessageNotification, LoggingMessageNotificationParams

        context = self._context
        if "info" not in allowed_log_levels(context.protocol_version, context.meta):
            return  # the client has not asked for it
        line = LoggingMessageNotification(params=LoggingMessageNotificationParams(level="info", data=text))
        await context.session.send_notification(line, related_request_id=context.request_id)
