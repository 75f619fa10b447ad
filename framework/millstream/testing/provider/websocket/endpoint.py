"""The endpoint of the WebSockets: keys are checked at the door, then each connection is a `Session`."""

from __future__ import annotations

import json

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from millstream.testing.provider import rules
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.websocket.session import Session
from millstream.testing.provider.websocket.shared import Shared
from millstream.testing.provider.websocket.terms import WebSocketTerms


class Sockets:
    """Serves every WebSocket of a provider: an ASGI application."""

    def __init__(self, shared: Shared, terms: WebSocketTerms) -> None:
        self._shared = shared
        self._terms = terms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        headers = Headers(scope=scope)
        refusal = rules.check_key(headers.get("authorization"), self._shared.access.keys)
        await receive()  # "websocket.connect"
        if refusal is not None:
            await _refuse(refusal, send)
            return
        await send({"type": "websocket.accept"})
        await Session(self._shared, self._terms, scope, send).serve(receive)


async def _refuse(refusal: Refusal, send: Send) -> None:
    start = {"type": "websocket.http.response.start", "status": refusal.status}
    await send(start | {"headers": [(b"content-type", b"application/json")]})
    await send({"type": "websocket.http.response.body", "body": json.dumps(refusal.body).encode()})
