"""One pass over the JSON text of one call's arguments: structure, values and paths, never re-read.

`feed` takes the text in pieces of any size and keeps, in place, the value so far; a `Checker` hears of every token and
may veto it. RFC 8259 exactly, and stricter where a tool must not be misled: duplicate keys, NaN, Infinity, numbers too
large for a double and lone surrogates are refused, at the character that makes them certain. It knows neither schemas
nor calls.

The states, and what may come next in each:

    STRING        more of a string, or "       KEY         more of a key, or "
    VALUE         a value                      FIRST_ITEM  a value, or ]
    FIRST_KEY     a key, or }                  NEXT_KEY    a key
    COLON         a colon
    AFTER_MEMBER  a comma, or }                AFTER_ITEM  a comma, or ]
    DONE          nothing but white space
    NUMBER        more of a number             LITERAL     more of true, false or null
    REFUSED       nothing is read any more: `problem` says why

Plain string content is found by one search for each piece. An escape that the end of a piece cuts is carried over to
the next one (at most 11 characters); nothing else is ever looked at twice.
"""

from __future__ import annotations

import json
import re
from enum import IntEnum
from math import isinf
from typing import Any, Final

from millstream.arguments.escapes import SHORT, Wrong, quoted, unescape, width
from millstream.arguments.number_grammar import FIRST as FIRST_OF_NUMBER
from millstream.arguments.number_grammar import START as NUMBER_START
from millstream.arguments.number_grammar import Steps, may_end
from millstream.arguments.outcomes import Settled, StringDelta
from millstream.arguments.pointer import pointer
from millstream.arguments.seam import Checker, Kind, Notice, Veto
from millstream.events.values import JsonValue, Path
from millstream.failures import Problem
from millstream.limits import Limits


class _State(IntEnum):
    STRING = 0
    KEY = 1
    VALUE = 2
    FIRST_ITEM = 3
    FIRST_KEY = 4
    NEXT_KEY = 5
    COLON = 6
    AFTER_MEMBER = 7
    AFTER_ITEM = 8
    DONE = 9
    NUMBER = 10
    LITERAL = 11
    REFUSED = 12


# Plain ints, in the order above: comparing members of an IntEnum costs three times as much in the hot loop, which also
# asks for ranges: up to KEY it is within quotes, from NUMBER on within a token of its own.
STRING, KEY, VALUE, FIRST_ITEM, FIRST_KEY, NEXT_KEY, COLON, AFTER_MEMBER, AFTER_ITEM, DONE, NUMBER, LITERAL, REFUSED = (
    map(int, _State)
)

_EXPECTED: Final = {
    STRING: "the end of the string",
    KEY: "the end of the key",
    VALUE: "a value",
    FIRST_ITEM: "a value or ]",
    FIRST_KEY: "a key in double quotes or }",
    NEXT_KEY: "a key in double quotes",
    COLON: "a colon",
    AFTER_MEMBER: "a comma or }",
    AFTER_ITEM: "a comma or ]",
    DONE: "nothing more",
    NUMBER: "a digit",
    LITERAL: "true, false or null",
}
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_AFTER_NUMBER: Final = " \t\n\r,]}"  # anything else belongs to the number and is wrong in it: 01, 1x
_special: Final = re.compile(r'["\\\x00-\x1f\ud800-\udfff]').search
_WHOLE_ESCAPES: Final = re.compile(
    r"""(?:[^"\\\x00-\x1f\ud800-\udfff]++|\\["\\/bfnrt]
    |\\u(?:(?![dD][89a-fA-F])[0-9a-fA-F]{4}|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))*+""",
    re.VERBOSE,
)
_BEFORE_END: Final = {"}": (FIRST_KEY, AFTER_MEMBER), "]": (FIRST_ITEM, AFTER_ITEM)}
_LONG: Final = 64
"""So many characters must be there that decoding escapes together is quicker than one by one."""
_LITERALS: Final[dict[str, tuple[str, int, JsonValue]]] = {
    "t": ("true", int(Kind.TRUE), True),
    "f": ("false", int(Kind.FALSE), False),
    "n": ("null", int(Kind.NULL), None),
}
# Plain ints, for the same reason as above.
_STRING, _NUMBER, _OBJECT, _ARRAY = map(int, (Kind.STRING, Kind.NUMBER, Kind.OBJECT, Kind.ARRAY))


class Scanner:
    """The text of one JSON document, fed piece by piece.

    Args:
        limits: caps on characters, on depth and on the digits of a number.
        checker: hears of every token; None checks nothing but JSON.
        every_path: tell of every settled value, not only of the members of the root.
        strings: tell of every string how it grows.

    Where `feed` returns True, read `events` (drain it) and `problem`. After a problem, further text is ignored.
    """

    __slots__ = (
        "_after",
        "_again",
        "_at",
        "_box",
        "_carry",
        "_checker",
        "_in_array",
        "_limits",
        "_max_chars",
        "_notice",
        "_number",
        "_root",
        "_settle_depth",
        "_settles",
        "_slot",
        "_stack",
        "_state",
        "_strings",
        "_token",
        "_told",
        "events",
        "problem",
    )

    def __init__(
        self, limits: Limits, checker: Checker | None = None, *, every_path: bool = False, strings: bool = False
    ) -> None:
        self.events: list[Settled | StringDelta] = []
        """What settled and what grew since this list was last drained."""
        self.problem: Problem | None = None
        self._limits = limits
        self._max_chars = limits.max_args_chars
        self._checker = checker
        self._settle_depth = limits.max_depth + 1 if every_path else 1
        self._strings = strings
        self._notice: Notice | None = None  # what is to see the current string or key grow
        self._root: list[Any] = []
        self._box: Any = self._root  # the container that the current value belongs to
        self._in_array = True  # whether that is a list; the root is the only item of one
        self._slot: Any = 0  # and its key or index there; None between the members of an object
        self._after = DONE  # the state behind a value in it
        self._settles = every_path  # whether one is told of
        self._stack: list[tuple[Any, Any]] = []  # the enclosing (box, slot) pairs, outermost first
        self._state = VALUE
        self._token = ""  # the current key, number or literal so far
        self._told = 0  # how much of the current string was told of
        self._number: Steps = NUMBER_START
        self._carry = ""  # an escape that the end of the last piece cut
        self._at = 0  # how many characters have come
        self._again = 0  # how many were looked at twice

    @property
    def done(self) -> bool:
        """Whether the root value is complete. A number at the root is so only after `finish`."""
        return self._state == DONE

    @property
    def open_path(self) -> Path | None:
        """Where the innermost value is that is still being written; None once the root is complete."""
        return None if self._state == DONE else self.path

    @property
    def at(self) -> int:
        """How many characters have come."""
        return self._at

    @property
    def visited(self) -> int:
        """How many characters were looked at, carried ones again: the measure of work."""
        return self._at + self._again

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

    def feed(self, piece: str) -> bool:  # noqa: C901, PLR0912, PLR0915  the hot function, its states are above
        """Take the next piece of text. Returns whether there is something in `events`, or now a `problem`."""
        state = self._state
        at = self._at + len(piece)
        if (
            state == STRING
            and _special(piece) is None
            and self._notice is None
            and not self._carry
            and at <= self._max_chars
        ):
            # By far the most pieces: more of a string. `grown` becomes the only reference to the string, so that +=
            # extends it where it lies; so it does below.
            box, slot = self._box, self._slot
            grown = box[slot]
            box[slot] = None
            grown += piece
            box[slot] = grown
            self._at = at
            return self._strings and self._tell(grown)
        if state == REFUSED:
            return False
        if at > self._max_chars:
            return self._overflow(piece)
        text = piece
        if self._carry:
            text = self._carry + piece
            self._again += len(self._carry)
            self._carry = ""
        i, n = 0, len(text)
        checker = self._checker
        try:
            while i < n:
                char = text[i]
                if state <= KEY:
                    if char == '"':
                        if state == STRING:
                            string = self._box[self._slot]
                            if checker is not None:
                                checker.scalar(string)
                            state = self._end_string(string) if self._settles or self._strings else self._after
                            self._slot = None
                        else:
                            key = self._token
                            if key in self._box:
                                raise _twice(key)
                            if checker is not None:
                                checker.key(key)
                            self._slot = key
                            state = COLON
                        i += 1
                        continue
                    found = _special(text, i)
                    end = n if found is None else found.start()
                    more = text[i:end]
                    if end < n and text[end] == "\\":
                        short = SHORT.get(text[end + 1 : end + 2]) if n - end <= _LONG else None
                        if short is not None:
                            more += short
                            end += 2
                        elif not more:
                            more, end = self._unescape(text, end)
                            if not more:
                                break
                    elif not more:
                        raise _bare(char)
                    if self._notice is not None:
                        self._show(more, text, i)
                    i = end
                    if state == STRING:
                        box, slot = self._box, self._slot
                        grown = box[slot]
                        box[slot] = None
                        grown += more
                        box[slot] = grown
                    else:
                        grown = self._token
                        self._token = ""
                        grown += more
                        self._token = grown
                elif state >= NUMBER:
                    i = self._scan_number(text, i) if state == NUMBER else self._scan_literal(text, i)
                    state = self._state
                elif char == '"':
                    end = i + 1
                    if state <= FIRST_ITEM:
                        if self._in_array:
                            if state == FIRST_ITEM and checker is not None:
                                checker.item(0)
                            self._slot = len(self._box)
                        if checker is not None:
                            self._notice = checker.begin(_STRING)
                        if self._notice is None:
                            found = _special(text, end)
                            end = n if found is None else found.start()
                        if self._in_array:
                            self._box.append(text[i + 1 : end])
                        else:
                            self._box[self._slot] = text[i + 1 : end]
                        self._told = 0
                        state = STRING
                    elif state <= NEXT_KEY:
                        self._slot = None
                        if checker is not None:
                            self._notice = checker.begin_key()
                        if self._notice is None:
                            found = _special(text, end)
                            end = n if found is None else found.start()
                        self._token = text[i + 1 : end]
                        state = KEY
                    else:
                        raise self._unexpected(char, state)
                    i = end
                elif char in " \t\n\r":
                    i += 1
                    if i < n and text[i] in " \t\n\r":
                        i = _SPACE.match(text, i).end()  # type: ignore[union-attr]  # it matches the empty string too
                elif char == "," and state == self._after and state != DONE:
                    if self._in_array:
                        if checker is not None:
                            checker.item(len(self._box))
                        state = VALUE
                    else:
                        if checker is not None:
                            checker.more(len(self._box))
                        state = NEXT_KEY
                    i += 1
                elif char == ":" and state == COLON:
                    state = VALUE
                    i += 1
                elif state in _BEFORE_END.get(char, ()):
                    state = self._end_container()
                    i += 1
                elif state <= FIRST_ITEM:
                    state = self._begin_value(char, state)
                    i += 1
                else:
                    raise self._unexpected(char, state)
        except (Veto, Wrong) as wrong:
            if self._strings and state == STRING:
                self._tell(self._box[self._slot])
            self._refuse(at - n + (i if isinstance(wrong, Veto) else wrong.index), wrong.message, wrong.keyword)
            return True
        self._state = state
        self._at = at
        if self._strings and state == STRING:
            self._tell(self._box[self._slot])
        return bool(self.events)

    def finish(self) -> None:
        """The text is over: what is not complete now is a problem."""
        if self._state == NUMBER and may_end(self._number) and not self._stack:
            try:
                self._end_number()
            except Veto as veto:
                self._refuse(self._at, veto.message, veto.keyword)
        if self._state not in (DONE, REFUSED):
            self._refuse(self.at, f"the text ends where {self._expected(self._state)} was expected", "json")

    def _overflow(self, piece: str) -> bool:
        """The piece makes the text too long: what is wrong before that is told first."""
        self.feed(piece[: self._max_chars - self._at])
        if self.problem is None:
            self._refuse(self._max_chars, f"longer than {self._max_chars} characters", "limit")
        return True

    def _refuse(self, at: int, message: str, keyword: str) -> None:
        self.problem = Problem(pointer(self.path), message, keyword, at)
        self._state = REFUSED

    def _expected(self, state: int) -> str:
        return _EXPECTED[self._after if state == NUMBER and may_end(self._number) else state]

    def _unescape(self, text: str, i: int) -> tuple[str, int]:
        """What the escape at `text[i]` stands for, and where it ends; where the end of the text cuts it, it is carried.

        Everything up to the next quote is decoded with it.
        """
        end = _WHOLE_ESCAPES.match(text, i).end()  # type: ignore[union-attr]  # it matches the empty string too
        if end > i:
            return json.loads(f'"{text[i:end]}"'), end
        whole = unescape(text, i)
        if whole is None:
            self._carry = text[i:]
            return "", i
        return whole

    def _show(self, more: str, text: str, i: int) -> None:
        """Show `more`, which `text` from `i` on adds to a string or key, to what watches that.

        An escape is decided by its last character. What comes before the deciding one has been added all the same.
        """
        assert self._notice is not None, "asked for by the caller"
        try:
            self._notice(more)
        except Veto as veto:
            if self._slot is not None:
                self._box[self._slot] += more[: veto.index]
            for _ in range(veto.index):
                i += width(text, i)
            raise Wrong(i + width(text, i) - 1, veto.message, veto.keyword) from None

    def _tell(self, string: str) -> bool:
        """Tell of the growth of the current string, if there is any."""
        told, self._told = self._told, len(string)
        if self._told > told:
            self.events.append(StringDelta(self.path, string[told:]))
        return self._told > told

    def _begin_value(self, char: str, state: int) -> int:
        """Begin a value other than a string, and return the state in it."""
        checker = self._checker
        if self._in_array:
            if state == FIRST_ITEM and checker is not None:
                checker.item(0)
            self._slot = len(self._box)
        if char in "{[":
            if checker is not None:
                checker.begin(_OBJECT if char == "{" else _ARRAY)
            return self._open(char)
        if char in FIRST_OF_NUMBER:
            if checker is not None:
                checker.begin(_NUMBER)
            self._number = NUMBER_START[char]
            state = NUMBER
        elif char in _LITERALS:
            if checker is not None:
                checker.begin(_LITERALS[char][1])
            state = LITERAL
        else:
            raise self._unexpected(char, state)
        self._token = char
        self._state = state  # which the two that scan the rest of it change at its end
        return state

    def _put(self, value: JsonValue) -> None:
        if self._in_array:
            self._box.append(value)
        else:
            self._box[self._slot] = value

    def _open(self, char: str) -> int:
        """Enter an object or array, and return the state in it."""
        depth = len(self._stack)
        if depth >= self._limits.max_depth:
            raise Veto(f"nested deeper than {self._limits.max_depth} levels", "limit")
        container: Any = {} if char == "{" else []
        self._put(container)
        self._stack.append((self._box, self._slot))
        self._box = container
        self._slot = None
        self._settles = depth < self._settle_depth
        self._in_array = char == "["
        self._after = AFTER_ITEM if self._in_array else AFTER_MEMBER
        return FIRST_ITEM if self._in_array else FIRST_KEY

    def _end_container(self) -> int:
        """Leave an object or array, and return the state behind it."""
        container = self._box
        self._box, self._slot = self._stack.pop()
        self._in_array = type(self._box) is list
        depth = len(self._stack)
        self._settles = depth <= self._settle_depth and (depth > 0 or self._settle_depth > 1)
        self._after = (AFTER_ITEM if self._in_array else AFTER_MEMBER) if depth else DONE
        if self._checker is not None:
            self._checker.close(container)
        if self._settles:
            self.events.append(Settled(self.path, container))
        self._slot = None  # what comes next is not this value's matter but its container's
        return self._after

    def _end_string(self, string: str) -> int:
        """Tell of the string that is complete, where that is asked for, and return the state behind it."""
        if self._strings:
            self._tell(string)
        if self._settles:
            self.events.append(Settled(self.path, string))
        return self._after

    def _end_scalar(self, value: JsonValue) -> int:
        """Take a number or literal that is complete, and return the state behind it."""
        self._put(value)
        if self._checker is not None:
            self._checker.scalar(value)
        if self._settles:
            self.events.append(Settled(self.path, value))
        self._slot = None
        return self._after

    def _scan_number(self, text: str, i: int) -> int:
        """Take more of a number, and the number itself where something follows it; return where it ends here."""
        start, n, steps = i, len(text), self._number
        while i < n and (after := steps.get(text[i])) is not None:
            steps = after
            i += 1
        self._number = steps
        self._token += text[start:i]
        excess = len(self._token) - self._limits.max_number_digits
        if excess > 0:
            message = f"a number of more than {self._limits.max_number_digits} characters"
            raise Wrong(i - excess, message, "limit")
        if i < n:
            if not may_end(steps) or text[i] not in _AFTER_NUMBER:
                raise Wrong(i, f"{quoted(text[i])} can not follow {self._token} in a number")
            try:
                self._end_number()
            except Veto as veto:
                raise Wrong(i, veto.message, veto.keyword) from None
        return i

    def _end_number(self) -> None:
        token = self._token
        number: int | float
        if token.isdigit() or token[1:].isdigit():
            try:
                number = int(token)
            except ValueError:  # Python's own limit, in reach only where max_number_digits was raised above it
                raise Veto(f"a whole number of {len(token)} characters, more than Python converts", "limit") from None
        else:
            number = float(token)
            if isinf(number):
                raise Veto(f"the number {token} is too large for a double", "json")
        self._state = self._end_scalar(number)

    def _scan_literal(self, text: str, i: int) -> int:
        """Take more of true, false or null; return where it ends here."""
        literal, _, value = _LITERALS[self._token[0]]
        more = text[i : i + len(literal) - len(self._token)]
        if not literal.startswith(more, len(self._token)):
            for char in more:
                if char != literal[len(self._token)]:
                    raise Wrong(i, f"expected {literal}, found {quoted(self._token + char)}")
                self._token += char
                i += 1
        i += len(more)
        self._token += more
        if self._token == literal:
            try:
                self._state = self._end_scalar(value)
            except Veto as veto:
                raise Wrong(i - 1, veto.message, veto.keyword) from None
        return i

    def _unexpected(self, char: str, state: int) -> Veto:
        if state == DONE:
            return Veto(f"found {quoted(char)} after the end of the arguments: send one JSON document only", "json")
        return Veto(f"expected {self._expected(state)}, found {quoted(char)}", "json")


def _twice(key: str) -> Veto:
    return Veto(f"the key {quoted(key)} is there twice in one object", "json")


def _bare(char: str) -> Veto:
    what = "must be written as an escape in a string" if char < " " else "is half of a character"
    return Veto(f"{quoted(char)} {what}", "json")
