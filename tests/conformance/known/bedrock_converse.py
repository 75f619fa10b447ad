"""What is known of streams of Bedrock Converse."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"end_turn", "tool_use", "stop_sequence"})

OTHERWISE: dict[tuple[str, str], Any] = {}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of."""
    server = [call for call in known["calls"] if call["kind"].startswith("server:")]
    return {
        "reason": known["finish_reason"],
        "server calls": [(call["id"], call["name"], call["arguments"]) for call in server],
    }
