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

    Up to 64 KiB partial_json_parser completes it; a longer text is completed to what our own scanner has read of it.
    """
    if not text.strip():
        return None
    if len(text) > _MAX_PARSED:
        return _from_scanner(text)
    from partial_json_parser import Allow, ensure_json  # pyright: ignore[reportMissingTypeStubs]  it has none

    try:
        completed = str(ensure_json(text, Allow.ALL & ~(Allow.NUM | Allow.SPECIAL)))
        json.loads(completed)
    except Exception:  # noqa: BLE001  it raises what it likes on malformed text, AssertionError and IndexError included
        return None
    return completed


def _from_scanner(text: str) -> str | None:
    scanner = Scanner(Limits())
    scanner.feed(text)
    value = scanner.partial
    return None if value is None else json.dumps(value, ensure_ascii=False)
