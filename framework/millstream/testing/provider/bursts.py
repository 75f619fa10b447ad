"""Argument text in bursts: a provider that checks values before it sends them sends each when it is whole.

Pure. `Bursts` holds text back until a value of the root object ends.
"""

from __future__ import annotations


class Bursts:
    """Feed it the text of one call; it gives the pieces that may be sent now, as they were given."""

    def __init__(self) -> None:
        self._held: list[str] = []
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, piece: str, *, last: bool) -> list[str]:
        """The pieces that can go out; all of them with the last."""
        self._held.append(piece)
        if not (self._ends_value(piece) or last):
            return []
        released, self._held = self._held, []
        return released

    def _ends_value(self, piece: str) -> bool:
        """Whether a value of the root object, or the object itself, ends within the piece."""
        ends = False
        for char in piece:
            if self._in_string:
                self._in_string = self._escaped or char != '"'
                self._escaped = char == "\\" and not self._escaped
            elif char == '"':
                self._in_string = True
            elif char in "{[":
                self._depth += 1
            elif char in "}]":
                self._depth -= 1
                ends = ends or self._depth == 0
            else:
                ends = ends or (char == "," and self._depth == 1)
        return ends
