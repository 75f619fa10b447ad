"""What is known of streams of Chat Completions."""

from __future__ import annotations

from typing import Any

GOOD_ENDS = frozenset({"stop", "tool_calls", "function_call"})

OTHERWISE: dict[tuple[str, str], Any] = {
    # The model never said why it stopped, and a missing reason seals nothing: the response counts as torn and is asked
    # for again. The first two say [DONE] all the same, which is not enough: a proxy adds it to a cut stream as well.
    ("openrouter__test-tools-streaming-variant-a-0", "failed"): True,
    ("snowflake-cortex__test-snowflake-model-streaming-0", "failed"): True,
    ("chat-no-finish-no-done", "failed"): True,
    # The server failed and said so in a line of its own making, `error: …`, which the standard tells clients to ignore.
    ("gpustack__chat-with-extended-thinking-gpustack-qwen3-streams-thinking-content-wh-0", "failed"): True,
    # Two calls under one id: the second gets an id of its own, because an answer could not tell them apart.
    ("chat-duplicate-ids-parallel", "id 1"): "call_x_1_1",
}


def facts(known: dict[str, Any]) -> dict[str, Any]:
    """What only files of this wire speak of."""
    return {"reason": known["finish_reason"]} if "finish_reason" in known else {}
