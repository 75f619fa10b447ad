"""Ways in which a network may cut a body into chunks: nothing but the bytes may count."""

from __future__ import annotations

import random
from collections.abc import Iterator


def bytewise(body: bytes) -> list[bytes]:
    """One byte a chunk."""
    return [body[i : i + 1] for i in range(len(body))]


def halves(body: bytes) -> Iterator[list[bytes]]:
    """Cut in two, at every place; the ends give an empty chunk."""
    return ([body[:i], body[i:]] for i in range(len(body) + 1))


def randomly(body: bytes, cuts: int, seed: int) -> list[bytes]:
    """Cut at so many places chosen by `seed`, or at all there are."""
    places = range(1, len(body))
    chosen = sorted(random.Random(seed).sample(places, min(cuts, len(places))))
    return [body[start:end] for start, end in zip([0, *chosen], [*chosen, len(body)], strict=True)]


def every_way(body: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and cut in two at every place; for short bodies."""
    yield [body]
    yield bytewise(body)
    yield from halves(body)
