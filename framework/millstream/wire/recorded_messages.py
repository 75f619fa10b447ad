"""Recordings of WebSockets: lines of JSON -> the messages that were received.

A line is `{"direction": "received", "data": {…}}`, or with "sent", which is passed over; or it is a message itself.
"""

from __future__ import annotations

import json

from millstream.errors import WireError
from millstream.events.values import is_object
from millstream.wire.framing import Message, not_text, too_large


class RecordedMessages:
    """A recording as `wire.framing.Framing`; its messages have no name.

    Args:
        max_message_bytes: the size of one line without its end, beyond which the recording is given up.
    """

    def __init__(self, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._line = bytearray()  # the line that has not ended
        self._given_up = False

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The messages that `chunk` completes."""
        messages: list[Message | WireError] = []
        if self._given_up:
            return messages
        first, *rest = chunk.split(b"\n")
        self._line += first
        for line in rest:
            messages += self._taken()
            self._line = bytearray(line)
        if len(self._line) > self._max and not self._given_up:
            messages.append(too_large(self._max))
        self._given_up = self._given_up or any(isinstance(message, WireError) for message in messages)
        return _up_to_an_error(messages)

    def end(self) -> Message | WireError | None:
        """The recording is over: the last line may lack its end."""
        last = [] if self._given_up else self._taken()
        self._line.clear()
        return last[0] if last else None

    def is_stream(self, head: bytes) -> bool:
        """Whether what holds no whole message began as a recording."""
        return head.lstrip().startswith(b"{")

    def _taken(self) -> list[Message | WireError]:
        """What the line says; nothing where it was sent, or blank."""
        line = bytes(self._line)
        if len(line) > self._max:
            return [too_large(self._max)]
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            broken = not_text()
            broken.__cause__ = error
            return [broken]
        if not text.strip():
            return []
        try:
            said: object = json.loads(text)
        except (ValueError, RecursionError):
            return [Message("", text)]  # the decoder says what is wrong with it
        if not is_object(said) or said.get("direction") not in ("sent", "received") or "data" not in said:
            return [Message("", text)]
        return [Message("", json.dumps(said["data"]))] if said["direction"] == "received" else []


def _up_to_an_error(messages: list[Message | WireError]) -> list[Message | WireError]:
    """Nothing follows an error."""
    ends = (i for i, message in enumerate(messages, 1) if isinstance(message, WireError))
    return messages[: next(ends, len(messages))]
