"""A provider that answers at once, for any number of conversations: calls first, and text once there are results.

An order is `{"files": {wire: [first, second]}}`, files with the events of a body; the answer is the port.
Standard library only, and nothing is decoded, so that it keeps up with every client.
"""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.clients.serving import serve

HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
RESULTS: Final = (b'"function_call_output"', b'"role":"tool"', b'"role": "tool"', b'"tool_call_id"')
BACKLOG: Final = 4096


def answer(order: Any) -> dict[str, int]:
    """Listen, and serve for as long as the process lives."""
    bodies = {wire: [_body(Path(file)) for file in files] for wire, files in order["files"].items()}
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: _Talk(bodies), "127.0.0.1", 0, backlog=BACKLOG))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return {"port": server.sockets[0].getsockname()[1]}


def _body(file: Path) -> bytes:
    events = [event.encode() for event in json.loads(file.read_text(encoding="utf-8"))]
    return HEAD + b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


class _Talk(asyncio.Protocol):
    def __init__(self, bodies: dict[str, list[bytes]]) -> None:
        self._bodies = bodies
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, rest = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
        if len(rest) < length:
            return
        self._data = rest[length:]
        wire = "chat" if b"/chat" in lines[0] else "responses"
        told = any(mark in rest[:length] for mark in RESULTS)
        self._transport.write(self._bodies[wire][told])


if __name__ == "__main__":
    serve(answer)
