"""Reads one response from its transport, against the clocks: bytes between two waits, and progress over all of them.

The clocks run only while we wait for the provider: neither a slow tool nor a slow consumer counts against it.
"""

from __future__ import annotations

import math
from typing import Final

import anyio

from millstream.errors import WireError
from millstream.limits import Limits
from millstream.runtime.event_log import EventLog
from millstream.runtime.response import Response
from millstream.runtime.wake import loop_clock
from millstream.transport.seam import Incoming

_MAX_DRAINED_PIECES: Final = 16  # a stream that goes on behind its end is not worth more


async def read_incoming(incoming: Incoming, response: Response, log: EventLog, limits: Limits) -> None:
    """Read a response that is open to its end.

    Raises:
        WireError: it broke, or fell silent.
    """
    await _Reading(incoming, response, log, limits).run()


class _Reading:
    def __init__(self, incoming: Incoming, response: Response, log: EventLog, limits: Limits) -> None:
        self._incoming = incoming
        self._response = response
        self._log = log
        self._limits = limits
        self._now = loop_clock()
        self._waited_s = 0.0  # since the response last moved on

    async def run(self) -> None:
        response, now = self._response, self._now
        first, limit, chunk = True, "", None
        # One scope whose deadline moves: a scope for each piece would cost a tenth of all that is done for it.
        with anyio.CancelScope() as wait:
            while not response.over:
                timeout_s, limit = self._timeout(first=first)
                before = now()
                wait.deadline = before + timeout_s
                chunk = await self._incoming.receive()
                wait.deadline = math.inf
                if wait.cancel_called:
                    break  # it came too late by less than a turn of the event loop
                self._waited_s += now() - before
                first = False
                if chunk == b"":
                    await response.end()
                    break
                if await response.feed(chunk):
                    self._waited_s = 0.0
                await self._log.flush()
                await self._log.room()
        if wait.cancel_called:
            if not response.finished:
                raise silent(getattr(self._limits, limit), f"Limits.{limit}")
            await response.give_up()  # the answer is complete, only its trailer did not come
        await self._log.flush()
        if not (chunk == b"" or wait.cancel_called or response.aborted or response.error is not None):
            await self._drain()

    async def _drain(self) -> None:
        """Read the end of the body behind the last event: only then can the connection be used again."""
        with anyio.move_on_after(self._limits.drain_timeout_s):
            try:
                for _ in range(_MAX_DRAINED_PIECES):
                    if await self._incoming.receive() == b"":
                        return
            except WireError:
                pass  # the response is complete, what happens to its connection now is of no interest

    def _timeout(self, *, first: bool) -> tuple[float, str]:
        """How long to wait for the next piece, and the limit that says so."""
        limits = self._limits
        if self._response.finished:
            return limits.trailer_timeout_s, "trailer_timeout_s"
        limit = "first_byte_timeout_s" if first else "idle_timeout_s"
        idle: tuple[float, str] = (getattr(limits, limit), limit)
        progress = (max(0.0, limits.progress_timeout_s - self._waited_s), "progress_timeout_s")
        return min(idle, progress)


def silent(waited_s: float, limit: str) -> WireError:
    """The error of a provider that sent nothing for so long; `limit` says how long it may."""
    return WireError(
        f"nothing came for {waited_s:g} s",
        kind="timeout",
        retryable=True,
        hint=f"Raise {limit} if the model may be silent that long.",
    )
