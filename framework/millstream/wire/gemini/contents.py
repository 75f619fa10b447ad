"""Gemini: a transcript -> the `contents` of a request.

- A reply is one content of the model, its parts as they came: each with its own `thoughtSignature`, none joined.
- The results of its calls are one content of the user, in call order, one `functionResponse` each, with the `id` of the
  call where the server gave one.
- A step whose first call was signed by nobody, because another provider wrote it or the call that was signed is left
  out, gets the signature that Google gives for this; without it Gemini 3 refuses the history.
- There is no role for an instruction within the history: it goes to `systemInstruction` (`system_texts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.events.values import is_object
from millstream.transcript import (
    CallItem,
    Entry,
    MediaPart,
    Part,
    ReasoningItem,
    Reply,
    ReplyItem,
    SystemMessage,
    TextItem,
    ToolResult,
    Transcript,
    UserMessage,
)
from millstream.wire.fields import text_of as field_of
from millstream.wire.gemini_calls import UNSIGNED, function_name
from millstream.wire.texts import object_args, text_of

NAME: Final = "gemini-generate"


def contents(transcript: Transcript) -> list[dict[str, Any]]:
    """The contents, one for each reply, for the results of its calls together, and for each message of the user."""
    written: list[dict[str, Any]] = []
    given_ids: set[str] = set()  # our ids of calls that have an id of the server's
    last: Entry | None = None
    for entry in transcript:
        match entry:
            case UserMessage(parts=parts):
                written.append({"role": "user", "parts": [_part(part) for part in parts]})
            case ToolResult():
                response = {"functionResponse": _response(entry, has_id=entry.call.id in given_ids)}
                _add(written, "user", [response], joined=isinstance(last, ToolResult))
            case Reply():
                given_ids |= _ids(entry)
                _add(written, "model", _reply(entry), joined=isinstance(last, Reply))
            case SystemMessage():
                continue
        last = entry
    return written


def system_texts(transcript: Transcript) -> list[str]:
    """The instructions within a history."""
    return [entry.text for entry in transcript if isinstance(entry, SystemMessage) and entry.text]


def _add(written: list[dict[str, Any]], role: str, parts: list[dict[str, Any]], *, joined: bool) -> None:
    if joined and written and written[-1]["role"] == role:
        written[-1]["parts"] += parts
    elif parts:
        written.append({"role": role, "parts": parts})


def _ids(reply: Reply) -> set[str]:
    items = [item for item in reply.items if isinstance(item, CallItem)] if reply.wire == NAME else []
    return {item.call.id for item in items if item.echo is not None and field_of(_call_of(item.echo), "id")}


def _call_of(echo: Mapping[str, Any]) -> Mapping[str, Any]:
    call: object = echo.get("functionCall")
    return call if is_object(call) else {}


def _reply(reply: Reply) -> list[dict[str, Any]]:
    own = reply.wire == NAME
    parts: list[dict[str, Any]] = []
    has_called = False
    for item in reply.items:
        part = _reply_item(item, item.echo if own else None, own=own)
        if part is None:
            continue
        if isinstance(item, CallItem) and not has_called:
            has_called = True
            was_first = own and item.call.index == 0
            if not was_first and "thoughtSignature" not in part:
                part["thoughtSignature"] = UNSIGNED
        parts.append(part)
    return parts


def _reply_item(item: ReplyItem, echo: Mapping[str, Any] | None, *, own: bool) -> dict[str, Any] | None:
    beside = dict(echo or {})
    match item:
        case CallItem(call=call, args_text=args_text):
            given = _call_of(beside)
            id_ = {"id": call.provider_id} if field_of(given, "id") else {}
            args = {"input": args_text} if call.kind == "custom" else object_args(args_text)
            return {**beside, "functionCall": {**given, **id_, "name": function_name(call.name), "args": args}}
        case TextItem(text=text):
            return {"text": text, **beside} if text or beside else None
        case ReasoningItem(text=text):
            return {"text": text, "thought": True, **beside} if own and (text or beside) else None
        case _:
            return beside or None


def _response(result: ToolResult, *, has_id: bool) -> dict[str, Any]:
    """JSON goes as text: as a structure its numbers would be doubles, and `$ref` in it is taken for a reference."""
    media = [_media(part) for part in result.parts if isinstance(part, MediaPart)]
    response: dict[str, Any] = {
        "name": function_name(result.call.name),
        "response": {"output" if result.ok else "error": text_of(result.parts)},
    }
    if has_id:
        response["id"] = result.call.provider_id
    return response | ({"parts": media} if media else {})


def _part(part: Part) -> dict[str, Any]:
    return _media(part) if isinstance(part, MediaPart) else {"text": text_of((part,))}


def _media(part: MediaPart) -> dict[str, Any]:
    if part.url is not None:
        return {"fileData": {"mimeType": part.media_type, "fileUri": part.url}}
    name = {"displayName": part.name} if part.name else {}
    return {"inlineData": {"mimeType": part.media_type, "data": part.base64, **name}}
