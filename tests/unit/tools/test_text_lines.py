"""The lines that are found are those that contain the text; nothing else is promised, and nothing takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millstream_tools.text_lines import MAX_SHOWN_CHARS, find_lines

LETTERS = "aAbBß\u0130iI\u03a3\u03c3\u03c2 "  # the Turkish dotted capital, and sigma in its three forms
TEXTS = st.text(alphabet=LETTERS + "\n\r", max_size=60)
PATTERNS = st.text(alphabet=LETTERS, min_size=1, max_size=3)


@given(TEXTS, PATTERNS)
def test_with_case_it_finds_what_in_finds(text: str, pattern: str) -> None:
    expected = [(i, line) for i, line in enumerate(text.split("\n"), 1) if pattern in line]
    assert list(find_lines(text, pattern, ignore_case=False)) == [(i, line.rstrip("\r")) for i, line in expected]


@given(TEXTS, PATTERNS)
def test_without_case_it_finds_what_single_letters_say(text: str, pattern: str) -> None:
    # Letter by letter, so that neither the length of a text nor the place of a letter changes what it is.
    def lower(part: str) -> str:
        return "".join("i" if c == "\u0130" else c.lower() for c in part).replace("\u03c2", "\u03c3")

    expected = [(i, line) for i, line in enumerate(text.split("\n"), 1) if lower(pattern) in lower(line)]
    assert list(find_lines(text, pattern, ignore_case=True)) == [(i, line.rstrip("\r")) for i, line in expected]


@pytest.mark.parametrize("at", [0, 50, 500, 995])
def test_of_a_long_line_the_part_with_the_text_is_shown(at: int) -> None:
    line = "x" * at + "needle" + "y" * (1000 - at)
    [(number, shown)] = find_lines(f"first\n{line}\nlast", "needle", ignore_case=True)
    assert number == 2
    assert "needle" in shown
    assert len(shown) <= MAX_SHOWN_CHARS + 2
    assert shown.startswith("…") == (at > 100)
    assert shown.endswith("…") == (at < 700)


def test_the_worst_text_takes_no_longer_than_one_pass() -> None:
    began = time.perf_counter()
    assert not list(find_lines("a" * 1_000_000, "a" * 499 + "b", ignore_case=True))
    assert len(list(find_lines("a\n" * 300_000, "A", ignore_case=True))) == 300_000
    assert time.perf_counter() - began < 5
