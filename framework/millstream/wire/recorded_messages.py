"""Recordings of WebSockets: lines of JSON -> the messages that were received.

A line is `{"direction": "received", "data": {…}}`, or with "sent", which is passed over; or it is a message itself.
"""

from __future__ import annotations

import json

from millstream.errors import WireError
from millstream.events.values import is_object
from millstream.wire.framing import Message
from millstream.wire.lines import Lines, decoded


class RecordedMessages:
    """A recording as `wire.framing.Framing`; its messages have no name.

    Args:
        max_message_bytes: the size of one line without its end, beyond which the recording is given up.
    """

    def __init__(self, max_message_bytes: int) -> None:
        self._lines = Lines(max_message_bytes)
        self._given_up = False

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The messages that `chunk` completes."""
        messages: list[Message | WireError] = []
        for line in () if self._given_up else self._lines.feed(chunk):
            messages += [line] if isinstance(line, WireError) else _taken(line)
            if messages and isinstance(messages[-1], WireError):
                self._given_up = True
                break
        return messages

    def end(self) -> Message | WireError | None:
        """The recording is over: the last line may lack its end."""
        last = self._lines.rest()
        return None if self._given_up else next(iter(_taken(last)), None)

    def is_stream(self, head: bytes) -> bool:
        """Whether what holds no whole message began as a recording."""
        return head.lstrip().startswith(b"{")


def _taken(line: bytes) -> list[Message | WireError]:
    """What a line says; nothing where it was sent, or blank."""
    text = decoded(line)
    if isinstance(text, WireError):
        return [text]
    if not text.strip():
        return []
    try:
        said: object = json.loads(text)
    except (ValueError, RecursionError):
        return [Message("", text)]  # the decoder says what is wrong with it
    if not is_object(said) or said.get("direction") not in ("sent", "received") or "data" not in said:
        return [Message("", text)]
    return [Message("", json.dumps(said["data"]))] if said["direction"] == "received" else []
