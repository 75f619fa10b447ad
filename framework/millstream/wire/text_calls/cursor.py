"""Where a parser stands in text that is still arriving, and what it has found.

A parser is a generator over a `Cursor`: it looks at the next character, waits (by yielding) where there is none yet,
and raises `NotACall` where the text is no call. Until it commits, what it has read may still become prose. Nothing here
knows a form of call.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

_T = TypeVar("_T")
Steps: TypeAlias = Generator[None, None, _T]
"""What a parser is: yields where it needs more text, returns a value."""

MAX_HELD: Final = 64 * 1024
"""Text that may be a call and is not certain to be one: held back to this length, arguments before a name included."""
_MAX_WORD: Final = 128
_BLANK: Final = " \t\r\n"


class NotACall(Exception):
    """What was read since the last commit is prose."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Began:
    """A call began; its name is that of a tool."""

    name: str


@dataclass(frozen=True, slots=True)
class Args:
    """More argument text of the call that began last."""

    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The call that began last is over; `complete` is False where what it stands in is not what it should be."""

    complete: bool = True


Found: TypeAlias = Prose | Began | Args | Closed


class Cursor:
    """The text that has arrived and not been told of.

    `add` text when all of the last has been read; set `ended` when there is no more. Whether a character has been read
    is `at`; what parsers found is in `found`, to be drained.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.text = ""
        self.at = 0
        self.ended = False
        self.found: list[Found] = []
        self.begun = False
        """Whether a call has begun since `start`."""
        self.is_open = False
        """Whether a call has begun and not been closed."""
        self._mark = 0  # where in the text the uncommitted part begins
        self._held: list[str] = []  # uncommitted text of earlier pieces
        self._held_chars = 0

    def add(self, text: str) -> None:
        """The next piece, behind what was all read."""
        self._held.append(self.text[self._mark :])
        self._held_chars += len(self.text) - self._mark
        self.text, self.at, self._mark = text, 0, 0

    def start(self) -> None:
        """What may be a call begins here."""
        self.commit()
        self.begun = False

    def commit(self) -> None:
        """What was read is told of, or is nothing but markup."""
        self._held.clear()
        self._held_chars = 0
        self._mark = self.at

    def rewind(self) -> int:
        """Go back to the last commit. Returns how many characters were read since."""
        read = self._held_chars + self.at - self._mark
        self.text = "".join(self._held) + self.text[self._mark :]
        self.at = 0
        self.commit()
        return read

    @property
    def limit(self) -> int:
        """The place in the text up to which it may be read without a commit."""
        return self._mark + MAX_HELD - self._held_chars

    def begin(self, name: str) -> None:
        """A call: nothing read so far is prose."""
        self.commit()
        self.begun = self.is_open = True
        self.found.append(Began(name))

    def args(self, text: str) -> None:
        """Argument text of the open call, read up to here."""
        self.commit()
        if text:
            self.found.append(Args(text))

    def close(self, *, complete: bool = True) -> None:
        """The open call is over."""
        if complete:
            self.commit()
        self.is_open = False
        self.found.append(Closed(complete))

    def peek(self) -> Steps[str]:
        """The next character, "" behind the last one."""
        if self.at >= self.limit:
            raise NotACall
        while self.at >= len(self.text):
            if self.ended:
                return ""
            yield
        return self.text[self.at]

    def blanks(self) -> Steps[str]:
        """Pass white space. Returns the character behind it."""
        while True:
            char = yield from self.peek()
            if not char or char not in _BLANK:
                return char
            self.at += 1

    def literal(self, word: str) -> Steps[None]:
        """Pass exactly this."""
        for char in word:
            if (yield from self.peek()) != char:
                raise NotACall
            self.at += 1

    def choose(self, words: Sequence[str]) -> Steps[str]:
        """Pass one of these, none of which begins another. Returns which."""
        read = ""
        while read not in words:
            char = yield from self.peek()
            read += char
            if not char or not any(word.startswith(read) for word in words):
                raise NotACall
            self.at += 1
        return read

    def word(self, more: str = "_-.") -> Steps[str]:
        """Pass letters, digits and `more`: a name, a number. Returns it, "" where there is none."""
        read = ""
        while True:
            char = yield from self.peek()
            if not char or not (char.isalnum() or char in more):
                return read
            if len(read) >= _MAX_WORD:
                raise NotACall
            read += char
            self.at += 1

    def tool(self) -> Steps[str]:
        """Pass the name of a tool. Returns it."""
        name = yield from self.word()
        if name not in self.names:
            raise NotACall
        return name


Parser: TypeAlias = Callable[[Cursor], Steps[Any]]
