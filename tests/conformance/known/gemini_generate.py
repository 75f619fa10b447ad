"""What is known of streams of Gemini's generateContent."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"STOP"})

OTHERWISE: dict[tuple[str, str], Any] = {}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of."""
    return {"reason": known["finish_reason"]}
