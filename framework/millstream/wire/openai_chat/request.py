"""OpenAI Chat Completions: a transcript and tools -> the body of `POST /v1/chat/completions`."""

from __future__ import annotations

from typing import Any, Final

from millstream.transcript import (
    CallItem,
    Entry,
    MediaPart,
    Part,
    ReasoningItem,
    Reply,
    SystemMessage,
    TextItem,
    TextPart,
    ToolResult,
    Transcript,
    UserMessage,
)
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.texts import text_of, valid_args, valid_name

NAME: Final = "openai-chat"
_MAX_NAME: Final = 64


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request."""
    instructions = [{"role": "system", "content": ask.instructions}] if ask.instructions else []
    request: dict[str, Any] = {
        "model": ask.model,
        "messages": instructions + messages(ask.transcript),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if ask.tools:
        request["tools"] = [tool(schema) for schema in ask.tools]
    return request | dict(ask.settings.body)


def tool(schema: ToolSchema) -> dict[str, Any]:
    """A tool definition, nested as this wire wants it."""
    if schema.kind == "custom":
        return {"type": "custom", "custom": {"name": schema.name, "description": schema.description}}
    function = {"name": schema.name, "description": schema.description, "parameters": dict(schema.parameters)}
    return {"type": "function", "function": function}


def messages(transcript: Transcript) -> list[dict[str, Any]]:
    """The messages, each reply one of them with all its calls."""
    written = [_entry(entry) for entry in transcript]
    return [message for message in written if message is not None]


def _entry(entry: Entry) -> dict[str, Any] | None:
    match entry:
        case UserMessage(parts=parts):
            return {"role": "user", "content": _content(parts)}
        case SystemMessage(text=text):
            return {"role": "system", "content": text}
        case ToolResult(call=call, parts=parts):
            return {"role": "tool", "tool_call_id": call.provider_id, "content": text_of(parts)}
        case Reply():
            return _reply(entry)


def _reply(reply: Reply) -> dict[str, Any] | None:
    own = reply.wire == NAME
    calls = [_call(item, own=own) for item in reply.items if isinstance(item, CallItem)]
    texts = [item for item in reply.items if isinstance(item, TextItem)]
    refusal = "".join(item.text for item in texts if item.refusal)
    if not calls and not texts:
        return None
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or (None if calls or refusal else "")}
    if refusal:
        message["refusal"] = refusal
    if calls:
        message["tool_calls"] = calls
    for item in reply.items:
        if (
            own
            and isinstance(item, ReasoningItem)
            and item.echo is not None
            and (calls or "reasoning_details" in item.echo)
        ):
            message |= item.echo
    return message


def _call(item: CallItem, *, own: bool) -> dict[str, Any]:
    call = item.call
    name = valid_name(call.name, _MAX_NAME)
    if call.kind == "custom":
        return {"id": call.provider_id, "type": "custom", "custom": {"name": name, "input": item.args_text}}
    function = {"name": name, "arguments": valid_args(item.args_text)}
    echo = dict(item.echo) if own and item.echo is not None else {}
    return echo | {"id": call.provider_id, "type": "function", "function": function}


def _content(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    if all(isinstance(part, TextPart) for part in parts):
        return text_of(parts)
    return [_part(part) for part in parts]


def _part(part: Part) -> dict[str, Any]:
    if not isinstance(part, MediaPart):
        return {"type": "text", "text": text_of((part,))}
    url = part.url or f"data:{part.media_type};base64,{part.base64}"
    if part.media_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": part.name or "file", "file_data": url}}
