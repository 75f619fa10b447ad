"""uvicorn's WebSocket protocol, known to `Connections`, so that a connection can be cut in the middle of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from millstream.testing.provider.connections import Connections


def protocol_for(connections: Connections) -> type[Any] | Literal["none"]:
    """A protocol class whose connections are known; "none" where `websockets` is not installed."""
    try:
        from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
    except ModuleNotFoundError:
        return "none"

    class KnownProtocol(WebSocketsSansIOProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            connections.lost(self.transport)
            super().connection_lost(exc)

    return KnownProtocol
