"""What is known of sessions of Responses over WebSockets."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"completed"})

OTHERWISE: dict[tuple[str, str], Any] = {}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of."""
    return {"reason": "completed"} if known.get("terminal_event") == "response.completed" else {}
