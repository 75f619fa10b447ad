"""The connections of the server: who is connected, so that one can be cut in the middle of an answer.

The home of uvicorn here, as a protocol class that registers its transport. It must not know scenarios.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any, TypeAlias

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from millstream.testing.provider.steps import CutHow

Address: TypeAlias = tuple[Any, ...]
DRAIN_TIMEOUT_S = 1.0
"""How long a reset waits for the bytes before it to leave: a client that does not read must not hold it up."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time: closing then sends a TCP reset."""


class Connections:
    """The open connections by the address of the client; `closing` once the server goes down."""

    def __init__(self) -> None:
        self.closing = False
        self._open: dict[Address, asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """A client has connected."""
        self._open[_peer(transport)] = transport

    def lost(self, transport: asyncio.Transport) -> None:
        """A connection has ended."""
        self._open.pop(_peer(transport), None)

    async def cut(self, client: Address, how: CutHow) -> None:
        """End a client's connection: a reset, or an ordinary close in the middle of whatever is going on."""
        transport = self._open.get(client[:2])
        if transport is None:
            return
        if how != "reset":
            transport.close()
            return
        with contextlib.suppress(TimeoutError):  # an unread rest is lost with the reset, as in life
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                while transport.get_write_buffer_size():  # noqa: ASYNC110  a transport tells no one when it is empty
                    await asyncio.sleep(0.001)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        transport.abort()

    def abort_all(self) -> None:
        """End every connection at once: the server goes down."""
        self.closing = True
        for transport in list(self._open.values()):
            transport.abort()


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, known to `Connections`."""

    def __init__(self, config: Config, state: ServerState, connections: Connections) -> None:
        super().__init__(config, state, {})
        self._connections = connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Register the connection."""
        super().connection_made(transport)
        self._connections.opened(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._connections.lost(self.transport)
        super().connection_lost(exc)


def _peer(transport: asyncio.Transport) -> Address:
    return tuple(transport.get_extra_info("peername") or ())[:2]
