"""Lines of JSON (NDJSON): bytes of a body -> messages, one a line.

A line ends with LF, or CRLF; the last one needs no end; blank lines and a byte order mark say nothing. Bytes are
decoded a whole line at a time, so that a character may be cut anywhere. A body whose first line is not by itself an
object is no stream: an HTML page, an error over several lines, server-sent events. It says so by `is_stream`, and
nothing of it is a message. It knows nothing of any provider.
"""

from __future__ import annotations

from typing import Final

from millstream.errors import WireError
from millstream.wire.framing import Message
from millstream.wire.lines import Lines, decoded

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r\n"


class NdjsonParser:
    """Lines of JSON as `wire.framing.Framing`; a message has no name, and its text is its line.

    Args:
        max_message_bytes: the size of one line without its end, beyond which the stream is given up.
    """

    def __init__(self, max_message_bytes: int) -> None:
        self._lines = Lines(max_message_bytes)
        self._at_start = True  # no line but blank ones has come
        self._given_up = False

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The messages that `chunk` completes."""
        messages: list[Message | WireError] = []
        for line in () if self._given_up else self._lines.feed(chunk):
            messages += [self._give_up(line)] if isinstance(line, WireError) else self._taken(line)
            if self._given_up:
                break
        return messages

    def end(self) -> Message | WireError | None:
        """The body is over: a last line that lacks its end, if it looks like a whole one."""
        line = self._lines.rest()
        if self._given_up or not line.rstrip(_BLANK).endswith(b"}"):
            return None
        return next(iter(self._taken(line)), None)

    def is_stream(self, head: bytes) -> bool:
        """Whether a body without one whole message began as a stream: cut off within its first line."""
        start = head.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANK)
        if _BYTE_ORDER_MARK.startswith(head):  # cut even before
            return True
        return not start or (start.startswith(b"{") and b"\n" not in start)

    def _taken(self, line: bytes) -> list[Message | WireError]:
        if self._at_start:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        line = line.strip(_BLANK)
        if not line:
            return []
        if self._at_start and not (line.startswith(b"{") and line.endswith(b"}")):
            self._given_up = True  # no stream; what it is, is told from its head
            self._lines.rest()
            return []
        self._at_start = False
        text = decoded(line)
        return [Message("", text)] if isinstance(text, str) else [self._give_up(text)]

    def _give_up(self, error: WireError) -> WireError:
        self._given_up = True
        self._lines.rest()
        return error
