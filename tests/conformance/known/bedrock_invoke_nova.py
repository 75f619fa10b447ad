"""What is known of streams of Nova's own events."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"end_turn", "tool_use", "stop_sequence"})

OTHERWISE: dict[tuple[str, str], Any] = {}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of."""
    return {"reason": known["finish_reason"]}
