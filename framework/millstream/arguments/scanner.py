"""One pass over the JSON text of one call's arguments: structure, values and paths, never re-read.

`feed` takes the text in pieces of any size and keeps, in place, the value so far; a `Checker` hears of every token and
may veto it. RFC 8259 exactly, and stricter where a tool must not be misled: duplicate keys, NaN, Infinity, numbers too
large for a double and lone surrogates are refused, at the character that makes them certain. It knows neither schemas
nor calls.

The states, and what may come next in each:

    VALUE      a value                      FIRST_ITEM   a value, or ]
    FIRST_KEY  a key, or }                  NEXT_KEY     a key
    COLON      a colon                      AFTER        a comma, or the close of the container
    STRING     more of a string, or "       KEY          more of a key, or "
    NUMBER     more of a number             LITERAL      more of true, false or null
    DONE       nothing but white space

Plain string content is consumed by one compiled expression for each piece. An escape that the end of a piece cuts is
carried over to the next one (at most 11 characters); nothing else is ever looked at twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from enum import IntEnum, IntFlag
from math import isinf
from typing import Any, Final, Protocol, TypeAlias

from millstream.arguments.escapes import Wrong, quoted, unescape
from millstream.arguments.number_grammar import FIRST as FIRST_OF_NUMBER
from millstream.arguments.number_grammar import START as NUMBER_START
from millstream.arguments.number_grammar import Steps, may_end
from millstream.arguments.pointer import pointer
from millstream.events.values import JsonValue, Path
from millstream.failures import Problem
from millstream.limits import Limits


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


class _State(IntEnum):
    VALUE = 0
    FIRST_ITEM = 1
    FIRST_KEY = 2
    NEXT_KEY = 3
    COLON = 4
    AFTER = 5
    DONE = 6
    STRING = 7
    KEY = 8
    NUMBER = 9
    LITERAL = 10


# Plain ints: comparing members of an IntEnum costs three times as much in the hot loop.
VALUE, FIRST_ITEM, FIRST_KEY, NEXT_KEY, COLON, AFTER, DONE, STRING, KEY, NUMBER, LITERAL = map(int, _State)

_QUOTED: Final = (STRING, KEY)
_EXPECTED: Final = {
    VALUE: "a value",
    FIRST_ITEM: "a value or ]",
    FIRST_KEY: "a key in double quotes or }",
    NEXT_KEY: "a key in double quotes",
    COLON: "a colon",
    DONE: "nothing more",
    STRING: "the end of the string",
    KEY: "the end of the key",
    NUMBER: "a digit",
    LITERAL: "true, false or null",
}
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_AFTER_NUMBER: Final = " \t\n\r,]}"  # anything else belongs to the number and is wrong in it: 01, 1x
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff]*')
_PLAIN_OR_SHORT_ESCAPE: Final = re.compile(r'(?:[^"\\\x00-\x1f\ud800-\udfff]++|\\["\\/bfnrt])*+')
_LITERALS: Final[dict[str, tuple[str, int, JsonValue]]] = {
    "t": ("true", int(Kind.TRUE), True),
    "f": ("false", int(Kind.FALSE), False),
    "n": ("null", int(Kind.NULL), None),
}
# Plain ints, for the same reason.
_STRING, _NUMBER, _OBJECT, _ARRAY = map(int, (Kind.STRING, Kind.NUMBER, Kind.OBJECT, Kind.ARRAY))


class Scanner:
    """The text of one JSON document, fed piece by piece.

    Args:
        limits: caps on depth and on the digits of a number.
        checker: hears of every token; None checks nothing but JSON.
        every_path: note every settled value in `settled`, not only the members of the root.

    Read `settled` (drain it), `problem`, `done` and `partial` between two calls of `feed`. After a problem, further
    text is ignored.
    """

    def __init__(self, limits: Limits, checker: Checker | None = None, *, every_path: bool = False) -> None:
        self.settled: list[tuple[Path, JsonValue]] = []
        """Values complete since this list was last drained, with their paths."""
        self.problem: Problem | None = None
        self.visited = 0
        """How many characters were looked at, carried ones again: the measure of work."""
        self._limits = limits
        self._checker = checker
        self._notice: Notice | None = None  # what is to see the current string or key grow
        self._settle_depth = limits.max_depth + 1 if every_path else 1
        self._root: list[Any] = []
        self._box: Any = self._root  # the container that the current value belongs to
        self._in_array = True  # whether that is a list; the root is the only item of one
        self._slot: Any = 0  # and its key or index there; None between the members of an object
        self._stack: list[tuple[Any, Any]] = []  # the enclosing (box, slot) pairs, outermost first
        self._state = VALUE
        self._token = ""  # the current key, number or literal so far
        self._number: Steps = NUMBER_START
        self._carry = ""
        self._at = 0  # offset of the first character not yet taken

    @property
    def done(self) -> bool:
        """Whether the root value is complete. A number at the root is so only after `finish`."""
        return self._state == DONE

    @property
    def at(self) -> int:
        """How many characters have come."""
        return self._at + len(self._carry)

    @property
    def partial(self) -> JsonValue:
        """The value so far, in place: strings grow, numbers and literals appear whole; None before the first value."""
        return self._root[0] if self._root else None

    @property
    def path(self) -> Path:
        """Where the scanner is: at a value from its first character to its last, between two in their container."""
        if not self._stack:
            return ()
        outer = tuple(slot for _, slot in self._stack[1:])
        return outer if self._slot is None else (*outer, self._slot)

    def feed(self, piece: str) -> None:
        """Take the next piece of text; afterwards look at `settled` and `problem`."""
        if self.problem is not None:
            return
        text = self._carry + piece if self._carry else piece
        self._carry = ""
        self.visited += len(text)
        try:
            taken = self._scan(text)
        except Wrong as wrong:
            self._refuse(self._at + wrong.index, wrong.message, wrong.keyword)
        else:
            self._at += taken
            if taken < len(text):
                self._carry = text[taken:]

    def finish(self) -> None:
        """The text is over: what is not complete now is a problem."""
        if self.problem is not None:
            return
        try:
            if self._state == NUMBER and may_end(self._number) and not self._stack:
                self._end_number(0)
        except Wrong as wrong:
            self._refuse(self._at, wrong.message, wrong.keyword)
            return
        if self._state != DONE:
            self._refuse(self.at, f"the text ends where {self._expected()} was expected", "json")

    def refuse(self, message: str, keyword: str) -> None:
        """Refuse the document for a reason of the caller's, at the end of what has come."""
        if self.problem is None:
            self._refuse(self.at, message, keyword)

    def _refuse(self, at: int, message: str, keyword: str) -> None:
        self.problem = Problem(pointer(self.path), message, keyword, at)

    def _expected(self) -> str:
        if self._state == AFTER or (self._state == NUMBER and may_end(self._number)):
            return "a comma or ]" if self._in_array else "a comma or }"
        return _EXPECTED[self._state]

    def _scan(self, text: str) -> int:  # noqa: C901, PLR0912, PLR0915  the one hot function, states in the module docstring
        """Consume `text` and return how much of it: all, or all but an escape that its end cuts."""
        i, n = 0, len(text)
        while i < n:
            state = self._state
            if state in _QUOTED:
                end = _PLAIN.match(text, i).end()  # type: ignore[union-attr]  # it matches the empty string too
                if end > i:
                    if self._notice is not None:
                        self._show(text[i:end], text, i)
                    self._grow(text[i:end])
                    i = end
                    if i == n:
                        break
                char = text[i]
                if char == '"':
                    i += 1
                    if state == KEY:
                        self._end_key(i - 1)
                    else:
                        self._end_scalar(i - 1, self._box[self._slot])
                elif char == "\\":
                    end = _PLAIN_OR_SHORT_ESCAPE.match(text, i).end()  # type: ignore[union-attr]  # as above
                    if end > i:
                        grown: str = json.loads(f'"{text[i:end]}"')
                        if self._notice is not None:
                            self._show(grown, text, i)
                        self._grow(grown)
                        i = end
                        continue
                    escaped = unescape(text, i)
                    if escaped is None:
                        return i
                    if self._notice is not None:
                        self._ask(escaped[1] - 1, self._notice, escaped[0])
                    self._grow(escaped[0])
                    i = escaped[1]
                else:
                    what = "must be written as an escape in a string" if char < " " else "is half of a character"
                    raise Wrong(i, f"{quoted(char)} {what}")
                continue
            if state == NUMBER:
                i = self._scan_number(text, i)
                continue
            char = text[i]
            if state == LITERAL:
                i = self._scan_literal(char, i)
                continue
            if char in " \t\n\r":
                i = _SPACE.match(text, i).end()  # type: ignore[union-attr]  # it matches the empty string too
                continue
            if state == AFTER:
                if char == ",":
                    if self._checker is not None:
                        checker = self._checker
                        self._ask(i, checker.item if self._in_array else checker.more, len(self._box))
                    self._state = VALUE if self._in_array else NEXT_KEY
                elif char == ("]" if self._in_array else "}"):
                    self._end_container(i)
                else:
                    raise self._unexpected(char, i)
                i += 1
            elif state == COLON:
                if char != ":":
                    raise self._unexpected(char, i)
                self._state = VALUE
                i += 1
            elif state in (FIRST_KEY, NEXT_KEY):
                if char == '"':
                    self._begin_key(i)
                elif char == "}" and state == FIRST_KEY:
                    self._end_container(i)
                else:
                    raise self._unexpected(char, i)
                i += 1
            elif state == DONE:
                raise Wrong(i, f"found {quoted(char)} after the end of the arguments: send one JSON document only")
            elif char == "]" and state == FIRST_ITEM:
                self._end_container(i)
                i += 1
            else:
                self._begin_value(char, i)
                i += 1
        return n

    def _grow(self, text: str) -> None:
        # In both cases `grown` becomes the only reference, so that += extends the string where it lies.
        if self._state == KEY:
            grown = self._token
            self._token = ""
            grown += text
            self._token = grown
            return
        box, slot = self._box, self._slot
        grown = box[slot]
        box[slot] = None
        grown += text
        box[slot] = grown

    def _begin_value(self, char: str, i: int) -> None:
        if self._in_array:
            if self._checker is not None and self._state == FIRST_ITEM:
                self._ask(i, self._checker.item, 0)
            self._slot = len(self._box)
        if char == '"':
            self._begin(_STRING, i)
            self._put("")
            self._state = STRING
        elif char == "{":
            self._begin(_OBJECT, i)
            self._open({}, FIRST_KEY, i)
        elif char == "[":
            self._begin(_ARRAY, i)
            self._open([], FIRST_ITEM, i)
        elif char in FIRST_OF_NUMBER:
            self._begin(_NUMBER, i)
            self._token = char
            self._number = NUMBER_START[char]
            self._state = NUMBER
        elif char in _LITERALS:
            self._begin(_LITERALS[char][1], i)
            self._token = char
            self._state = LITERAL
        else:
            raise self._unexpected(char, i)

    def _begin(self, kind: int, i: int) -> None:
        if self._checker is not None:
            try:
                self._notice = self._checker.begin(kind)
            except Veto as veto:
                raise Wrong(i, veto.message, veto.keyword) from None

    def _begin_key(self, i: int) -> None:
        self._token = ""
        self._slot = None
        if self._checker is not None:
            try:
                self._notice = self._checker.begin_key()
            except Veto as veto:
                raise Wrong(i, veto.message, veto.keyword) from None
        self._state = KEY

    def _ask(self, i: int, question: Callable[[Any], None], subject: Any) -> None:
        try:
            question(subject)
        except Veto as veto:
            raise Wrong(i, veto.message, veto.keyword) from None

    def _show(self, grown: str, text: str, i: int) -> None:
        """Show what `text` from `i` on adds to a string; the last character of an escape stands for what it means."""
        assert self._notice is not None
        try:
            self._notice(grown)
        except Veto as veto:
            self._grow(grown[: veto.index])
            for _ in range(veto.index):
                i += 2 if text[i] == "\\" else 1
            raise Wrong(i + (text[i] == "\\"), veto.message, veto.keyword) from None

    def _put(self, value: JsonValue) -> None:
        if self._in_array:
            self._box.append(value)
        else:
            self._box[self._slot] = value

    def _open(self, container: dict[str, Any] | list[Any], state: int, i: int) -> None:
        if len(self._stack) >= self._limits.max_depth:
            raise Wrong(i, f"nested deeper than {self._limits.max_depth} levels", "limit")
        self._put(container)
        self._stack.append((self._box, self._slot))
        self._box = container
        self._in_array = state == FIRST_ITEM
        self._slot = None
        self._state = state

    def _end_key(self, i: int) -> None:
        key = self._token
        if key in self._box:
            raise Wrong(i, f"the key {quoted(key)} is there twice in one object")
        if self._checker is not None:
            self._ask(i, self._checker.key, key)
        self._slot = key
        self._state = COLON

    def _end_scalar(self, i: int, value: JsonValue) -> None:
        if self._checker is not None:
            self._ask(i, self._checker.scalar, value)
        self._settle(value)

    def _end_container(self, i: int) -> None:
        container = self._box
        self._box, self._slot = self._stack.pop()
        self._in_array = type(self._box) is list
        if self._checker is not None:
            self._ask(i, self._checker.close, container)
        self._settle(container)

    def _settle(self, value: JsonValue) -> None:
        depth = len(self._stack)
        if depth <= self._settle_depth and (depth or self._settle_depth > 1):
            self.settled.append((self.path, value))
        self._slot = None  # what comes next is not this value's matter but its container's
        self._state = AFTER if depth else DONE

    def _scan_number(self, text: str, i: int) -> int:
        start, n, steps = i, len(text), self._number
        while i < n and (after := steps.get(text[i])) is not None:
            steps = after
            i += 1
        self._number = steps
        self._token += text[start:i]
        excess = len(self._token) - self._limits.max_number_digits
        if excess > 0:
            raise Wrong(i - excess, f"a number of more than {self._limits.max_number_digits} characters", "limit")
        if i < n:
            if not may_end(steps) or text[i] not in _AFTER_NUMBER:
                raise Wrong(i, f"{quoted(text[i])} can not follow {self._token} in a number")
            self._end_number(i)
        return i

    def _end_number(self, i: int) -> None:
        token = self._token
        number: int | float
        if token.lstrip("-").isdigit():
            try:
                number = int(token)
            except ValueError:  # Python's own limit, in reach only where max_number_digits was raised above it
                message = f"a whole number of {len(token)} characters, more than Python converts"
                raise Wrong(i, message, "limit") from None
        else:
            number = float(token)
            if isinf(number):
                raise Wrong(i, f"the number {token} is too large for a double")
        self._put(number)
        self._end_scalar(i, number)

    def _scan_literal(self, char: str, i: int) -> int:
        literal, _, value = _LITERALS[self._token[0]]
        if char != literal[len(self._token)]:
            raise Wrong(i, f"expected {literal}, found {quoted(self._token + char)}")
        self._token += char
        if self._token == literal:
            self._put(value)
            self._end_scalar(i, value)
        return i + 1

    def _unexpected(self, char: str, i: int) -> Wrong:
        return Wrong(i, f"expected {self._expected()}, found {quoted(char)}")
