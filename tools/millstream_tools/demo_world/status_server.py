"""`StatusServer`: the shop's status page, a real HTTP server on the loopback that is not quite well.

It answers 503 to the first request for `/status` and 200 with JSON to every later one: what a retry is for.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from itertools import count
from socketserver import ThreadingTCPServer
from typing import Any, Final, Self

STATUS: Final[dict[str, Any]] = {
    "service": "payment",
    "status": "operational",
    "incident": {"began": "2025-03-14T14:00:00Z", "ended": "2025-03-14T15:00:00Z", "cause": "slow payment provider"},
}
"""What `/status` says once it answers."""


class StatusServer:
    """A server for the length of a `with` block; `url` is its origin, `f"{url}/status"` the page."""

    def __init__(self) -> None:
        # Not HTTPServer, which asks the name service who 127.0.0.1 is, and may wait for it.
        self._server = _Server(("127.0.0.1", 0), _Page)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="status server")
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    """Its threads are waited for when it closes."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.requests = count(1)


class _Page(BaseHTTPRequestHandler):
    timeout = 5  # seconds that a silent client is waited for

    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        if self.path != "/status":
            self._answer(404, {"error": "there is only /status"})
        elif next(self.server.requests) == 1:
            self._answer(503, {"error": "the status page is starting"})
        else:
            self._answer(200, STATUS)

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name it has there
        """Nothing: standard error is the user's."""
