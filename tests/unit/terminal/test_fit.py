import time

import pytest
from rich.cells import cell_len

from millstream.terminal.fit import cut, cut_start, last_lines, padded


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("weather", 7, "weather"),
        ("weather", 6, "weath…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("two\nlines\x1b[31m", 20, "two lines"),
        ("x", 0, ""),
        ("xy", 1, "…"),
    ],
)
def test_cut_counts_cells(text: str, cells: int, shown: str) -> None:
    assert cut(text, cells) == shown


@pytest.mark.parametrize("text", ["", "a", "weather", "日本語", "👩‍👩‍👧👩‍👩‍👧", "e\u0301" * 9])
@pytest.mark.parametrize("cells", [0, 1, 2, 3, 7, 20])
def test_padded_is_exactly_as_wide(text: str, cells: int) -> None:
    assert cell_len(padded(text, cells)) == cells


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [("abc", 3, "abc"), ("abcdef", 3, "…ef"), ("日本語", 4, "…語"), ("a\nb", 9, "a b"), ("abc", 0, ""), ("", 4, "")],
)
def test_cut_start_keeps_the_end(text: str, cells: int, shown: str) -> None:
    assert cut_start(text, cells) == shown


def test_the_last_lines_are_wrapped_at_words() -> None:
    text = "One two three four.\nFive six\n"
    assert last_lines(text, 10, 9) == ["One two", "three", "four.", "Five six"]
    assert last_lines(text, 10, 2) == ["four.", "Five six"]
    assert last_lines("abcdefghijkl", 5, 9) == ["abcde", "fghij", "kl"]
    assert last_lines("日本語", 4, 9) == ["日本", "語"]
    assert last_lines("", 10, 3) == []


def test_lines_that_are_shown_do_not_move_while_text_is_added() -> None:
    text, before = "", list[str]()
    for number in range(4000):
        text += f"word{number} "
        lines = last_lines(text, 40, 3)
        if number > 100 and len(text) % 8192 > 200:  # but for the moment at which the start moves on
            assert lines[0] in before
        before = lines


def test_the_work_is_bounded_for_any_text() -> None:
    started = time.perf_counter()
    assert last_lines("x" * 4_000_000, 100, 4)[-1]
    assert last_lines("\n" * 4_000_000, 100, 4)
    assert time.perf_counter() - started < 1
