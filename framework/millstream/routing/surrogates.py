"""Characters cut in half: a model's text can come in pieces that split a surrogate pair between two JSON strings.

A high half at the end of a piece waits for the next one. A half that stays alone is shown as U+FFFD, because no UTF-8
can carry it.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_PAIR: Final = re.compile("([\ud800-\udbff])([\udc00-\udfff])")


class SurrogateJoiner(Generic[_Key]):
    """Joins the halves within each of several texts, told apart by a key."""

    def __init__(self) -> None:
        self._held: dict[_Key, str] = {}

    def join(self, key: _Key, piece: str) -> str:
        """`piece` with the half that waited before it, without one at its end that has to wait."""
        if not self._held and (piece.isascii() or not _SURROGATE.search(piece)):
            return piece
        text = self._held.pop(key, "") + piece
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._held[key] = text[-1]
            text = text[:-1]
        return _PAIR.sub(_joined, text)

    def waits(self, key: _Key) -> bool:
        """Whether a half waits for the next piece."""
        return key in self._held

    def rest(self, key: _Key) -> str:
        """The half that still waits, "" where none does; it waits no longer."""
        return self._held.pop(key, "")

    def rests(self) -> list[tuple[_Key, str]]:
        """All halves that still wait, with their keys; they wait no longer."""
        held, self._held = self._held, {}
        return list(held.items())


def _joined(pair: re.Match[str]) -> str:
    return (pair[1] + pair[2]).encode("utf-16", "surrogatepass").decode("utf-16")


def printable(text: str) -> str:
    """`text` with halves that stand together joined, and lone ones shown as U+FFFD."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return _SURROGATE.sub("\ufffd", _PAIR.sub(_joined, text))
