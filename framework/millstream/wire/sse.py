"""Server-sent events: bytes of a body -> messages, by the WHATWG rules (html.spec.whatwg.org, "event stream").

Lines end with LF, CR or CRLF, also when a network chunk ends between the two; a byte order mark, comments, several
`data` lines and unknown fields are what the standard says. Bytes are decoded a whole message at a time, so that a
character may be cut anywhere. It knows nothing of JSON or of any provider.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from millstream.errors import WireError

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Message:
    """One dispatched event: its `event` field, "" where there was none, and its data lines joined with LF."""

    event: str
    data: str


class SseParser:
    """Feed bytes, get messages. At the end of the body ask `end` for a last message without its blank line.

    Args:
        max_message_bytes: the size of one message, and of one line, beyond which the stream is given up.
    """

    def __init__(self, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._line = bytearray()  # the line that has not ended
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._event = b""
        self._after_cr = False  # a LF that comes next belongs to the CR before it
        self._at_start = True

    def feed(self, chunk: bytes) -> list[Message]:
        """The messages that `chunk` completes.

        Raises:
            WireError: a message is too large or is not UTF-8.
        """
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        # Nearly all servers send LF alone, and splitting at one byte takes a third of the time.
        lines = _LINE_END.split(chunk) if b"\r" in chunk else chunk.split(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        self._line += lines[0]
        if len(lines) == 1:
            self._check(len(self._line))
            return []
        messages: list[Message] = []
        self._take(bytes(self._line), messages)
        for line in lines[1:-1]:
            self._take(line, messages)
        self._line = bytearray(lines[-1])
        self._check(len(self._line))
        return messages

    def end(self) -> Message | None:
        """The body is over: the message that lacks its blank line. The standard drops it, some servers rely on it."""
        messages: list[Message] = []
        self._take(bytes(self._line), messages)
        self._take(b"", messages)
        self._line.clear()
        return messages[-1] if messages else None

    def _check(self, size: int) -> None:
        if size > self._max:
            raise WireError(
                f"the provider sent a message of more than {self._max} bytes",
                kind="protocol",
                hint="Raise Limits.max_message_bytes if it is meant to.",
            )

    def _take(self, line: bytes, messages: list[Message]) -> None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            self._dispatch(messages)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_bytes += len(value) + 1
            self._check(self._data_bytes)
        elif name == b"event":
            self._event = value
        # a comment has an empty name; id, retry and unknown fields have no use here

    def _dispatch(self, messages: list[Message]) -> None:
        data, event = b"\n".join(self._data), self._event
        self._data.clear()
        self._data_bytes = 0
        self._event = b""
        if not data:
            return
        try:
            messages.append(Message(event.decode(), data.decode()))
        except UnicodeDecodeError as error:
            raise WireError("the provider sent bytes that are not UTF-8", kind="protocol", retryable=True) from error
