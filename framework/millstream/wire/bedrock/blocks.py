"""Bedrock Converse: the content blocks of a response, each by its kind: its deltas and its end -> wire events.

A block opens with the first delta that says something (text and reasoning have no start event; Nova sends text blocks
that stay empty) and is an item of its own. What goes back of it is a content block of the next request.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from millstream.events.values import is_object
from millstream.wire.fields import objects, text_of
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    CallClosed,
    Echo,
    ReasoningPiece,
    ServerToolMoved,
    TextPiece,
    WireEvent,
)

Kind: TypeAlias = Literal["text", "reasoning", "tool", "result"]


class Block(Protocol):
    """One content block that is open."""

    kind: Kind

    def take(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        """More of it."""
        ...

    def stop(self) -> list[WireEvent]:
        """It is over."""
        ...


def kind_of(delta: Mapping[str, Any]) -> Kind | None:
    """The kind of block that a delta is of; None where it says nothing, or nothing that is known."""
    if is_object(delta.get("toolUse")):
        return "tool"
    if is_object(delta.get("reasoningContent")):
        return "reasoning"
    if "toolResult" in delta:
        return "result"
    return "text" if delta.get("text") or is_object(delta.get("citation")) else None


@dataclass(slots=True)
class TextBlock:
    """Text of the answer, with the citations that stand for it."""

    item: int
    kind: Kind = field(default="text", init=False)

    def take(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        """A piece of text, or a citation, which comes before the text it stands for."""
        citation: object = delta.get("citation")
        events: list[WireEvent] = [AnnotationPiece(self.item, citation)] if is_object(citation) else []
        text = text_of(delta, "text")
        return [*events, TextPiece(self.item, text)] if text else events

    def stop(self) -> list[WireEvent]:
        """Text goes back as text."""
        return []


@dataclass(slots=True)
class ReasoningBlock:
    """Reasoning: text with a signature, or content that is hidden. Without either it can not be sent back."""

    item: int
    kind: Kind = field(default="reasoning", init=False)
    texts: list[str] = field(default_factory=list[str])
    signature: list[str] = field(default_factory=list[str])
    redacted: list[str] = field(default_factory=list[str])

    def take(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        """A piece of the text or of the signature, or hidden content."""
        raw: Mapping[str, Any] = delta["reasoningContent"]
        text, hidden = text_of(raw, "text"), raw.get("redactedContent")
        self.signature.append(text_of(raw, "signature"))
        if isinstance(hidden, bytes):  # botocore decodes it
            self.redacted.append(b64encode(hidden).decode())
        elif isinstance(hidden, str):
            self.redacted.append(hidden)
        self.texts.append(text)
        # An item without a word of text is reasoning as well.
        return [ReasoningPiece(self.item, text)]

    def stop(self) -> list[WireEvent]:
        """What has to come back unchanged."""
        if self.redacted:
            return [Echo(self.item, {"reasoningContent": {"redactedContent": _joined(self.redacted)}})]
        signature = "".join(self.signature)
        if not signature:
            return []
        said = {"text": "".join(self.texts), "signature": signature}
        return [Echo(self.item, {"reasoningContent": {"reasoningText": said}})]


@dataclass(slots=True)
class CallBlock:
    """A call of a tool of ours."""

    item: int
    kind: Kind = field(default="tool", init=False)

    def take(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        """More of its input's text."""
        text = text_of(delta["toolUse"], "input")
        return [ArgsPiece(self.item, text)] if text else []

    def stop(self) -> list[WireEvent]:
        """The provider closed it; also after `max_tokens`, where the JSON text is cut."""
        return [CallClosed(self.item)]


@dataclass(slots=True)
class ServerCallBlock:
    """A call of a tool that Bedrock runs: shown, never dispatched."""

    item: int
    id: str
    name: str
    type: str
    kind: Kind = field(default="tool", init=False)
    input: list[str] = field(default_factory=list[str])

    def start(self) -> list[WireEvent]:
        """It opened."""
        return [self._moved("in_progress")]

    def take(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        """More of its input's text."""
        self.input.append(text_of(delta["toolUse"], "input"))
        return []

    def stop(self) -> list[WireEvent]:
        """Its input is whole."""
        try:
            given: object = json.loads("".join(self.input) or "{}")
        except (ValueError, RecursionError):
            return [self._moved("called")]
        use = {"toolUseId": self.id, "name": self.name, "input": given, "type": self.type}
        return [self._moved("called"), Echo(self.item, {"toolUse": use})]

    def _moved(self, status: str) -> ServerToolMoved:
        data = {"type": self.type, "id": self.id, "name": self.name, "arguments": "".join(self.input)}
        return ServerToolMoved(self.item, self.name, status, data)


@dataclass(slots=True)
class ServerResultBlock:
    """What a tool that Bedrock runs gave; it goes back as an item of its own, and moves that of its call."""

    item: int
    start: Mapping[str, Any]
    call: tuple[int, str]
    """The item of the call, and the tool's name."""
    kind: Kind = field(default="result", init=False)
    content: list[Any] = field(default_factory=list[Any])

    def take(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        """More of it."""
        self.content += objects(delta.get("toolResult"))
        return []

    def stop(self) -> list[WireEvent]:
        """It is whole."""
        result = {**self.start, "content": self.content}
        item, name = self.call
        status = text_of(self.start, "status") or "done"
        return [ServerToolMoved(item, name, status, {"toolResult": result}), Echo(self.item, {"toolResult": result})]


def _joined(pieces: list[str]) -> str:
    """Pieces of base64, which each may end with padding, as one."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return b64encode(b"".join(b64decode(piece, validate=True) for piece in pieces)).decode()
    except ValueError:
        return "".join(pieces)
