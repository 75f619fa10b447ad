"""One response on a lane: what came for it, until somebody takes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import anyio

from millstream.errors import WireError
from millstream.transport.seam import Chunk
from millstream.transport.websocket.frames import (
    BEGINNINGS,
    ENDS,
    closes_call,
    error_of,
    is_error,
    response_id_of,
)

_MAX_WAITING_BYTES: Final = 1024 * 1024
"""Of messages that nobody took; beyond it the connection is not read further."""


class Exchange:
    """The answer to one `response.create`; `transport.seam.Incoming` for its one reader.

    Args:
        lane: where it goes on.
        after_error: whether a response broke off there before: what still comes of that is no part of this one.
    """

    def __init__(self, lane: str, *, after_error: bool = False) -> None:
        self.lane = lane
        self.response_id = ""
        self.begun = False
        """Whether the provider has accepted the request."""
        self.over = False
        """Whether nothing more belongs to it."""
        self.completed = False
        """Whether it ended well, so that the provider knows it from now on."""
        self.calls_tools = False
        """Whether it holds a call that waits for its result."""
        self.left = False
        """Whether nobody wants the rest of it."""
        self._after_error = after_error
        self._failure: WireError | None = None
        self._waiting: deque[tuple[Mapping[str, Any], int]] = deque()
        self._bytes = 0
        self._arrived = anyio.Event()
        self._taken = anyio.Event()

    def offer(self, message: Mapping[str, Any], size: int) -> None:
        """A message of the lane has come, of so many bytes."""
        if self.over or not self._belongs(message):
            return
        name: object = message.get("type")
        self.begun = self.begun or not is_error(message)
        self.response_id = self.response_id or response_id_of(message)
        self.calls_tools = self.calls_tools or closes_call(message)
        self.completed = name == "response.completed"
        self.over = name in ENDS or is_error(message)
        if not self.left:
            self._waiting.append((message, size))
            self._bytes += size
        self._arrived.set()

    def fail(self, error: WireError) -> None:
        """Nothing more will come, and that is wrong."""
        if not self.over:
            self.over, self._failure = True, error
            self._arrived.set()

    def leave(self) -> None:
        """Nobody takes anything any more."""
        self.left = True
        self._waiting.clear()
        self._taken.set()

    async def room(self) -> None:
        """Wait until there is room for another message."""
        while self._bytes > _MAX_WAITING_BYTES and not self.left:
            self._taken = anyio.Event()
            await self._taken.wait()

    async def head(self) -> None:
        """Wait until the provider has accepted the request.

        Raises:
            WireError: it refused it, or the connection broke.
        """
        while not self.begun and not self.over:
            await self._more()
        if not self.begun:
            raise self._end()

    async def receive(self) -> Chunk:
        """The next message; `b""` behind the last.

        Raises:
            WireError: the provider failed, or the connection broke.
        """
        while not self._waiting and not self.over:
            await self._more()
        if not self._waiting and self._failure is None:
            return b""
        if not self._waiting or is_error(self._waiting[0][0]):
            raise self._end()
        message, size = self._waiting.popleft()
        self._bytes -= size
        self._taken.set()
        return message

    async def _more(self) -> None:
        self._arrived = anyio.Event()
        await self._arrived.wait()

    def _end(self) -> WireError:
        """Why it ended badly."""
        if self._failure is not None:
            return self._failure
        error = error_of(self._waiting.pop()[0])
        error.phase = "stream" if self.begun else "request"
        return error

    def _belongs(self, message: Mapping[str, Any]) -> bool:
        """Whether a message is no left-over of an earlier response of this lane."""
        if is_error(message):
            return True
        other = response_id_of(message)
        if self.begun:
            return not (other and self.response_id and other != self.response_id)
        return not self._after_error or message.get("type") in BEGINNINGS
