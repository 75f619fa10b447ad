"""What is known of streams of Responses."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"completed"})

OTHERWISE: dict[tuple[str, str], Any] = {}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of."""
    reasons = {"response.completed": "completed", "response.incomplete": known.get("incomplete_reason")}
    server = [call for call in known["calls"] if call["kind"].startswith(("server:", "client_or_server:"))]
    return {
        "reason": reasons.get(known.get("terminal_event", "")),
        "server calls": [(call["id"], call["name"], call["arguments"]) for call in server],
    }
