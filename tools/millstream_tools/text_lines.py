"""The lines of a text that contain a plain text. Pure: one pass, whatever the text and the pattern."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

MAX_SHOWN_CHARS: Final = 300
"""What is shown of a line: a log line fits, a minified file does not fill the model's context."""
_SHOWN_BEFORE: Final = 100


def find_lines(text: str, pattern: str, *, ignore_case: bool) -> Iterator[tuple[int, str]]:
    """Each line of `text` that contains `pattern`: its number, counted from 1, and the text around the first place.

    Args:
        text: lines end with a line feed; a carriage return before it is not shown.
        pattern: not empty, without a line feed.
        ignore_case: whether upper and lower case are the same.
    """
    place = _folded if ignore_case else str
    haystack, needle = place(text), place(pattern)
    number, counted = 1, 0
    at = haystack.find(needle)
    while at >= 0:
        number += haystack.count("\n", counted, at)
        start = haystack.rfind("\n", 0, at) + 1
        end = haystack.find("\n", at)
        if end < 0:
            end = len(haystack)
        yield number, _shown(text, start, end, at)
        counted = at
        at = haystack.find(needle, end)


def _folded(text: str) -> str:
    """Lower case, one character for one, so that places stay what they are: only U+0130 would become two."""
    return text.replace("\u0130", "i").lower().replace("\u03c2", "\u03c3")  # two forms of sigma


def _shown(text: str, start: int, end: int, at: int) -> str:
    """The line from `start` to `end`, or the part around `at` of a long one."""
    if end - start <= MAX_SHOWN_CHARS:
        return text[start:end].rstrip("\r")
    first = max(start, min(at - _SHOWN_BEFORE, end - MAX_SHOWN_CHARS))
    last = min(end, first + MAX_SHOWN_CHARS)
    return f"{'…' if first > start else ''}{text[first:last].rstrip()}{'…' if last < end else ''}"
