"""Gemini Live: what is sent for the results of calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from millstream.transcript import JsonPart, ToolResult
from millstream.wire.texts import text_of


def result_message(results: Iterable[ToolResult]) -> dict[str, Any]:
    """The message that answers these calls. The model waits for it within its turn; each may be answered by itself."""
    return {"toolResponse": {"functionResponses": [_response(result) for result in results]}}


def _response(result: ToolResult) -> dict[str, Any]:
    whole = result.parts[0].value if len(result.parts) == 1 and isinstance(result.parts[0], JsonPart) else None
    said = text_of(result.parts) if whole is None else whole
    return {
        "id": result.call.provider_id,
        "name": result.call.name,
        "response": {"output" if result.ok else "error": said},
    }
