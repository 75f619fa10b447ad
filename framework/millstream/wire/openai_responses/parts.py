"""OpenAI Responses: the texts that messages and reasoning are made of, piece by piece and whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from millstream.wire.fields import int_of, objects, text_of
from millstream.wire.openai_responses.items import Item, PartKey
from millstream.wire_events import ReasoningPiece, RefusalPiece, TextPiece, TextWhole, WireEvent

_Piece: TypeAlias = Callable[[int, str], WireEvent]


def reasoning_part(message: Mapping[str, Any]) -> PartKey:
    """Which part of a reasoning item an event is about: of its summary or of its text."""
    if "summary_index" in message:
        return ("summary", int_of(message, "summary_index"))
    return ("text", int_of(message, "content_index"))


def more(item: Item, part: PartKey, message: Mapping[str, Any], piece: _Piece) -> list[WireEvent]:
    """More text of a part."""
    delta = text_of(message, "delta")
    if not delta:
        return []
    item.parts.setdefault(part, []).append(delta)
    return [piece(item.item, delta)]


def rest(item: Item, part: PartKey, whole: object, piece: _Piece) -> list[WireEvent]:
    """What the whole text of a part holds beyond its deltas; where they disagree, it stands for them."""
    if not isinstance(whole, str) or not whole:
        return []
    streamed = "".join(item.parts.get(part, ()))
    item.parts[part] = [whole]
    if not whole.startswith(streamed):
        texts = (text for (kind, _), texts in sorted(item.parts.items()) if kind == "content" for text in texts)
        return [TextWhole(item.item, "".join(texts))] if piece is TextPiece else []
    left = whole.removeprefix(streamed)
    return [piece(item.item, left)] if left else []


def rest_of_message(item: Item, raw: Mapping[str, Any]) -> list[WireEvent]:
    """What a whole message holds beyond what was streamed of it."""
    events: list[WireEvent] = []
    for i, part in enumerate(objects(raw.get("content"))):
        if part.get("type") == "refusal":
            events += rest(item, ("refusal", i), part.get("refusal"), RefusalPiece)
        else:
            events += rest(item, ("content", i), part.get("text"), TextPiece)
    return events


def rest_of_reasoning(item: Item, raw: Mapping[str, Any]) -> list[WireEvent]:
    """The text of a whole reasoning item of which nothing was streamed."""
    if item.parts:
        return []
    texts = [text_of(part, "text") for part in objects(raw.get("summary")) + objects(raw.get("content"))]
    text = "\n\n".join(text for text in texts if text)
    return [ReasoningPiece(item.item, text)] if text else []
