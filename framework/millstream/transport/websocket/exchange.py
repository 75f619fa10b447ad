"""One response on a lane: what came for it, until somebody takes it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
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
    steer,
    was_steered,
)
from millstream.transport.websocket.steers import Steers, is_answer

_MAX_WAITING_BYTES: Final = 1024 * 1024
"""Of messages that nobody took; beyond it the connection is not read further."""


class Exchange:
    """The answer to one `response.create`; `transport.seam.Incoming` for its one reader.

    Args:
        lane: where it goes on.
        send: sends a message of its connection.
        after_error: whether a response broke off there before: what still comes of that is no part of this one.
    """

    def __init__(self, lane: str, send: Callable[[str], Awaitable[None]], *, after_error: bool = False) -> None:
        self.lane = lane
        self.steers = Steers()
        """What was said into it."""
        self.successor: Exchange | None = None
        """The response that the provider begins by itself for what was said; `over` unbegun where there is none."""
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
        self._send = send
        self._steering = anyio.Lock()
        self._answered = anyio.Event()
        self._behind: Steers | None = None
        self._after_error = after_error
        self._failure: WireError | None = None
        self._waiting: deque[tuple[Mapping[str, Any], int]] = deque()
        self._bytes = 0
        self._arrived = anyio.Event()
        self._taken = anyio.Event()

    def offer(self, message: Mapping[str, Any], size: int) -> None:
        """A message of the lane has come, of so many bytes."""
        if is_answer(message):
            self._hear(message)
            return
        if self.over or not self._belongs(message):
            return
        name: object = message.get("type")
        self.begun = self.begun or not is_error(message)
        self.response_id = self.response_id or response_id_of(message)
        self.calls_tools = self.calls_tools or closes_call(message)
        self.completed = name == "response.completed" or was_steered(message)
        self.over = name in ENDS or is_error(message)
        if self.over:
            self._close_steers()
        if not self.left:
            self._waiting.append((message, size))
            self._bytes += size
        self._arrived.set()

    def fail(self, error: WireError) -> None:
        """Nothing more will come, and that is wrong."""
        if not self.over:
            self.over, self._failure = True, error
            self._close_steers()
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

    async def settled(self) -> None:
        """Wait until it is known whether the provider begins it."""
        while not self.begun and not self.over:
            await self._more()

    async def head(self) -> None:
        """Wait until the provider has accepted the request.

        Raises:
            WireError: it refused it, or the connection broke.
        """
        await self.settled()
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

    async def steer(self, items: list[dict[str, Any]]) -> bool:
        """Say something into it; whether the provider took it. See `transport.seam.Steerable`."""
        async with self._steering:  # the answers come in the order of the commands
            if self.over or not self.response_id:
                return False
            asked = self.steers.ask(items)
            await self._send(json.dumps(steer(self.response_id, items)))
            while asked.state == "asked":
                self._answered = anyio.Event()
                await self._answered.wait()
            return asked.state in ("accepted", "pending")

    @property
    def follows(self) -> bool:
        """Whether it is one that the provider begins by itself."""
        return self._behind is not None

    def succeed(self) -> Exchange:
        """Make way on its lane for the response that the provider begins by itself."""
        self.successor = Exchange(self.lane, self._send)
        self.successor._behind = self.steers  # noqa: SLF001  one of its own
        return self.successor

    def _hear(self, message: Mapping[str, Any]) -> None:
        if self.begun or self._behind is None:
            self.steers.hear(message)
            self._answered.set()
            return
        self._behind.hear(message)
        if not self._behind.accepted:
            self.over = True
            self._arrived.set()

    def _close_steers(self) -> None:
        self.steers.close()
        self._answered.set()

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
