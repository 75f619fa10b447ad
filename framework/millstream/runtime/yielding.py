"""The partial results of a generator tool: each is passed on, so that where nobody takes them the generator waits.

How it waits depends on where its body runs: on the event loop, in a thread, or so that it can not wait at all. What a
value of progress is to `runtime.progress`, which keeps the newest, is not done here: no value is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import anyio
from anyio import from_thread

from millstream.errors import UsageError
from millstream.events import Call, CallYielded
from millstream.limits import Limits
from millstream.runtime.outlet import Outlet
from millstream.runtime.weight import weight
from millstream.toolbox.output import output_of
from millstream.toolbox.tool import Tool

_IN_FLIGHT: Final = 16
"""Values a thread may be ahead of the event loop: asking whether there is room takes a thread 0.1 ms."""


class Left(Exception):
    """Raised into a generator in a thread that nobody waits for any more."""


class Yields:
    """The values that one attempt of a call yields. `close` it when the attempt is over.

    Each way to take one raises `NotJson` where no JSON value stands for it.
    """

    def __init__(self, call: Call, outlet: Outlet, limits: Limits) -> None:
        self._call = call
        self._outlet = outlet
        self._limits = limits
        self._closed = False
        self._waiting: anyio.CancelScope | None = None  # in which a thread waits for room
        self._in_flight = 0
        self._buffered = 0

    def taker(self, tool: Tool[..., Any]) -> Callable[[Any], None]:
        """What takes the values of a tool that does not run on the event loop as async code does."""
        executor = tool.options.executor
        return self.in_thread if executor is None or executor in ("thread", "process") else self.inline

    async def on_loop(self, value: Any) -> None:
        """Take a value, and wait while the consumer is too far behind."""
        self._outlet.say(self._event(value))
        if self._outlet.crowded:
            await self._outlet.room()

    def in_thread(self, value: Any) -> None:
        """Take a value in a thread, which waits while the consumer is too far behind.

        Raises:
            Left: nobody waits for the thread any more.
        """
        if self._closed:
            raise Left
        self._outlet.say(self._event(value))
        self._in_flight += 1
        if self._in_flight >= _IN_FLIGHT or self._outlet.crowded:
            self._in_flight = 0
            from_thread.run(self._room)

    def inline(self, value: Any) -> None:
        """Take a value of code that can not wait, so that all of them stay in memory.

        Raises:
            UsageError: they are too many.
        """
        event = self._event(value)
        self._buffered += weight(event)
        if self._buffered > self._limits.max_buffered_chars:
            raise UsageError(
                f"{self._call.name} yields more than Limits.max_buffered_chars while nobody can take it: "
                'leave executor="inline" out, then its thread waits'
            )
        self._outlet.say(event)

    def close(self) -> None:
        """No more are wanted: a thread that waits goes on, to be told so."""
        self._closed = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def _room(self) -> None:
        with anyio.CancelScope() as scope:
            self._waiting = scope
            if not self._closed:
                await self._outlet.room()
        self._waiting = None

    def _event(self, value: Any) -> CallYielded:
        return CallYielded(self._call, output_of(value, self._limits).value)
