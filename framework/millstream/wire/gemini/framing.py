"""Gemini: which of its two forms a body has, told from the first byte.

With `alt=sse` in the query it is server-sent events, without it one JSON array that grows; gateways and recordings
have either.
"""

from __future__ import annotations

from typing import Final

from millstream.errors import WireError
from millstream.wire.framing import Framing, Message
from millstream.wire.json_array import JsonArray
from millstream.wire.sse import SseParser

_MEANINGLESS: Final = b"\xef\xbb\xbf \t\r\n"
"""At the very beginning: a byte order mark, and blanks, which some gateways send first."""


class SseOrArray:
    """Server-sent events or a JSON array, as `wire.framing.Framing`."""

    def __init__(self, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._framing: Framing | None = None

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The messages that `chunk` completes."""
        if self._framing is None:
            chunk = chunk.lstrip(_MEANINGLESS)
            if not chunk:
                return []
            self._framing = (JsonArray if chunk.startswith(b"[") else SseParser)(self._max)
        return self._framing.feed(chunk)

    def end(self) -> Message | WireError | None:
        """The body is over: a last message that lacks only what would have ended it."""
        return self._framing.end() if self._framing is not None else None

    def is_stream(self, head: bytes) -> bool:
        """Whether a body without one whole message began as one of both, cut off early or silent."""
        return self._framing is not None and self._framing.is_stream(head)
