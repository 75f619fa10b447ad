import time

import pytest

from millstream.ui.safe_text import one_line, printable


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain\ntext", "plain\ntext"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[H\x1b[?25lgone", "gone"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;Zm9v\x9cafter", "after"),
        ("\x1bPdcs\x1b\\after", "after"),
        ("\x1b(0line\x1bc", "line"),
        ("a\rb\r\nc\x0bd\u2028e", "a\nb\nc\nd\ne"),
        ("a\tb", "a    b"),
        ("bell\x07 nul\x00 del\x7f", "bell nul del"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2066a\u2069\u200fb\ufeff", "ab"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("no \ufffe\uffff character", "no \ufffd\ufffd character"),
        ("👩‍👩‍👧 é 日本 אבג", "👩‍👩‍👧 é 日本 אבג"),
    ],
)
def test_what_can_not_be_seen_is_gone_and_the_rest_stays(text: str, seen: str) -> None:
    assert printable(text) == seen


def test_text_behind_a_control_string_without_an_end_is_shown() -> None:
    assert printable("\x1b]0;never ends, and says a lot") == "0;never ends, and says a lot"


@pytest.mark.parametrize("piece", ["\x1b]", "\x9d", "\x1b[", "\x1b", "\x1b[0;", "\x90x", "\x1bP\x9b"])
def test_hostile_text_takes_no_longer_than_its_length(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    started = time.perf_counter()
    printable(text)
    assert time.perf_counter() - started < 2  # quadratic work would take minutes


def test_every_cut_of_an_escape_sequence_leaves_no_control_character() -> None:
    text = "a\x1b[31mb\x1b]0;t\x07c\x9b1md"
    for cut in range(len(text)):
        shown = printable(text[:cut]) + printable(text[cut:])
        assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in shown)


@pytest.mark.parametrize(
    ("text", "limit", "line"),
    [
        ("  a \n\n b\t c ", 20, "a b c"),
        ("exactly ten", 11, "exactly ten"),
        ("one too many", 11, "one too ma…"),
        ("words end here", 6, "words…"),
        ("x" * 10_000, 5, "xxxx…"),
        ("\x00" * 100 + "hidden far behind", 5, "…"),
        ("", 5, ""),
    ],
)
def test_one_line_is_cut_with_a_mark(text: str, limit: int, line: str) -> None:
    assert one_line(text, limit) == line
