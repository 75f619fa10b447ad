"""Serves an ASGI application on 127.0.0.1 in a thread of its own, as uvicorn does it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def served(make: Callable[[], Any], *, port: int = 0) -> Generator[str]:
    """The URL of the application, until the block is left; its open connections are cut then.

    It is made in the thread, so that it belongs to no event loop of the test's.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    config = uvicorn.Config(make, factory=True, log_config=None, access_log=False, ws="none")
    server = Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="uvicorn of a test")
    thread.start()
    try:
        assert started.wait(10), "uvicorn did not start"
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
        listener.close()
        assert not thread.is_alive()
