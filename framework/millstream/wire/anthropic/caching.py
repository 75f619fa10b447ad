"""Marks what of a request Anthropic is to keep: everything before a mark is read from its cache the next time.

Source: the guide on prompt caching of Anthropic's API. The order is tools, system, messages; a request may hold four
marks, and a mark finds what was kept up to twenty blocks before it, so that two are enough: behind what every
conversation begins with, and at the end of this one. It knows nothing of what the blocks say.
"""

from __future__ import annotations

from typing import Any, Final

_MARK: Final = {"cache_control": {"type": "ephemeral"}}


def marked(request: dict[str, Any]) -> dict[str, Any]:
    """The request with its marks; what was given is left as it is."""
    made = dict(request)
    if "system" in made:
        made["system"] = [{"type": "text", "text": made["system"], **_MARK}]
    elif made.get("tools"):
        made["tools"] = _last_marked(made["tools"])
    *before, last = made["messages"]
    if last["role"] == "user":  # the end of a response that was interrupted may be what can not be marked
        made["messages"] = [*before, {**last, "content": _last_marked(_blocks(last["content"]))}]
    return made


def _blocks(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _last_marked(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*blocks[:-1], {**blocks[-1], **_MARK}] if blocks else blocks
