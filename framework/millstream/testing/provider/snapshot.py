"""The `response` object of the Responses wire, as the lifecycle events carry it.

Pure. Its keys and their order are those of real responses; what the request set is echoed, the rest has the values of a
plain request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from millstream.events import Usage
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.items import Item
from millstream.testing.provider.rules.shapes import is_array, is_object


def snapshot(
    asked: Asked,
    response_id: str,
    status: str,
    output: Sequence[Item] = (),
    *,
    ended: Mapping[str, Any] | None = None,
    usage: Usage | None = None,
) -> dict[str, Any]:
    """The response as it stands; `ended` holds the fields that only its end sets (`error`, `incomplete_details`)."""
    ended = ended or {}
    given = {key: asked.body[key] for key in _ECHOED if asked.body.get(key) is not None}
    return {
        "id": response_id,
        "object": "response",
        "created_at": asked.created,
        "status": status,
        "background": asked.body.get("background") is True,
        "completed_at": asked.created if status == "completed" else None,
        "error": ended.get("error"),
        "frequency_penalty": 0.0,
        "incomplete_details": ended.get("incomplete_details"),
        "instructions": given.get("instructions"),
        "max_output_tokens": given.get("max_output_tokens"),
        "max_tool_calls": given.get("max_tool_calls"),
        "model": asked.model,
        "moderation": None,
        "output": list(output),
        "parallel_tool_calls": given.get("parallel_tool_calls", True),
        "presence_penalty": 0.0,
        "previous_response_id": given.get("previous_response_id"),
        "prompt_cache_key": given.get("prompt_cache_key"),
        "prompt_cache_retention": None,
        "reasoning": {"effort": None, "summary": None} | _object(given.get("reasoning")),
        "safety_identifier": given.get("safety_identifier"),
        "service_tier": "auto" if usage is None else "default",
        "store": given.get("store", True),
        "temperature": given.get("temperature", 1.0),
        "text": {"format": {"type": "text"}, "verbosity": "medium"} | _object(given.get("text")),
        "tool_choice": given.get("tool_choice", "auto"),
        "tools": [_tool(tool) for tool in _array(given.get("tools"))],
        "top_logprobs": 0,
        "top_p": given.get("top_p", 1.0),
        "truncation": given.get("truncation", "disabled"),
        "usage": None if usage is None else usage_object(usage),
        "user": given.get("user"),
        "metadata": given.get("metadata", {}),
    }


def usage_object(usage: Usage) -> dict[str, Any]:
    """Token counts in the form of the Responses wire."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": usage.cached_input_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


_ECHOED = (
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "truncation",
    "user",
)


def _object(value: Any) -> dict[str, Any]:
    """The value, nothing where it is no object: a body need not have been checked."""
    return value if is_object(value) else {}


def _array(value: Any) -> list[Any]:
    return value if is_array(value) else []


def _tool(tool: Any) -> Any:
    """A tool as the provider echoes it: a function always says whether it is strict."""
    if not is_object(tool) or tool.get("type") != "function":
        return tool
    return {"type": "function", "description": None} | tool | {"strict": tool.get("strict") is not False}
