"""OpenAI Responses: a transcript -> the items of `input`.

Every request is whole (`store: false`): the items of earlier responses go back verbatim and in order, reasoning with
its `encrypted_content` directly before what it led to. A reasoning item without it can not be looked up again, so it
stays out, and what follows it gives up its `id`, by which the server would ask for it; so does one that led to nothing,
because the response was cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.transcript import (
    CallItem,
    Entry,
    MediaPart,
    Part,
    ReasoningItem,
    Reply,
    ServerItem,
    SystemMessage,
    TextItem,
    ToolResult,
    Transcript,
    UserMessage,
)
from millstream.wire.texts import content_of, is_common_image, text_of, url_of, valid_args, valid_name, words_of

NAME: Final = "openai-responses"
_MAX_NAME: Final = 128


def entries(transcript: Transcript) -> list[dict[str, Any]]:
    """The items of `input`. The API refuses one whose `id` came before, which some servers give out twice."""
    items: list[dict[str, Any]] = []
    seen: set[str] = set()
    for item in (item for entry in transcript for item in _entry(entry)):
        id_ = item.get("id")
        if isinstance(id_, str) and id_ not in seen:
            seen.add(id_)
        elif id_ is not None and item["type"] == "reasoning":
            continue
        else:
            item.pop("id", None)
        items.append(item)
    return items


def _entry(entry: Entry) -> list[dict[str, Any]]:
    match entry:
        case UserMessage(parts=parts):
            return [{"type": "message", "role": "user", "content": content_of(parts, _input_part)}]
        case SystemMessage(text=text):
            return [{"type": "message", "role": "system", "content": text}]
        case ToolResult(call=call):
            kind = "custom_tool_call_output" if call.kind == "custom" else "function_call_output"
            return [{"type": kind, "call_id": call.provider_id, "output": _output(entry.parts)}]
        case Reply():
            return _reply(entry)


def _reply(reply: Reply) -> list[dict[str, Any]]:
    own = reply.wire == NAME
    items: list[dict[str, Any]] = []
    reasoning: list[dict[str, Any]] = []  # which waits for what it leads to
    reasoning_left_out = False
    for item in reply.items:
        if isinstance(item, ReasoningItem):
            if own and item.echo is not None and item.echo.get("encrypted_content"):
                reasoning.append(_clean(item.echo))
            else:
                reasoning_left_out = True
            continue
        written = _reply_item(item, item.echo if own else None)
        if written is not None:
            if reasoning_left_out:
                written.pop("id", None)
            items += [*reasoning, written]
            reasoning.clear()
    return items


def _reply_item(item: TextItem | CallItem | ServerItem, echo: Mapping[str, Any] | None) -> dict[str, Any] | None:
    match item:
        case CallItem(call=call, args_text=args_text):
            custom = call.kind == "custom"
            plain = {"type": "custom_tool_call" if custom else "function_call"}
            args = {"input": args_text} if custom else {"arguments": valid_args(args_text)}
            name = {"name": valid_name(call.name, _MAX_NAME), "call_id": call.provider_id}
            return _clean(echo or plain) | name | args
        case TextItem(text=text, refusal=refusal):
            if echo is not None:
                return _clean(echo)
            part = {"type": "refusal", "refusal": text} if refusal else {"type": "output_text", "text": text}
            return {"type": "message", "role": "assistant", "content": [part]} if text else None
        case ServerItem():
            return None if echo is None else _clean(echo)


def _clean(echo: Mapping[str, Any]) -> dict[str, Any]:
    """An item as it came; the API sends nulls that it does not accept."""
    return {key: value for key, value in echo.items() if value is not None}


def _output(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    if any(isinstance(part, MediaPart) for part in parts):
        return [_output_part(part) for part in parts]
    return text_of(parts)


def _output_part(part: Part) -> dict[str, Any]:
    """A part of what a tool gave: an image of a kind that the API refuses is only named."""
    if isinstance(part, MediaPart) and part.media_type.startswith("image/") and not is_common_image(part):
        return {"type": "input_text", "text": words_of((part,))}
    return _input_part(part)


def _input_part(part: Part) -> dict[str, Any]:
    if not isinstance(part, MediaPart):
        return {"type": "input_text", "text": text_of((part,))}
    url = url_of(part)
    if part.media_type.startswith("image/"):
        return {"type": "input_image", "image_url": url, "detail": "auto"}
    if part.url:
        return {"type": "input_file", "file_url": part.url}
    return {"type": "input_file", "filename": part.name or "file", "file_data": url}
