"""An answer as an ASGI response: frames are written when they are due, until the client leaves.

Asyncio, as its server is. What the frames say is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from millstream.testing.provider.connections import Connections
from millstream.testing.provider.frames import Frame
from millstream.testing.provider.log import Entry
from millstream.testing.provider.steps import CutHow


@dataclass(frozen=True, slots=True)
class Streamed:
    """One answer, on its way: an ASGI application for one request.

    Args:
        frames: what is written; they end the body, or cut it.
        entry: the record of the request, which gets the marks.
        connections: where the connection is cut.
        headers: of the answer.
        status: the HTTP status.
        first_byte_s: how long to wait before the headers, in seconds.
        before: called before each frame is written.
    """

    frames: Iterator[Frame]
    entry: Entry
    connections: Connections
    headers: Mapping[str, str]
    status: int = 200
    first_byte_s: float = 0.0
    before: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request that this was made for."""
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            if not await self._answered(scope, send, gone) and not self.connections.closing:
                self.entry.disconnected()
        finally:
            gone.cancel()
            await asyncio.wait({gone})

    async def _answered(self, scope: Scope, send: Send, gone: asyncio.Future[None]) -> bool:
        """Write the answer; False where the client left before its end."""
        if not await _due(time.monotonic() + self.first_byte_s, gone):
            return False
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        start = time.monotonic()
        self.entry.mark("response-start")
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        for frame in self.frames:
            if not await _due(start + frame.at_s, gone):
                return False
            self.before()
            if frame.mark:  # before the bytes: whoever has read them finds the mark
                self.entry.mark(frame.mark)
            if frame.data:
                await send({"type": "http.response.body", "body": frame.data, "more_body": True})
                self.entry.sent(len(frame.data))
            if frame.cut is not None:
                self.entry.mark(f"cut:{frame.cut}")
                if frame.cut != "eof":
                    await cut(self.connections, scope, frame.cut, gone)
                    return True
                break
        self.entry.mark("response-end")
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return True


@dataclass(frozen=True, slots=True)
class HungUp:
    """No answer: the connection ends before the first byte."""

    entry: Entry
    connections: Connections
    how: CutHow
    first_byte_s: float = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """End the connection of the request that this was made for."""
        del send
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            if await _due(time.monotonic() + self.first_byte_s, gone):
                self.entry.mark(f"cut:{self.how}")
                await cut(self.connections, scope, self.how, gone)
            elif not self.connections.closing:
                self.entry.disconnected()
        finally:
            gone.cancel()
            await asyncio.wait({gone})


async def cut(connections: Connections, scope: Scope, how: CutHow, gone: asyncio.Future[None]) -> None:
    """End the connection of a request, and wait until the server has noticed."""
    await connections.cut(tuple(scope["client"]), how)
    await asyncio.wait({gone})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _due(at_s: float, gone: asyncio.Future[None]) -> bool:
    """Wait until a time of `time.monotonic()`; False as soon as the client is gone. Lets others run in any case."""
    wait_s = at_s - time.monotonic()
    if wait_s > 0:
        await asyncio.wait({gone}, timeout=wait_s)
    else:
        await asyncio.sleep(0)
    return not gone.done()
