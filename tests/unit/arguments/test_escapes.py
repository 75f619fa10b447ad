from __future__ import annotations

import json

import pytest

from millstream.arguments.escapes import Wrong, quoted, unescape


def test_every_escape_of_four_digits_is_what_json_makes_of_it() -> None:
    for code in range(0x10000):
        if 0xD800 <= code <= 0xDFFF:
            continue
        escape = f"\\u{code:04x}" if code % 2 else f"\\u{code:04X}"
        assert unescape(escape, 0) == (json.loads(f'"{escape}"'), 6)


@pytest.mark.parametrize("high", [0xD800, 0xD83D, 0xDBFF])
@pytest.mark.parametrize("low", [0xDC00, 0xDE00, 0xDFFF])
def test_two_halves_are_one_character(high: int, low: int) -> None:
    pair = f"\\u{high:04x}\\u{low:04X}"
    assert unescape(f"ab{pair}cd", 2) == (json.loads(f'"{pair}"'), 14)


@pytest.mark.parametrize("escape", [r"\u0041", r"\ud83d\ude00"])
def test_a_cut_escape_is_neither_right_nor_wrong_yet(escape: str) -> None:
    for end in range(1, len(escape)):
        assert unescape("x" + escape[:end], 1) is None


@pytest.mark.parametrize(
    ("text", "index", "message"),
    [
        (r"\a", 1, r'"a" can not follow a backslash: write \\ for a backslash'),
        (r"\U0041", 1, r'"U" can not follow a backslash: write \\ for a backslash'),
        ("\\\u0661", 1, '"\u0661" can not follow a backslash: write \\\\ for a backslash'),
        (r"\ug", 2, '"g" is not a hexadecimal digit'),
        (r"\u004\u", 5, r'"\\" is not a hexadecimal digit'),
        ("\\u004\uff11", 5, '"\uff11" is not a hexadecimal digit'),
        (r"\ud83d x", 6, "a lone high surrogate: half of a character"),
        (r"\ud83d\n", 7, "a lone high surrogate: half of a character"),
        (r"\ud83d\ua", 8, "a lone high surrogate: half of a character"),
        (r"\ud83d\udb", 9, "a lone high surrogate: half of a character"),
        (r"\ud83d\udcx", 10, "a lone high surrogate: half of a character"),
        (r"\udc00", 3, "a lone low surrogate: half of a character"),
        (r"\uDF", 3, "a lone low surrogate: half of a character"),
    ],
)
def test_a_wrong_escape_is_refused_at_the_character_that_decides(text: str, index: int, message: str) -> None:
    for end in range(1, index + 1):
        assert unescape(text[:end], 0) is None
    for end in range(index + 1, len(text) + 1):
        with pytest.raises(Wrong) as caught:
            unescape(text[:end], 0)
        assert (caught.value.index, caught.value.message, caught.value.keyword) == (index, message, "json")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", '"a"'),
        ('"', r'"\""'),
        ("\u00e9\U0001f600", '"\u00e9\U0001f600"'),
        ("\n\x00", r'"\n\u0000"'),
        ("\ud800", r'"\ud800"'),
        ("\u202e", r'"\u202e"'),
        ("x" * 40, '"' + "x" * 40 + '"'),
        ("x" * 41, '"' + "x" * 40 + '\u2026"'),
    ],
)
def test_text_in_a_message_is_short_and_printable(text: str, shown: str) -> None:
    assert quoted(text) == shown
