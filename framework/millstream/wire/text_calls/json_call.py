"""A call as a JSON object, `{"name": …, "arguments": {…}}`: its argument text as it is written, while it is written.

The arguments may come before the name, and are held back then. Nothing of them is checked here but where they end: the
assembler of the call does that. It does not know what stands around the object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from millstream.wire.text_calls.cursor import Cursor, NotACall, Steps

_ARGUMENTS: Final = frozenset({"arguments", "parameters"})
_BESIDE: Final = frozenset({"id", "type"})
_KEYS: Final = ("name", *_ARGUMENTS, *_BESIDE)
_MAX_STRING: Final = 256  # of what has no importance
_outside: Final = re.compile(r'["{}\[\]]').search
_inside: Final = re.compile(r'["\\]').search
_scalar: Final = re.compile(r"[^,}\]\s]+").match


def call_object(c: Cursor, *, marked: bool) -> Steps[None]:
    """A call as an object. Where no mark says that it is one, it must have arguments."""
    yield from c.literal("{")
    members = _Members(c, marked=marked)
    while True:
        yield from c.blanks()
        key = yield from members.key()
        yield from c.blanks()
        yield from c.literal(":")
        yield from c.blanks()
        yield from members.value(key)
        char = yield from c.blanks()
        if char not in (",", "}") or not char:
            raise NotACall
        c.at += 1
        if char == "}":
            members.end()
            return


def call_list(c: Cursor, *, marked: bool) -> Steps[None]:
    """Calls as an array of objects. Each is closed with its own end."""
    yield from c.literal("[")
    while True:
        yield from c.blanks()
        yield from call_object(c, marked=marked)
        if (yield from c.blanks()) != ",":
            yield from c.literal("]")
            return
        c.at += 1


def arguments(c: Cursor) -> Steps[None]:
    """The argument text of the open call, up to the end of its value."""
    if (yield from c.peek()) == "n":  # null is how some write that there are none
        pieces: list[str] = []
        yield from json_value(c, pieces.append)
        c.args("" if pieces == ["null"] else "".join(pieces))
        return
    yield from json_value(c, c.args)


def json_value(c: Cursor, take: Callable[[str], object]) -> Steps[None]:
    """Pass one JSON value; `take` its text piece by piece. At the end of the text it stops, wherever it is."""
    first = yield from c.peek()
    if first not in ('"', "{", "["):
        yield from _plain_value(c, take)
        return
    depth, within, escaped = 0, False, False
    while (yield from c.peek()):
        start, text, stop = c.at, c.text, min(len(c.text), c.limit)
        at = start
        done = False
        while at < stop and not done:
            if escaped:
                escaped = False
                at += 1
                continue
            match = (_inside if within else _outside)(text, at, stop)
            at = match.end() if match is not None else stop
            if match is None:
                continue
            char = match[0]
            if char == "\\":
                escaped = True
            elif char == '"':
                within = not within
            else:
                depth += 1 if char in "{[" else -1
            done = depth == 0 and not within
        c.at = at
        take(text[start:at])
        if done:
            return


def _plain_value(c: Cursor, take: Callable[[str], object]) -> Steps[None]:
    """A number, true, false, null, or nothing that is JSON."""
    read = ""
    while (yield from c.peek()):
        match = _scalar(c.text, c.at, c.at + _MAX_STRING)
        if match is None:
            break
        c.at = match.end()
        read += match[0]
        if len(read) > _MAX_STRING:
            raise NotACall
    if not read:
        raise NotACall
    take(read)


def _string_of(c: Cursor, words: Iterable[str]) -> Steps[str]:
    """One of these as a string: the first character that is of none of them ends it."""
    quoted = yield from c.choose([f'"{word}"' for word in words])
    return quoted[1:-1]


def _short_string(c: Cursor) -> Steps[None]:
    """A string of no importance, on one line."""
    yield from c.literal('"')
    escaped = False
    for _ in range(_MAX_STRING):
        char = yield from c.peek()
        if char in ("", "\n"):
            break
        c.at += 1
        if char == '"' and not escaped:
            return
        escaped = char == "\\" and not escaped
    raise NotACall


class _Members:
    """What the members of the object have said so far."""

    def __init__(self, c: Cursor, *, marked: bool) -> None:
        self._c = c
        self._marked = marked
        self._name: str | None = None
        self._held: list[str] | None = None  # arguments that came before the name
        self._begun = False

    def key(self) -> Steps[str]:
        """The key of one member: one that a call has; behind its arguments any at all."""
        c = self._c
        if not self._begun:
            return (yield from _string_of(c, _KEYS))
        if (yield from c.peek()) != '"':
            raise NotACall
        yield from json_value(c, len)
        return ""

    def value(self, key: str) -> Steps[None]:
        """The value of one member."""
        c = self._c
        if self._begun:
            yield from json_value(c, len)  # nothing that a call needs
        elif key == "name" and self._name is None:
            name = self._name = yield from _string_of(c, c.names)
            if self._held is not None:
                self._begin(name)
                c.args("".join(self._held))
        elif key in _ARGUMENTS and self._held is None:
            if self._name is not None:
                self._begin(self._name)
                yield from arguments(c)
            else:
                self._held = []
                yield from json_value(c, self._held.append)
                if self._held == ["null"]:
                    self._held = []
        elif key in _BESIDE and (yield from c.peek()) == '"':
            yield from _short_string(c)
        elif key in _BESIDE:
            yield from _plain_value(c, len)
        else:
            raise NotACall

    def end(self) -> None:
        """The object is over, and the call with it."""
        if not self._begun:
            if self._name is None or not self._marked:
                raise NotACall
            self._begin(self._name)
        self._c.close()

    def _begin(self, name: str) -> None:
        self._begun = True
        self._c.begin(name)
