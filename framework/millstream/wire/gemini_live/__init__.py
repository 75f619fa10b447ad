"""Gemini Live over a WebSocket: sessions as they were recorded, and what is sent for results.

Sockets are opened by those who own them; this only reads and writes messages. Whoever has one open reads each turn with
a `LiveReader` of its own, up to its `Ended` or `Broke`, and answers calls with `result_message` while it lasts.
"""

from __future__ import annotations

from typing import Final

from millstream.wire.format import ReadOptions
from millstream.wire.gemini_live.reader import LiveReader
from millstream.wire.gemini_live.results import result_message
from millstream.wire.recorded_messages import RecordedMessages
from millstream.wire.session import SessionReader

__all__ = ["NAME", "GeminiLive", "LiveReader", "result_message"]

NAME: Final = "gemini-live-ws"


class GeminiLive:
    """How recorded sessions are read; see `wire.format.Decoding`."""

    name = NAME

    def reader(self, options: ReadOptions) -> SessionReader:
        """A reader of one session."""
        del options  # calls come whole
        return SessionReader(LiveReader)

    def framing(self, max_message_bytes: int) -> RecordedMessages:
        """Lines of a recording."""
        return RecordedMessages(max_message_bytes)
