"""Bedrock Converse: a transcript -> `messages`, in which user and assistant take turns.

All results of a reply go into the one user message that follows it, and what the user says comes after them. Reasoning
goes back unchanged with its signature, or not at all; it stays out too where it would be the last of its message. A
call of a tool that Bedrock ran goes back with its result only.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any, Final

from millstream.events.values import Call, CallKind, is_object
from millstream.transcript import (
    CallItem,
    Entry,
    ReasoningItem,
    Reply,
    ReplyItem,
    ServerItem,
    SystemMessage,
    TextItem,
    ToolResult,
    Transcript,
    UserMessage,
)
from millstream.wire.bedrock.content import result_content, user_content
from millstream.wire.texts import valid_args, valid_name

NAME: Final = "bedrock-converse"
_MAX_NAME: Final = 64
_ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_MAX_BRACKETS: Final = 200  # below it no text nests deeper than JSON can be written

_Blocks = list[dict[str, Any]]


def messages(transcript: Transcript) -> list[dict[str, Any]]:
    """The messages; neighbours of one role are one message."""
    made: list[dict[str, Any]] = []
    for entry in transcript:
        role, blocks = _entry(entry)
        if not blocks:
            continue
        if made and made[-1]["role"] == role:
            made[-1]["content"] += blocks
        else:
            made.append({"role": role, "content": blocks})
    return made


def system_texts(transcript: Transcript) -> list[str]:
    """Instructions within the history, which go into `system`: hardly a model takes them among the messages."""
    return [entry.text for entry in transcript if isinstance(entry, SystemMessage) and entry.text.strip()]


def _entry(entry: Entry) -> tuple[str, _Blocks]:
    match entry:
        case UserMessage(parts=parts):
            return "user", user_content(parts)
        case SystemMessage():
            return "user", []
        case ToolResult():
            return "user", [_result(entry)]
        case Reply():
            return "assistant", _reply(entry)


def _result(entry: ToolResult) -> dict[str, Any]:
    result: dict[str, Any] = {"toolUseId": _id(entry.call), "content": result_content(entry.parts)}
    if not entry.ok:  # not every model knows a status, and success is what its absence means
        result["status"] = "error"
    return {"toolResult": result}


def _reply(reply: Reply) -> _Blocks:
    own = reply.wire == NAME
    blocks: _Blocks = []
    kept = 0  # how many of them lead up to one that is no reasoning
    finished = {_used(item.echo) for item in reply.items if isinstance(item, ServerItem) and "toolResult" in item.echo}
    for item in reply.items:
        block = _item(item, finished, own=own)
        if block is not None:
            blocks.append(block)
            kept = kept if "reasoningContent" in block else len(blocks)
    return blocks[:kept]


def _item(item: ReplyItem, finished: set[str], *, own: bool) -> dict[str, Any] | None:
    match item:
        case TextItem(text=text):
            return {"text": text} if text.strip() else None
        case ReasoningItem(echo=echo):
            return dict(echo) if own and echo is not None else None
        case ServerItem(echo=echo):
            return dict(echo) if own and _used(echo) in finished else None
        case CallItem(call=call, args_text=args_text):
            name, given = valid_name(call.name, _MAX_NAME), _input(args_text, call.kind)
            return {"toolUse": {"toolUseId": _id(call), "name": name, "input": given}}


def _used(echo: Any) -> str:
    """The `toolUseId` of a server tool's block."""
    inner: Any = echo.get("toolUse") or echo.get("toolResult") or {}
    return str(inner.get("toolUseId"))


def _id(call: Call) -> str:
    """The id of a call as the API takes it; one of another wire is made to fit, the same every time."""
    if _ID.fullmatch(call.provider_id):
        return call.provider_id
    digest = hashlib.sha256(call.provider_id.encode(errors="replace")).hexdigest()[:16]
    return re.sub(r"[^a-zA-Z0-9_.:-]", "_", call.provider_id)[:40] + "_" + digest


def _input(args_text: str, kind: CallKind) -> dict[str, Any]:
    """Arguments as the object that the API demands, whatever the model wrote."""
    if kind == "custom":
        return {"input": args_text}
    value: object = json.loads(valid_args(args_text), parse_float=_number)
    if not is_object(value):
        return {}
    if args_text.count("{") + args_text.count("[") > _MAX_BRACKETS:
        try:
            json.dumps(value)
        except RecursionError:
            return {}
    return value


def _number(text: str) -> float | str:
    """A number that JSON can be written with again; one beyond all doubles is kept as text."""
    number = float(text)
    return number if math.isfinite(number) else text
