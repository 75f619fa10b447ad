"""A server of prepared bodies over HTTP/1.1, each event a chunk: `/paced/WIRE/…` with a pause after each, `/burst/…`.

An order is `{"files": {wire: file}}`, a file holding the events of a body, a list of texts; the answer is the port. A
process of its own, so that none of its work is counted with the client's.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.benchmarks.clients.serving import serve

PAUSE_S = 0.0001
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def answer(order: Any) -> dict[str, int]:
    """Listen, and serve for as long as the process lives."""
    bodies = {wire: _chunks(Path(file)) for wire, file in order["files"].items()}
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, bodies), daemon=True).start()
    return {"port": listener.getsockname()[1]}


def _chunks(file: Path) -> list[bytes]:
    events = [event.encode() for event in json.loads(file.read_text(encoding="utf-8"))]
    return [b"%x\r\n%b\r\n" % (len(event), event) for event in events]


def _accept(listener: socket.socket, bodies: dict[str, list[bytes]]) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_talk, args=(connection, bodies), daemon=True).start()


def _talk(connection: socket.socket, bodies: dict[str, list[bytes]]) -> None:
    with connection, connection.makefile("rb") as asked, suppress(OSError):
        while request := asked.readline():
            length = 0
            while (line := asked.readline().lower().strip()) != b"":
                length = int(line.split(b":")[1]) if line.startswith(b"content-length:") else length
            asked.read(length)
            _, shape, wire, *_ = request.split()[1].decode().split("/")
            connection.sendall(HEAD)
            if shape == "burst":
                connection.sendall(b"".join(bodies[wire]))
            else:
                for chunk in bodies[wire]:
                    connection.sendall(chunk)
                    time.sleep(PAUSE_S)
            connection.sendall(b"0\r\n\r\n")


if __name__ == "__main__":
    serve(answer)
