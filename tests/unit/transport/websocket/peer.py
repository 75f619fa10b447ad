"""A peer of one WebSocket that a test drives byte by byte."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketStream
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

Act: TypeAlias = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The server's side of a connection."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.protocol = ServerProtocol()
        self.frames: list[Frame] = []
        self.request: Request | None = None

    async def accept(self) -> None:
        """Agree to the upgrade."""
        while self.request is None:
            await self._read()
        self.protocol.send_response(self.protocol.accept(self.request))
        await self.flush()

    async def flush(self) -> None:
        """Send what the protocol has to say."""
        for data in self.protocol.data_to_send():
            if data:
                await self.stream.send(data)

    async def frame(self, opcode: Opcode) -> Frame:
        """The next frame of that kind from the client."""
        while True:
            for frame in self.frames:
                if frame.opcode is opcode:
                    self.frames.remove(frame)
                    return frame
            await self._read()

    async def _read(self) -> None:
        self.protocol.receive_data(await self.stream.receive())
        for event in self.protocol.events_received():
            if isinstance(event, Request):
                self.request = event
            elif isinstance(event, Frame):
                self.frames.append(event)


@asynccontextmanager
async def peer(act: Act) -> AsyncGenerator[str]:
    """The URL of a server that does as told with its one client."""

    async def handle(stream: SocketStream) -> None:
        # the client may leave first
        async with stream:
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                await act(Peer(stream))

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        port = listener.extra(SocketAttribute.local_port)
        yield f"http://127.0.0.1:{port}/v1/responses"
        tasks.cancel_scope.cancel()
