"""How much an event that waits for the consumer counts, in characters of text."""

from __future__ import annotations

from typing import Final

from millstream.arguments.assembler import json_text
from millstream.events import CallProgress, CallYielded, JsonValue

_RECORD: Final = 64
"""What even an empty one takes: a million yields of nothing are not nothing."""


def weight(event: CallYielded | CallProgress) -> int:
    """The characters of what it carries, and something for the record."""
    if isinstance(event, CallYielded):
        return _RECORD + _chars(event.value)
    return _RECORD + len(event.message) + _chars(event.data)


def _chars(value: JsonValue) -> int:
    if value is None or isinstance(value, int | float):
        return 0
    return len(value) if isinstance(value, str) else len(json_text(value))
