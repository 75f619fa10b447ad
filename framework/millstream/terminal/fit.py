"""Text fitted to cells of a terminal, where a character may be none, one or two cells wide. Pure."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells, set_cell_size

from millstream.ui.safe_text import one_line, printable

_TAIL_CHARS = 8192
"""Wrapping begins at a multiple of this, so that lines that are shown do not move while text is added behind them."""


def cut(text: str, cells: int) -> str:
    """The text, made safe, on one line of at most `cells` cells, cut with "…"."""
    if cells <= 0:
        return ""
    line = one_line(text, cells)
    return line if cell_len(line) <= cells else set_cell_size(line, cells - 1).rstrip() + "…"


def padded(text: str, cells: int) -> str:
    """The text cut and filled up with spaces to exactly `cells` cells."""
    return set_cell_size(cut(text, cells), max(cells, 0))


def cut_start(text: str, cells: int) -> str:
    """The end of the text, made safe and of at most `cells` cells, "…" before it where something is left out."""
    line = one_line(text, max(len(text), 1))
    if cell_len(line) <= cells:
        return line
    kept = line[-cells:]
    while cell_len(kept) >= cells > 0:
        kept = kept[1:]
    return "…" + kept if cells > 0 else ""


def last_lines(text: str, cells: int, count: int) -> list[str]:
    """The last `count` lines of the text, made safe and wrapped at `cells` cells."""
    start = max(len(text) - len(text) % _TAIL_CHARS - _TAIL_CHARS, 0)
    paragraphs = printable(text[start:]).strip("\n").split("\n")[-count:]
    return [line for paragraph in paragraphs for line in _wrapped(paragraph, cells)][-count:] if text else []


def _wrapped(paragraph: str, cells: int) -> list[str]:
    lines = [""]
    for word in paragraph.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= cells:
            lines[-1] = joined
        else:
            lines += chop_cells(word, cells)
    return [line for line in lines if line] or [""]
