"""What is known of streams of Anthropic Messages."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"end_turn", "tool_use", "stop_sequence", "pause_turn", "compaction"})

_SPLICED = "anthropic__spliced-message-start"

OTHERWISE: dict[tuple[str, str], Any] = {
    # A proxy's second attempt within one body. The first call was shown and, had it been whole, would be at work: that
    # can not be taken back within a response, and the second message says it all again under other ids. So the response
    # is torn where the second begins, and what becomes of that is the policy's to say: asked for again, or salvaged.
    (_SPLICED, "failed"): True,
    (_SPLICED, "reason"): None,
    (_SPLICED, "id 0"): "toolu_first",
    (_SPLICED, "arguments 0"): None,
    (_SPLICED, "text 0"): '{"value":"Spark',
    (_SPLICED, "usage"): {"input_tokens": 17, "output_tokens": 1},
}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of."""
    server = [call for call in known["calls"] if call["kind"].startswith("server:")]
    said: dict[str, Any] = {"server calls": [(call["id"], call["name"], call["arguments"]) for call in server]}
    return said | ({"reason": known["finish_reason"]} if "finish_reason" in known else {})
