"""Chunks of the Chat Completions wire, written short, and what its reader makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from millstream.wire.openai_chat.reader import ChatReader
from millstream.wire_events import (
    ArgsPiece,
    Broke,
    CallBegan,
    CallLeft,
    ReasoningPiece,
    RefusalPiece,
    TextPiece,
    WireEvent,
)

Chunk = dict[str, Any]


def chunk(finish: str | None = None, /, **delta: Any) -> Chunk:
    """A chunk with this delta, and perhaps the reason for which the model stopped."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice]}


def tool(index: int | None, id_: str | None = None, name: str | None = None, arguments: Any = None) -> Chunk:
    """One entry of `tool_calls`, without the fields that are None."""
    function = {"name": name, "arguments": arguments}
    entry: Chunk = {"index": index, "id": id_, "function": {k: v for k, v in function.items() if v is not None}}
    return {key: value for key, value in entry.items() if value is not None}


def tools(*entries: Chunk, finish: str | None = None) -> Chunk:
    """A chunk with these `tool_calls`."""
    return chunk(finish, tool_calls=list(entries))


def read(*chunks: Mapping[str, Any], names: frozenset[str] = frozenset()) -> list[WireEvent]:
    """What one reader makes of these chunks."""
    reader = ChatReader(names)
    return [event for one in chunks for event in reader.accept(one)]


def calls(*chunks: Mapping[str, Any], names: frozenset[str] = frozenset()) -> list[tuple[str, str, str]]:
    """Name, id and argument text of each call, once the chunks and a good end have been read."""
    events = [*read(*chunks, chunk("tool_calls"), names=names)]
    assert not any(isinstance(event, Broke) for event in events)
    began = [event for event in events if isinstance(event, CallBegan)]
    texts = {event.item: "" for event in began}
    for event in events:
        if isinstance(event, ArgsPiece):
            texts[event.item] += event.text
    return [(event.name, event.provider_id, texts[event.item]) for event in began]


def left(events: list[WireEvent]) -> list[int]:
    """The items of the calls that were left, in order."""
    return [event.item for event in events if isinstance(event, CallLeft)]


def said(events: list[WireEvent], piece: type[TextPiece | ReasoningPiece | RefusalPiece] = TextPiece) -> str:
    """All text of one sort."""
    return "".join(event.text for event in events if isinstance(event, piece))


def names(events: list[WireEvent]) -> list[str]:
    """The events by the names of their classes."""
    return [type(event).__name__ for event in events]
