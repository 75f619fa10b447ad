"""What a splitter finds in a text, however it is cut."""

from __future__ import annotations

from millstream.wire.text_calls.cursor import Args, Began, Closed, Found, Prose
from millstream.wire.text_calls.splitter import Splitter
from millstream.wire.text_calls.styles import STYLES, TextCallStyle
from tests.pieces import cuttings

NAMES = frozenset({"f", "g", "get_weather"})


def fed(pieces: list[str], style: TextCallStyle, names: frozenset[str] = NAMES) -> list[Found]:
    """What these pieces are, told as they come; the end is not."""
    splitter = Splitter(STYLES[style], names)
    return merged([one for piece in pieces for one in splitter.feed(piece)])


def split_pieces(pieces: list[str], style: TextCallStyle, names: frozenset[str] = NAMES) -> list[Found]:
    """What these pieces are together."""
    splitter = Splitter(STYLES[style], names)
    return merged([*(one for piece in pieces for one in splitter.feed(piece)), *splitter.end()])


def split(text: str, style: TextCallStyle, names: frozenset[str] = NAMES) -> list[Found]:
    """What the text is, the same however it is cut."""
    whole = split_pieces([text], style, names)
    for pieces in cuttings(text):
        assert split_pieces(list(pieces), style, names) == whole, pieces
    return whole


def call(name: str, args: str = "", *, complete: bool = True) -> list[Found]:
    """One whole call."""
    return [Began(name), *([Args(args)] if args else []), Closed(complete)]


def merged(found: list[Found]) -> list[Found]:
    """With pieces of one text made one."""
    made: list[Found] = []
    for one in found:
        last = made[-1] if made else None
        if isinstance(one, Prose) and isinstance(last, Prose):
            made[-1] = Prose(last.text + one.text)
        elif isinstance(one, Args) and isinstance(last, Args):
            made[-1] = Args(last.text + one.text)
        else:
            made.append(one)
    return made
