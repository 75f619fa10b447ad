"""Lines of a body, each ended by LF: cut out of chunks, and bounded. It does not know what they say."""

from __future__ import annotations

from millstream.errors import WireError
from millstream.wire.framing import not_text, too_large


class Lines:
    """Feed bytes, get lines without their ends; the last one may lack its end, ask for the `rest`.

    Args:
        max_line_bytes: the size beyond which a line gives a `WireError` in its place; after that feed no more.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self._max = max_line_bytes
        self._line = bytearray()  # the line that has not ended

    def feed(self, chunk: bytes) -> list[bytes | WireError]:
        """The lines that `chunk` completes, up to one that is too large."""
        first, *others = chunk.split(b"\n")
        self._line += first
        lines: list[bytes | WireError] = []
        for other in others:
            if len(self._line) > self._max:
                break
            lines.append(bytes(self._line))
            self._line = bytearray(other)
        if len(self._line) > self._max:
            self._line.clear()
            lines.append(too_large(self._max))
        return lines

    def rest(self) -> bytes:
        """What came behind the last end of a line; it is kept no longer."""
        line, self._line = bytes(self._line), bytearray()
        return line


def decoded(line: bytes) -> str | WireError:
    """The text of a line, or that it is none."""
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        broken = not_text()
        broken.__cause__ = error
        return broken
