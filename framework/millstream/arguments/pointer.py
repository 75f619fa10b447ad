"""JSON Pointers (RFC 6901): how problems name a place in a document."""

from __future__ import annotations

from millstream.events.values import Path


def pointer(path: Path) -> str:
    """The path as a JSON Pointer (RFC 6901): "" is the root, "/items/0/name" a place in it."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
