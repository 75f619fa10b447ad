"""What an MCP server answered to a call -> the result of a tool. Pure; knows the protocol's JSON, not its package."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from millstream.errors import ToolError
from millstream.events import JsonObject
from millstream.transcript import MediaPart


def read_result(answer: JsonObject, server: str) -> Any:
    """The value of an answer: its structured content where there is any, else its text; with media, a list of parts.

    Args:
        answer: a `CallToolResult` in the protocol's form.
        server: what the server is called.

    Raises:
        ToolError: the server says that the call failed, with its words.
    """
    parts = [_part(block) for block in answer.get("content") or ()]
    texts = [part for part in parts if isinstance(part, str)]
    text = "\n".join(texts)
    if answer.get("isError"):
        raise ToolError(text or f"{server} says that the call failed, and not why")
    structured = answer.get("structuredContent")
    value = text if structured is None else _unwrapped(structured, text)
    media = [part for part in parts if isinstance(part, MediaPart)]
    if not media:
        return value
    if structured is None:
        return parts if len(parts) > 1 else parts[0]
    return [value, *media]


def _unwrapped(structured: JsonObject, text: str) -> Any:
    """The value that a server wrapped because structured content had to be an object: the text says it bare."""
    if list(structured) != ["result"]:
        return structured
    bare = structured["result"]
    if bare == text:
        return text
    try:
        return bare if json.loads(text) == bare else structured
    except ValueError:
        return structured


def _part(block: JsonObject) -> str | MediaPart:
    match block.get("type"):
        case "text":
            return str(block.get("text", ""))
        case "image" | "audio":
            return MediaPart(
                str(block.get("mimeType") or "application/octet-stream"), base64=str(block.get("data", ""))
            )
        case "resource":
            return _resource(block.get("resource") or {})
        case "resource_link":
            name = block.get("title") or block.get("name") or "a resource"
            return f"{name}: {block.get('uri', '')}"
        case _:
            return json.dumps(block, ensure_ascii=False)


def _resource(resource: JsonObject) -> str | MediaPart:
    if "text" in resource:
        return str(resource["text"])
    kind = str(resource.get("mimeType") or "application/octet-stream")
    return MediaPart(kind, base64=str(resource.get("blob", "")), name=_file_name(str(resource.get("uri", ""))))


def _file_name(uri: str) -> str | None:
    parts: Sequence[str] = uri.rstrip("/").rsplit("/", 1)
    return parts[-1] or None
