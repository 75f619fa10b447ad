"""The numbers of items on wires that have none."""

from __future__ import annotations

from millstream.wire.items import Items
from millstream.wire_events import ItemOpened, ReasoningPiece, TextPiece


def test_text_of_one_kind_goes_on_until_something_else_comes() -> None:
    items = Items()
    assert items.text(TextPiece, "") == []
    assert items.text(TextPiece, "a") == [ItemOpened(0), TextPiece(0, "a")]
    assert items.text(TextPiece, "b") == [TextPiece(0, "b")]
    assert items.text(ReasoningPiece, "c") == [ItemOpened(1), ReasoningPiece(1, "c")]
    assert items.growing == 1
    assert items.next() == 2
    assert items.text(ReasoningPiece, "d") == [ItemOpened(3), ReasoningPiece(3, "d")]
    items.close()
    assert items.text(ReasoningPiece, "e") == [ItemOpened(4), ReasoningPiece(4, "e")]
    assert items.open() == (ItemOpened(5), 5)
