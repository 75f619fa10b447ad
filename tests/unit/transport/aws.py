"""Signature Version 4 by the standard library alone, as AWS describes it; and a server that notes what it was sent."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote


@dataclass
class Sent:
    """One request as it arrived: the path as it stood in the first line, headers by their lower-case names."""

    path: str
    headers: dict[str, str]
    body: bytes


def is_signed(sent: Sent, secret_key: str, region: str, service: str = "bedrock") -> bool:
    """Whether the signature of a POST without a query is the one that AWS would calculate."""
    scheme, _, rest = sent.headers["authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    names = parts["SignedHeaders"].split(";")
    day = sent.headers["x-amz-date"][:8]
    scope = f"{day}/{region}/{service}/aws4_request"
    canonical = "\n".join(
        [
            "POST",
            quote(sent.path, safe="/-_.~"),  # a second time, as for every service but S3
            "",
            *(f"{name}:{' '.join(sent.headers[name].split())}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(sent.body).hexdigest(),
        ]
    )
    to_sign = "\n".join(
        ["AWS4-HMAC-SHA256", sent.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = f"AWS4{secret_key}".encode()
    for step in (day, region, service, "aws4_request", to_sign):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    owner = parts["Credential"].split("/", 1)[1]
    return scheme == "AWS4-HMAC-SHA256" and owner == scope and hmac.compare_digest(parts["Signature"], key.hex())


@dataclass
class Endpoint:
    """Where a server is, and what it was sent."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list[Sent])


@contextmanager
def endpoint(*bodies: bytes, status: int = 200, echo: str = "") -> Generator[Endpoint]:
    """Serve these bodies in turn on a free port; the value of the header `echo` is put in the place of ECHO."""
    noted, answers = Endpoint(), iter(bodies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers: Mapping[str, str] = {name.lower(): value for name, value in self.headers.items()}
            sent = Sent(self.path, dict(headers), self.rfile.read(int(headers["content-length"])))
            noted.sent.append(sent)
            said = next(answers).replace(b"ECHO", headers.get(echo, "").encode())
            self.send_response(status)
            self.send_header("content-type", "application/vnd.amazon.eventstream")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name is the standard library's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    noted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield noted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
