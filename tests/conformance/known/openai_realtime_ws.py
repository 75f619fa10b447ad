"""What is known of sessions of OpenAI Realtime."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"completed"})

OTHERWISE: dict[tuple[str, str], Any] = {}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of: why the last response ended, and what each of them used."""
    usage = {"usage": {"responses": known["usage"]}} if any(known["usage"]) else {}
    return {"reason": known["finish_reason"][-1]} | usage
