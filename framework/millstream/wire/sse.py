"""Server-sent events: bytes of a body -> messages, by the WHATWG rules (html.spec.whatwg.org, "event stream").

Lines end with LF, CR or CRLF, also when a network chunk ends between the two; a byte order mark, comments, several
`data` lines and unknown fields are what the standard says. Bytes are decoded a whole message at a time, so that a
character may be cut anywhere. Two additions, for servers that report in a line of their own making that they failed:
`error: …` (llama.cpp and what is built on it, GPUStack) is read as `event: error` with that data; and so is, behind a
first message, a whole line of JSON that begins with `{"error":` (Google's Interactions). It knows nothing else of JSON,
nor of any provider.
"""

from __future__ import annotations

import re
from typing import Final

from millstream.errors import WireError
from millstream.wire.framing import Message, not_text, too_large

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_FIELD: Final = re.compile(rb":|(data|event|id|retry|error)[:\r\n]")
_JSON_ERROR: Final = b'{"error"'
_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b"error:")


class SseParser:
    """Server-sent events as `wire.framing.Framing`: the `event` field, and the data lines joined with LF.

    Args:
        max_message_bytes: the size of one line without its end, and of the data of one message, beyond which the stream
            is given up.
    """

    def __init__(self, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._line = bytearray()  # the line that has not ended
        self._data: list[bytes] = []
        self._data_bytes = -1  # of the data lines and the LF between each two
        self._event = b""
        self._after_cr = False  # a LF that comes next belongs to the CR before it
        self._at_start = True
        self._dispatched = False  # whether there was a message
        self._given_up = False

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The messages that `chunk` completes."""
        messages: list[Message | WireError] = []
        if self._given_up:
            return messages
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        held = self._line or self._data or self._event or self._at_start
        try:
            if not held and chunk[-2:] == b"\n\n" and len(chunk) <= self._max and b"\r" not in chunk:
                self._take_whole(chunk, messages)
            else:
                self._after_cr = chunk[-1:] == b"\r" if chunk else self._after_cr
                self._take_chunk(chunk, messages)
        except WireError as error:
            self._give_up(error, messages)
        return messages

    def end(self) -> Message | WireError | None:
        """The body is over: the message that lacks its blank line. The standard drops it, some servers rely on it."""
        messages: list[Message | WireError] = []
        if not self._given_up:
            try:
                self._take(bytes(self._line), messages)
                self._take(b"", messages)
            except WireError as error:
                self._give_up(error, messages)
        self._line.clear()
        return messages[-1] if messages else None

    def is_stream(self, head: bytes) -> bool:
        """Whether a body without one whole message began as a stream: cut off so early, or nothing but comments."""
        start = head.lstrip(_BYTE_ORDER_MARK + b"\r\n")
        return bool(_FIELD.match(start)) or any(field.startswith(start) for field in _FIELDS)

    def _give_up(self, error: WireError, messages: list[Message | WireError]) -> None:
        self._given_up = True
        self._line.clear()
        self._data.clear()
        messages.append(error)

    def _check(self, size: int) -> None:
        if size > self._max:
            raise too_large(self._max)

    def _take_whole(self, chunk: bytes, messages: list[Message | WireError]) -> None:
        """Whole messages in the form nearly all servers give them, in a third of the time of looking at each line."""
        for block in chunk[:-2].split(b"\n\n"):
            name, data = b"", block
            if block[:7] == b"event: ":
                name, _, data = block[7:].partition(b"\n")
            if data[:6] == b"data: " and b"\n" not in data:
                self._dispatched = True
                messages.append(_message(name, data[6:]))
            else:
                self._take_chunk(block + b"\n\n", messages)

    def _take_chunk(self, chunk: bytes, messages: list[Message | WireError]) -> None:
        if b"\n" not in chunk and b"\r" not in chunk:
            self._line += chunk
            self._check(len(self._line))
            return
        # Nearly all servers send LF alone, and splitting at one byte takes a third of the time.
        lines = _LINE_END.split(chunk) if b"\r" in chunk else chunk.split(b"\n")
        self._line += lines[0]
        self._check(len(self._line))
        self._take(bytes(self._line), messages)
        for line in lines[1:-1]:
            self._check(len(line))
            self._take(line, messages)
        self._line = bytearray(lines[-1])
        self._check(len(self._line))

    def _take(self, line: bytes, messages: list[Message | WireError]) -> None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            self._dispatch(messages)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._event = value
        elif name in (b"data", b"error"):
            self._event = name if name == b"error" else self._event
            self._data.append(value)
            self._data_bytes += len(value) + 1
            self._check(self._data_bytes)
        elif name == _JSON_ERROR and self._dispatched and line.endswith(b"}"):
            self._dispatch(messages)
            self._event, self._data, self._data_bytes = b"error", [line], len(line)
        # a comment has an empty name; id, retry and unknown fields have no use here

    def _dispatch(self, messages: list[Message | WireError]) -> None:
        lines, event = self._data, self._event
        self._data, self._data_bytes, self._event = [], -1, b""
        if not lines:
            return
        self._dispatched = True
        messages.append(_message(event, b"\n".join(lines)))


def _message(event: bytes, data: bytes) -> Message:
    try:
        return Message(event.decode(), data.decode())
    except UnicodeDecodeError as error:
        raise not_text() from error
