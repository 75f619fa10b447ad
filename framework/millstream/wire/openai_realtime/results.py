"""OpenAI Realtime: what is sent for the results of calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from millstream.transcript import ToolResult
from millstream.wire.texts import text_of


def result_messages(results: Iterable[ToolResult]) -> list[dict[str, Any]]:
    """The messages that answer the calls of one response, and ask for the next; [] where nothing was called.

    An answer may be sent as soon as its tool is done; the last message, `response.create`, only after the response has
    ended, because a conversation has one response at a time.
    """
    answers: list[dict[str, Any]] = [
        {
            "type": "conversation.item.create",
            "item": {
                "type": "function_call_output",
                "call_id": result.call.provider_id,
                "output": text_of(result.parts),
            },
        }
        for result in results
    ]
    return [*answers, {"type": "response.create"}] if answers else []
