"""A server that answers with bytes as they are given, and does with its connection what a test says."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Literal

PATIENCE_S = 10.0

After = Literal["keep", "close", "reset"]
"""What follows an answer: the next request on the same connection, its end, or its sudden end (RST)."""


class RawServer:
    """What was asked; made by `answering`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[bytes] = []
        self.connections = 0
        self.left = threading.Event()
        """Set once a client closed a connection."""


@contextmanager
def answering(*answers: bytes, after: After = "close") -> Generator[RawServer]:
    """Serve on a free port: each request gets the next answer, the last one again and again."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
    threads: list[threading.Thread] = []
    open_: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(PATIENCE_S)
                server.connections += 1
                open_.append(connection)
                threads.append(threading.Thread(target=talk, args=(connection,)))
                threads[-1].start()

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := _read(connection):
                server.requests.append(request)
                connection.sendall(answers[min(len(server.requests), len(answers)) - 1])
                if after == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if after != "keep":
                    return
            server.left.set()
            return
        server.left.set()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for connection in open_:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def _read(connection: socket.socket) -> bytes:
    """A request, head and body; b"" where the client has left."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole response with its length."""
    return head(status, content_length=str(len(body)), **headers) + body


def head(status: str = "200 OK", **headers: str) -> bytes:
    """The head of a response; `content_type="x"` is written as `content-type: x`."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def chunked(*pieces: bytes, whole: bool = True) -> bytes:
    """A body in chunks, with or without the last, empty one."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head(transfer_encoding="chunked") + body + (b"0\r\n\r\n" if whole else b"")
