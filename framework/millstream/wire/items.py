"""Numbers the items of a response where a wire does not: text of one kind goes on in one item until another begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from millstream.wire_events import ItemOpened, ReasoningPiece, RefusalPiece, TextPiece, WireEvent

Piece: TypeAlias = type[TextPiece | ReasoningPiece | RefusalPiece]


class Items:
    """The items of one response, counted from 0 in the order in which they open."""

    def __init__(self) -> None:
        self._count = 0
        self._growing: tuple[Callable[[int, str], WireEvent], int] | None = None

    def text(self, piece: Piece, text: str) -> list[WireEvent]:
        """More text of a kind, in the item that grows if it is of that kind, else in a new one; nothing for ""."""
        if not text:
            return []
        if self._growing is not None and self._growing[0] is piece:
            return [piece(self._growing[1], text)]
        opened, item = self.open()
        self._growing = (piece, item)
        return [opened, piece(item, text)]

    def open(self) -> tuple[ItemOpened, int]:
        """A new item that is no call."""
        item = self.next()
        return ItemOpened(item), item

    def next(self) -> int:
        """The number of a new item; no text goes on behind it."""
        self._growing = None
        self._count += 1
        return self._count - 1

    def close(self) -> None:
        """Text that comes next, of whatever kind, begins an item of its own."""
        self._growing = None

    @property
    def growing(self) -> int | None:
        """The number of the item whose text goes on, None where there is none."""
        return None if self._growing is None else self._growing[1]
