"""The life of the server within its thread: listening, stopping, and what went wrong in between.

uvicorn's protocol without uvicorn's server: its main loop polls, and a test should neither wait for it nor let it touch
signals and logging.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from millstream.testing.provider.connections import Connections, Protocol
from millstream.testing.provider.websocket.protocol import protocol_for

ROUNDS = 8
"""Rounds of the loop in which a socket that was accepted becomes a connection, or a connection learns of its end."""
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""Of one message of a client: the real provider takes requests of this size."""
END_TIMEOUT_S = 2.0
"""How long answers may take to end once their connections are gone."""


class Serving:
    """Serves one application on one socket; `fault` is the first thing that the application raised."""

    def __init__(self, app: ASGIApp, connections: Connections, *, with_websockets: bool = True) -> None:
        self.fault: Exception | None = None
        self._app = app
        self._connections = connections
        self._with_websockets = with_websockets
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    async def serve(self, listener: socket.socket, started: Future[None]) -> None:
        """Serve until `stop`; `started` is done once the socket accepts, or holds what prevented it."""
        try:
            self._loop = asyncio.get_running_loop()
            state = ServerState()
            config = Config(
                self._watched,
                http=Protocol,
                interface="asgi3",
                proxy_headers=False,
                ws=protocol_for(self._connections) if self._with_websockets else "none",
                ws_max_size=MAX_MESSAGE_BYTES,
                ws_ping_interval=None,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
            )
            config.load()
            server = await self._loop.create_server(lambda: Protocol(config, state, self._connections), sock=listener)
        except Exception as error:  # noqa: BLE001  it is raised in the thread that waits for the start
            listener.close()
            started.set_exception(error)
            return
        started.set_result(None)
        await self._stop.wait()
        self._loop.remove_reader(listener)
        await _settled()  # what was accepted becomes a connection first: after the close it would be lost, still open
        server.close()
        self._connections.abort_all()
        await _ended(state.tasks)

    def stop(self) -> None:
        """End `serve`, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return  # it left before its request was whole
        except Exception as fault:
            self.fault = self.fault or fault
            raise


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    """Wait until the answers have noticed that their connections are gone, then end the rest."""
    if tasks:
        _, late = await asyncio.wait(set(tasks), timeout=END_TIMEOUT_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
    await _settled()


async def _settled() -> None:
    """Wait until the loop has done what is due now."""
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
