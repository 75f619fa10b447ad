"""A JSON array that arrives bit by bit: bytes of a body -> its elements, each as soon as its last byte is there.

One pass over the bytes that matters decides only where an element ends: strings, escapes and nesting are followed,
whatever the network cut through; whether an element is JSON is for whoever parses it to say. Commas and blanks between
elements are skipped. It knows no provider.
"""

from __future__ import annotations

import re
from typing import Final

from millstream.errors import WireError
from millstream.wire.framing import Message, not_text, too_large

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r\n"
_BETWEEN: Final = re.compile(rb"[^\s,]")
_OUTSIDE: Final = re.compile(rb'["{}\[\],]')
_INSIDE: Final = re.compile(rb'["\\]')


class JsonArray:
    """One JSON array as `wire.framing.Framing`: a message for each element, without a name.

    A body that begins with anything but `[` gives no message at all.

    Args:
        max_message_bytes: the size of one element beyond which the stream is given up.
    """

    def __init__(self, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._opened = False
        self._over = False  # after the closing bracket, or given up, or no array
        self._closed = False
        self._element = bytearray()
        self._depth = 0  # within the element
        self._in_string = False
        self._escaped = False  # the string went on behind a backslash when the chunk ended

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The messages that `chunk` completes."""
        messages: list[Message | WireError] = []
        try:
            self._take(chunk, messages)
        except WireError as error:
            self._over, self._closed = True, False
            self._element.clear()
            messages.append(error)
        return messages

    def end(self) -> Message | WireError | None:
        """The body is over: an element that lacks its end is not told of."""
        self._element.clear()
        return None

    def is_stream(self, head: bytes) -> bool:
        """Whether a body without one whole message began as an array."""
        return head.lstrip(_BYTE_ORDER_MARK + _BLANK).startswith(b"[")

    def _take(self, chunk: bytes, messages: list[Message | WireError]) -> None:
        at = 0
        if not self._opened and not self._over:
            rest = chunk.lstrip(_BYTE_ORDER_MARK + _BLANK)
            if not rest:
                return
            self._opened = rest.startswith(b"[")
            self._over = not self._opened
            at = len(chunk) - len(rest) + 1
        while at < len(chunk) and not self._over:
            at = self._take_element(chunk, at, messages)
        if self._closed and chunk[at:].strip(_BLANK):
            raise WireError("the provider sent more after the end of its JSON array", kind="protocol")

    def _take_element(self, chunk: bytes, at: int, messages: list[Message | WireError]) -> int:
        """Read on from `at`, at most to the end of one element; where to go on is returned."""
        if not self._element:
            start = _BETWEEN.search(chunk, at)
            if start is None:
                return len(chunk)
            at = start.start()
            if chunk[at] == ord("]"):
                self._over = self._closed = True
                return at + 1
        end, is_over = self._end_of_element(chunk, at)
        if len(self._element) + end - at > self._max:
            raise too_large(self._max)
        self._element += chunk[at:end]
        if is_over:
            self._dispatch(messages)
        return end

    def _end_of_element(self, chunk: bytes, at: int) -> tuple[int, bool]:
        """Where the element ends that goes on at `at`, or the chunk does; and whether it was the element."""
        while at < len(chunk):
            if self._escaped:
                self._escaped = False
                at += 1
                continue
            found = (_INSIDE if self._in_string else _OUTSIDE).search(chunk, at)
            if found is None:
                break
            at = found.end()
            match found[0]:
                case b"\\":
                    self._escaped = True
                case b'"':
                    self._in_string = not self._in_string
                case b"{" | b"[":
                    self._depth += 1
                case b"}" | b"]" if self._depth:
                    self._depth -= 1
                    if self._depth == 0:
                        return at, True
                case b"," | b"]" if self._depth == 0:  # behind a plain value
                    return at - 1, True
                case _:
                    pass
        return len(chunk), False

    def _dispatch(self, messages: list[Message | WireError]) -> None:
        element = bytes(self._element)
        self._element.clear()
        try:
            messages.append(Message("", element.decode()))
        except UnicodeDecodeError as error:
            raise not_text() from error
