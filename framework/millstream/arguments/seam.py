"""The seam between the scanner and what checks a document while it is read: what is told, and how it is refused."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntFlag
from typing import Protocol, TypeAlias

from millstream.events.values import JsonValue


class Kind(IntFlag):
    """The kinds of JSON values, which a value's first character shows."""

    STRING = 1
    NUMBER = 2
    OBJECT = 4
    ARRAY = 8
    NULL = 16
    TRUE = 32
    FALSE = 64
    BOOLEAN = TRUE | FALSE


class Veto(Exception):
    """Raised by a `Checker` to refuse the document at the current character.

    `index` is that of the deciding character in the text a `Notice` was given; 0 where there was none.
    """

    def __init__(self, message: str, keyword: str, index: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.keyword = keyword
        self.index = index


Notice: TypeAlias = Callable[[str], None]
"""Called with each text that is added to a string or key, escapes resolved; may raise `Veto`."""


class Checker(Protocol):
    """Hears of every token as soon as it is certain, and raises `Veto` where no completion can be right."""

    def begin(self, kind: int) -> Notice | None:
        """A value begins at the current place, its `kind` that of a `Kind`. Returns what is to see a string grow."""
        ...

    def begin_key(self) -> Notice | None:
        """A key of the current object begins. Returns what is to see it grow."""
        ...

    def more(self, size: int) -> None:
        """A comma came after `size` members of the current object: another key must follow."""
        ...

    def key(self, key: str) -> None:
        """A key of the current object is complete; its value comes next."""
        ...

    def item(self, index: int) -> None:
        """Item `index` of the current array must follow: the array has begun with something, or a comma came."""
        ...

    def scalar(self, value: JsonValue) -> None:
        """The string, number, boolean or null that began is complete."""
        ...

    def close(self, container: JsonValue) -> None:
        """The object or array that began is complete."""
        ...
