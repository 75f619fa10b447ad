"""Anthropic Messages: a transcript -> `messages`, as the API's own rules want them.

- Roles alternate: what follows from one side is one message. The results of all calls of a reply stand first in the
  user's message right behind it, one for each call.
- Thinking goes back as it came or not at all: without a signature it would be refused, and as the end of a message too.
- Texts that are blank are refused as well and are left out. Only what is of this wire has echoes to write.
- A reply that was only interrupted is the last message, unchanged, and the next response goes on with it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NoReturn, TypeAlias

from millstream.events.values import is_object
from millstream.transcript import (
    CallItem,
    Entry,
    MediaPart,
    Part,
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
from millstream.wire.texts import text_of, valid_args, valid_name, words_of

NAME: Final = "anthropic-messages"
_MAX_NAME: Final = 128
_IMAGES: Final = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp"))
_THINKING: Final = frozenset(("thinking", "redacted_thinking"))

_Blocks: TypeAlias = list[dict[str, Any]]


def messages(transcript: Transcript) -> list[dict[str, Any]]:
    """The messages; instructions within the history are told by the user, because few models take them elsewhere."""
    writer = _Writer(transcript)
    made: list[dict[str, Any]] = []
    for entry, following in pairwise([*transcript, None]):
        assert entry is not None, "None is only behind the last"
        role = "assistant" if isinstance(entry, Reply) else "user"
        blocks = writer.blocks(entry, goes_on=following is None or isinstance(following, Reply))
        if made and made[-1]["role"] == role:
            made[-1]["content"] += blocks
        elif blocks:
            made.append({"role": role, "content": blocks})
    return made


def container_of(transcript: Transcript) -> str | None:
    """Where the provider ran the code of the last reply, as long as nobody spoke since: a program may wait there."""
    for entry in reversed(transcript.entries):
        if isinstance(entry, Reply):
            found = [item.echo for item in entry.items if isinstance(item, ServerItem) and _is_container(item)]
            return found[-1]["id"] if found and entry.wire == NAME else None
        if not isinstance(entry, ToolResult):
            return None
    return None


class _Writer:
    """Writes the entries of one transcript; what calls are named by in it must be valid and unique."""

    def __init__(self, transcript: Transcript) -> None:
        self._ids: dict[str, str] = {}
        self._taken: set[str] = set()
        own = (entry for entry in transcript if isinstance(entry, Reply) and entry.wire == NAME)
        calls = [item for reply in own for item in reply.items if isinstance(item, CallItem)]
        self._toolsets = {item.call.provider_id: item.echo.get("toolset_name") for item in calls if item.echo}

    def blocks(self, entry: Entry, *, goes_on: bool) -> _Blocks:
        """The blocks of one entry; `goes_on` is a reply that is not answered but gone on with, as it is."""
        match entry:
            case UserMessage(parts=parts):
                return _content(parts)
            case SystemMessage(text=text):
                return _text(f"<system>\n{text}\n</system>")
            case ToolResult():
                return [self._result(entry)]
            case Reply(items=items, wire=wire):
                written = [block for item in items for block in self._item(item, own=wire == NAME)]
                while written and not goes_on and written[-1]["type"] in _THINKING:
                    written.pop()
                return written

    def _item(self, item: ReplyItem, *, own: bool) -> _Blocks:
        echo: Mapping[str, Any] = (item.echo if own else None) or {}
        match item:
            case TextItem(text=text, refusal=refusal):
                return [] if own and refusal else [{**block, **echo} for block in _text(text)]
            case ReasoningItem():
                return [{"type": "redacted_thinking" if "data" in echo else "thinking", **echo}] if echo else []
            case CallItem(call=call):
                named = {"id": self._id(call.provider_id), "name": valid_name(call.name, _MAX_NAME)}
                return [{"type": "tool_use", **named, "input": _input(item), **echo}]
            case ServerItem():
                return [dict(echo)] if echo and not _is_container(item) else []

    def _result(self, result: ToolResult) -> dict[str, Any]:
        id_ = result.call.provider_id
        written: dict[str, Any] = {"type": "tool_result", "tool_use_id": self._id(id_)}
        content = _content(result.parts)
        if any(block["type"] != "text" for block in content):
            written["content"] = content
        elif content:
            written["content"] = text_of(result.parts)
        elif not result.ok:  # an error that says nothing is refused
            written["content"] = "the call failed"
        if not result.ok:
            written["is_error"] = True
        toolset = self._toolsets.get(id_)
        return written | ({"toolset_name": toolset} if toolset else {})

    def _id(self, provider_id: str) -> str:
        """The id of a call with the characters that the API allows, never one that another call has."""
        known = self._ids.get(provider_id)
        if known is None:
            known = re.sub("[^A-Za-z0-9_-]", "_", provider_id) or "_"
            while known in self._taken:
                known += "_"
            self._taken.add(known)
            self._ids[provider_id] = known
        return known


def _is_container(item: ServerItem) -> bool:
    return item.echo.get("type") == "container"


def _input(item: CallItem) -> dict[str, Any]:
    """Arguments as the API wants them, an object; what can not be read as one is shown to the model as it was."""
    if item.call.kind == "custom":
        return {"input": item.args_text}
    try:
        value: object = json.loads(valid_args(item.args_text), parse_float=_finite, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()  # half a character can not be sent
    except (ValueError, RecursionError):
        value = None
    return value if is_object(value) else {"INVALID_JSON": item.args_text}


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0.0:
        _refuse(text)
    return value


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _text(text: str) -> _Blocks:
    return [{"type": "text", "text": text}] if text.strip() else []


def _content(parts: Sequence[Part]) -> _Blocks:
    return [block for part in parts for block in _part(part)]


def _part(part: Part) -> _Blocks:
    block = _media(part) if isinstance(part, MediaPart) else None
    return _text(words_of((part,))) if block is None else [block]


def _media(part: MediaPart) -> dict[str, Any] | None:
    """An image or a document; None for what the API has no block for, which is then only named."""
    title = {"title": part.name} if part.name else {}
    kind = part.media_type.partition(";")[0].strip().lower()
    if kind in _IMAGES or (part.url and kind.startswith("image/")):
        return {"type": "image", "source": _source(part, kind)}
    if kind == "application/pdf":
        return {"type": "document", "source": _source(part, kind), **title}
    if kind.startswith("text/") and part.base64 is not None and (text := _decoded(part.base64)):
        return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}, **title}
    return None


def _source(part: MediaPart, media_type: str) -> dict[str, Any]:
    if part.url:
        return {"type": "url", "url": part.url}
    return {"type": "base64", "media_type": media_type, "data": part.base64}


def _decoded(data: str) -> str | None:
    try:
        return base64.b64decode(data).decode()
    except (binascii.Error, ValueError):
        return None
