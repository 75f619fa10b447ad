"""What is known of streams of Cohere's chat API."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"COMPLETE", "TOOL_CALL", "STOP_SEQUENCE"})

OTHERWISE: dict[tuple[str, str], Any] = {}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of."""
    return {"reason": known["finish_reason"]}
