"""The ways to cut a text into pieces. What comes out of a parser must not depend on them."""

from __future__ import annotations

from collections.abc import Iterator


def cuttings(text: str, *, every_cut_up_to: int = 300) -> Iterator[list[str]]:
    """`text` whole, one character at a time, with empty pieces, and, if it is short, in two at every place."""
    yield [text]
    yield list(text)
    yield ["", text[: len(text) // 2], "", text[len(text) // 2 :], ""]
    if len(text) <= every_cut_up_to:
        for at in range(1, len(text)):
            yield [text[:at], text[at:]]


def cut_at(text: str, places: list[int]) -> list[str]:
    """`text` cut at `places`, taken modulo its length."""
    ends = sorted({place % (len(text) + 1) for place in places} | {len(text)})
    return [text[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
