r"""The escapes of a JSON string, surrogate pairs included, wherever the text is cut."""

from __future__ import annotations

import json
from typing import Final

SHORT: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
"""What a backslash and one letter stand for."""
_HEX: Final = "0123456789abcdefABCDEF"
_ESCAPE: Final = ("\\", "u", _HEX, _HEX, _HEX, _HEX)
_LOW_SURROGATE: Final = ("\\", "u", "dD", "cdefCDEF", _HEX, _HEX)


class Wrong(Exception):
    """The document is wrong at `index` of the piece in hand."""

    def __init__(self, index: int, message: str, keyword: str = "json") -> None:
        super().__init__(message)
        self.index = index
        self.message = message
        self.keyword = keyword


def unescape(text: str, i: int) -> tuple[str, int] | None:
    r"""The character that the escape at `text[i]` stands for and the index behind it; None where the text ends in it.

    A surrogate pair written as two escapes is one character; half a pair is refused where it can not become whole.
    """
    first = _code_unit(text, i)
    if first is None:
        return None
    if not 0xD800 <= first <= 0xDBFF:  # noqa: PLR2004  the high surrogates; a low one does not come first
        return chr(first), i + 6
    second = _code_unit(text, i + 6, low_surrogate=True)
    if second is None:
        return None
    return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), i + 12


def _code_unit(text: str, i: int, *, low_surrogate: bool = False) -> int | None:
    """The number in the escape at `text[i]`; None where the text ends before its last digit.

    Only where `low_surrogate` is asked for may it be one, and then it must: refused at the digit that decides.
    """
    allowed = _LOW_SURROGATE if low_surrogate else _ESCAPE
    for k, char in enumerate(text[i : i + 6]):
        if char not in allowed[k]:
            if low_surrogate:
                message = "a lone high surrogate: half of a character"
            elif k == 1:
                message = f"{quoted(char)} can not follow a backslash: write \\\\ for a backslash"
            else:
                message = f"{quoted(char)} is not a hexadecimal digit"
            raise Wrong(i + k, message)
        if k == 3 and not low_surrogate and text[i + 2] in "dD" and char in "cdefCDEF":  # noqa: PLR2004  "DC" to "DF"
            raise Wrong(i + k, "a lone low surrogate: half of a character")
    digits = text[i + 2 : i + 6]
    return int(digits, 16) if len(digits) == 4 else None  # noqa: PLR2004  four hexadecimal digits


def width(text: str, i: int) -> int:
    """How many characters of `text`, which is right, stand for the character of a string that is written at `i`."""
    if text[i] != "\\":
        return 1
    if text[i + 1] != "u":
        return 2
    return 12 if text[i + 2] in "dD" and text[i + 3] in "89abAB" else 6


def quoted(text: str) -> str:
    """Text within a message: quoted, printable, at most 40 characters."""
    return json.dumps(text if len(text) <= 40 else text[:40] + "…", ensure_ascii=not text.isprintable())  # noqa: PLR2004
