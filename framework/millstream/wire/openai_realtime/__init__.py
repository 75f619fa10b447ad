"""OpenAI Realtime over a WebSocket, also Azure's and xAI's: sessions as they were recorded, and what answers calls.

Sockets are opened by those who own them; this only reads and writes messages. Whoever has one open reads each response
with a `RealtimeReader` of its own, up to its `Ended` or `Broke`, and answers its calls with `result_messages`.
"""

from __future__ import annotations

from typing import Final

from millstream.wire.format import ReadOptions
from millstream.wire.openai_realtime.reader import RealtimeReader
from millstream.wire.openai_realtime.results import result_messages
from millstream.wire.recorded_messages import RecordedMessages
from millstream.wire.session import SessionReader

__all__ = ["NAME", "OpenAIRealtime", "RealtimeReader", "result_messages"]

NAME: Final = "openai-realtime-ws"


class OpenAIRealtime:
    """How recorded sessions are read; see `wire.format.Decoding`."""

    name = NAME

    def reader(self, options: ReadOptions) -> SessionReader:
        """A reader of one session."""
        del options  # a name is complete when its item opens
        return SessionReader(RealtimeReader)

    def framing(self, max_message_bytes: int) -> RecordedMessages:
        """Lines of a recording."""
        return RecordedMessages(max_message_bytes)
