"""One WebSocket and the responses on its lanes: one task reads it and hands each message to the response it is for."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import anyio

from millstream.errors import WireError
from millstream.transport.websocket.exchange import Exchange
from millstream.transport.websocket.frames import is_error, parsed
from millstream.transport.websocket.lanes import Lanes
from millstream.transport.websocket.socket import Socket
from millstream.wire.fields import text_of
from millstream.wire.refusal import torn


class Connection:
    """A connection; `run` it in a task of its own, which also closes it.

    Args:
        number: tells it from others of its transport.
        socket: what it runs over.
        origin: where it leads, and with which headers it was opened: what it may be used for.
        opened_at_s: when it was opened, by the clock of its transport.
    """

    def __init__(self, number: int, socket: Socket, origin: object, opened_at_s: float) -> None:
        self.number = number
        self.origin = origin
        self.opened_at_s = opened_at_s
        self.lanes = Lanes()
        self.retired = False
        """Whether no new response may begin on it."""
        self.used = False
        """Whether a response has begun on it, so that it may have been closed for its age since."""
        self.failure: WireError | None = None
        """Why it is closed, None while it is open."""
        self._socket = socket
        self._exchanges: dict[str, Exchange] = {}
        self._after_error: set[str] = set()
        self._scope = anyio.CancelScope()

    @property
    def has_place(self) -> bool:
        """Whether a new response may try to find a lane on it."""
        return self.failure is None and not self.retired

    async def run(self) -> None:
        """Read until it is closed; raises nothing."""
        failure = torn("the WebSocket was closed")
        try:
            with self._scope:
                while True:
                    await self._read()
        except WireError as error:
            failure = error
        finally:
            self._lose(failure)
            await self._socket.aclose()

    def close(self) -> None:
        """Have it closed: what it reads is over."""
        self._lose(torn("the WebSocket was closed"))
        self._scope.cancel()

    def begin(self, lane: str) -> Exchange:
        """The response that takes a lane of `lanes`; `leave` it."""
        exchange = self._exchanges[lane] = Exchange(lane, self.send, after_error=lane in self._after_error)
        if self.failure is not None:
            exchange.fail(_own(self.failure))
        return exchange

    async def send(self, text: str) -> None:
        """Send a message.

        Raises:
            WireError: the connection is closed, or broke.
        """
        try:
            await self._socket.send(text)
        except WireError as error:
            self._lose(error)
            self._scope.cancel()
            raise _own(error) from error.__cause__

    def leave(self, exchange: Exchange) -> None:
        """Nobody reads a response any more.

        What is still written of it is paid for, and only the end of the connection stops that; where others need the
        connection, it is read to its end and dropped.
        """
        exchange.leave()
        if exchange.steers.doubtful or (exchange.steers.accepted and not exchange.over):
            self.retired = True  # the provider begins a response on that lane that nobody expects
        if exchange.over:
            self._release(exchange)
        elif all(one.left for one in self._exchanges.values()):
            self.close()

    async def _read(self) -> None:
        data = await self._socket.receive()
        message = parsed(data)
        exchange = self._addressee(message)
        if exchange is None:
            return
        exchange.offer(message, len(data))
        self.used = self.used or exchange.begun
        if exchange.over and exchange.steers.accepted and exchange.completed and not exchange.left:
            self._exchanges[exchange.lane] = exchange.succeed()
        if exchange.over and (exchange.left or (not exchange.begun and exchange.follows)):
            self._release(exchange)
        await exchange.room()

    def _addressee(self, message: Mapping[str, Any]) -> Exchange | None:
        """The response that a message is for. An error without a lane may be about a request that had one."""
        exchange = self._exchanges.get(text_of(message, "stream_id"), None)
        if exchange is not None or not is_error(message) or "stream_id" in message:
            return exchange
        asked = [waiting for waiting in self._exchanges.values() if not waiting.begun and not waiting.over]
        return asked[0] if len(asked) == 1 else None

    def _release(self, exchange: Exchange) -> None:
        lane = exchange.lane
        if self._exchanges.get(lane) is exchange:
            del self._exchanges[lane]
            self.lanes.release(lane, awaited=exchange.follows or (exchange.completed and exchange.calls_tools))
            if exchange.begun and not exchange.completed:
                self._after_error.add(lane)

    def _lose(self, error: WireError) -> None:
        """Nothing more will come."""
        self.failure = self.failure or error
        for exchange in self._exchanges.values():
            exchange.fail(_own(self.failure))


def _own(error: WireError) -> WireError:
    """An error of its own for each response: a run writes into the one it is given."""
    own = copy(error)
    own.__cause__ = error.__cause__
    return own
