r"""The `\u` escapes of a JSON string, surrogate pairs included, wherever the text is cut."""

from __future__ import annotations

import json
from typing import Final

_HEX: Final = frozenset("0123456789abcdefABCDEF")


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
    if not 0xD800 <= first <= 0xDFFF:  # noqa: PLR2004  the surrogates
        return chr(first), i + 6
    if first >= 0xDC00:  # noqa: PLR2004  the low ones
        raise Wrong(i + 5, "a lone low surrogate: half of a character")
    second = _code_unit(text, i + 6, low_surrogate=True)
    if second is None:
        return None
    return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), i + 12


def _code_unit(text: str, i: int, *, low_surrogate: bool = False) -> int | None:
    """The number in the escape at `text[i]`; None where the text ends before its last digit."""
    for k, char in enumerate(text[i : i + 6]):
        if k == 0:
            right = char == "\\"
        elif k == 1:
            right = char == "u"
        else:
            right = char in _HEX
            if low_surrogate and k <= 3:  # noqa: PLR2004  a low surrogate is DC00 to DFFF
                right = char in ("dD" if k == 2 else "cdefCDEF")  # noqa: PLR2004  its first and second digit
        if not right and low_surrogate:
            raise Wrong(i + k, "a lone high surrogate: half of a character")
        if not right:
            what = f"{quoted(char)} is not a hexadecimal digit" if k > 1 else f"\\{char} is not an escape of JSON"
            raise Wrong(i + k, what)
    digits = text[i + 2 : i + 6]
    return int(digits, 16) if len(digits) == 4 else None  # noqa: PLR2004  four hexadecimal digits


def quoted(text: str) -> str:
    """Text within a message: quoted, printable, at most 40 characters."""
    return json.dumps(text if len(text) <= 40 else text[:40] + "…", ensure_ascii=not text.isprintable())  # noqa: PLR2004
