"""OpenAI Responses over WebSocket: a connection that stays open over turns and runs, and remembers what was said.

Each turn after the first sends only what is new. Whatever goes wrong with that (the provider forgot, the connection is
too old or was closed) is mended by sending everything once more, unseen by the user; where there is no WebSocket at
all, the requests travel over HTTP.
"""

from millstream.transport.websocket.transport import WebSocketTransport

__all__ = ["WebSocketTransport"]
