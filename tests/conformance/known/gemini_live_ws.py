"""What is known of sessions of Gemini Live."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"turn_complete"})

OTHERWISE: dict[tuple[str, str], Any] = {}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of: they all end well, which the files beside them do not say."""
    del known
    return {"reason": "turn_complete"}
