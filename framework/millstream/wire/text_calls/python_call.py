"""Calls as a list of Python calls, `[f(a=1), g(b="x")]`: their arguments as JSON, while they are written.

Values are written over, character by character: strings in either quotes, True, False, None, numbers, lists, tuples,
dicts. What is none of these is passed on as it is, for the assembler of the call to refuse. It does not know what
stands around the list.
"""

from __future__ import annotations

import json
import re
from typing import Final

from millstream.wire.text_calls.cursor import Cursor, NotACall, Steps

_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
_SHORT: Final[dict[str, str]] = dict(zip("ntrbfav0\\'\"\n", [*"\n\t\r\b\f\a\v\0\\'\"", ""], strict=True))
_LONG: Final = {"x": 2, "u": 4, "U": 8}
_CLOSES: Final = {"[": "]", "(": ")", "{": "}"}
_MAX_DEPTH: Final = 100
_plain: Final = {quote: re.compile(rf"[^{quote}\\]+").match for quote in "'\""}


def python_calls(c: Cursor) -> Steps[None]:
    """The list. Each call is closed with its own end."""
    yield from c.literal("[")
    while True:
        yield from c.blanks()
        yield from _call(c)
        if (yield from c.blanks()) == ",":
            c.at += 1
            if (yield from c.blanks()) != "]":
                continue
        yield from c.literal("]")
        return


def _call(c: Cursor) -> Steps[None]:
    name = yield from c.tool()
    yield from c.blanks()
    yield from c.literal("(")
    c.begin(name)
    before = "{"
    while (yield from c.blanks()) != ")":
        key = yield from c.word("_")
        yield from c.blanks()
        yield from c.literal("=")
        if not key:  # an argument without a name, which no tool here knows
            raise NotACall
        c.args(f"{before}{json.dumps(key, ensure_ascii=False)}: ")
        before = ", "
        yield from _value(c, 0)
        if (yield from c.blanks()) == ",":
            c.at += 1
        elif (yield from c.peek()) != ")":
            raise NotACall
    c.at += 1
    c.args("{}" if before == "{" else "}")
    c.close()


def _value(c: Cursor, depth: int) -> Steps[None]:
    char = yield from c.blanks()
    if depth > _MAX_DEPTH or not char:
        raise NotACall
    if char in _plain:
        yield from _text(c, char)
    elif char in _CLOSES:
        yield from _container(c, char, depth)
    else:
        word = yield from c.word("_.+-")
        if not word:
            raise NotACall
        c.args(_WORDS.get(word, word))


def _container(c: Cursor, opening: str, depth: int) -> Steps[None]:
    closing = _CLOSES[opening]
    c.at += 1
    c.args("{" if opening == "{" else "[")
    before = ""
    while (yield from c.blanks()) != closing:
        c.args(before)
        before = ", "
        yield from _value(c, depth + 1)
        if opening == "{":
            yield from c.blanks()
            yield from c.literal(":")
            c.args(": ")
            yield from _value(c, depth + 1)
        if (yield from c.blanks()) == ",":
            c.at += 1
        elif (yield from c.peek()) != closing:
            raise NotACall
    c.at += 1
    c.args("}" if opening == "{" else "]")


def _text(c: Cursor, quote: str) -> Steps[None]:
    c.at += 1
    c.args('"')
    while True:
        char = yield from c.peek()
        if not char:
            raise NotACall
        if char == quote:
            c.at += 1
            c.args('"')
            return
        if char == "\\":
            c.at += 1
            plain = yield from _escaped(c)
        else:
            match = _plain[quote](c.text, c.at)
            assert match is not None, "it is neither the quote nor a backslash"
            plain = match[0]
            c.at = match.end()
        c.args(json.dumps(plain, ensure_ascii=False)[1:-1])


def _escaped(c: Cursor) -> Steps[str]:
    """What stands behind a backslash; in Python one without a meaning stands for itself."""
    char = yield from c.peek()
    c.at += 1 if char else 0
    digits = _LONG.get(char)
    if digits is None:
        return _SHORT.get(char, "\\" + char)
    read = ""
    while len(read) < digits:
        digit = yield from c.peek()
        if not digit or digit not in "0123456789abcdefABCDEF":
            return f"\\{char}{read}"
        read += digit
        c.at += 1
    code = int(read, 16)
    return chr(code) if code <= 0x10FFFF else f"\\{char}{read}"  # noqa: PLR2004  the last character there is
