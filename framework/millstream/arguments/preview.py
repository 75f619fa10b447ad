"""A valid JSON text that stands in for a torn one: to show, or to keep in a history, never to execute.

The only home of partial_json_parser. Numbers and literals that may not be whole are left out, never guessed.
"""

from __future__ import annotations

import json
from typing import Final

from millstream.arguments.scanner import Scanner
from millstream.limits import Limits

_MAX_PARSED: Final = 64 * 1024  # above it partial_json_parser takes seconds on nested text


def preview(text: str) -> str | None:
    """Complete `text` to a JSON document; None where nothing of it can stand.

    Up to 64 KiB partial_json_parser completes it. A longer text, and one whose completion is not JSON by our own strict
    rules (half a surrogate pair, NaN, a duplicate key), is completed to what our scanner has read of it.
    """
    if len(text) <= _MAX_PARSED:
        completed = _completed(text)
        if completed is not None and _is_document(_scanned(completed)):
            return completed
    value = _scanned(text).partial
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _completed(text: str) -> str | None:
    from partial_json_parser import Allow, ensure_json  # pyright: ignore[reportMissingTypeStubs]  it has none

    try:
        return str(ensure_json(text, Allow.ALL & ~(Allow.NUM | Allow.SPECIAL)))
    except Exception:  # noqa: BLE001  it raises what it likes on malformed text, AssertionError and IndexError included
        return None


def _scanned(text: str) -> Scanner:
    scanner = Scanner(Limits())
    scanner.feed(text)
    return scanner


def _is_document(scanner: Scanner) -> bool:
    """Whether it has read one whole document; a number at the root may not be whole, so it is none."""
    return scanner.done and scanner.problem is None
