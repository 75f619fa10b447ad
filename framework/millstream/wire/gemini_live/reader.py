"""Gemini Live: the messages of one turn of the model -> wire events.

Source: google-genai 3.4 (`LiveServerMessage`), recorded sessions of the Gemini API and of Vertex.

- A message has one or several of a few fields, each with a meaning of its own; usage may stand beside any.
- Calls come whole, and the model waits for their results within the turn: after them it has moved on, or a tool that is
  started only then would wait for the model, and the model for it.
- What is spoken is text by its transcription, the sound is left to the owner of the socket.
- `turnComplete` is the one end; a turn the user broke into says `interrupted` before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from millstream.events.values import Usage, is_object
from millstream.wire.fields import objects, text_of
from millstream.wire.refusal import error_from_object, error_in, torn
from millstream.wire.texts import count
from millstream.wire_events import (
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    TextPiece,
    WireEvent,
)

GOOD_ENDS: Final = frozenset({"turn_complete"})
"""The ends after which calls may run; every other is an interruption, a filter, malformed output or unknown."""

_UNSPECIFIED: Final = frozenset(("", "TURN_COMPLETE_REASON_UNSPECIFIED"))
_SILENT: Final = frozenset(("setupComplete", "usageMetadata", "serverContent", "toolCall"))
_KNOWN_PARTS: Final = frozenset(("text", "thought", "thoughtSignature", "inlineData"))


class LiveReader:
    """Decodes one turn. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self.begun = False
        """Whether the turn has begun; before it come messages about the session."""
        self._interrupted = False
        self._count = 0
        self._open: tuple[object, int] | None = None  # the kind of text that is being said, and its item

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one message says."""
        error = error_in(message, event)
        if error is not None:
            return [Broke(error_from_object(error), self.reason, self.usage)]
        usage, content, calls = message.get("usageMetadata"), message.get("serverContent"), message.get("toolCall")
        if is_object(usage):
            self.usage = _usage(usage)
        events: list[WireEvent] = [Passed(name, message) for name in message if name not in _SILENT]
        if is_object(calls):
            events += self._calls(calls)
        if is_object(content):
            events += self._content(content)
        return events

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which this wire does not have: it ends nothing."""
        return []

    def end(self) -> list[WireEvent]:
        """The socket was closed without the end of the turn."""
        return [Broke(torn("the connection ended before the turn did"), self.reason, self.usage)]

    def _calls(self, calls: Mapping[str, Any]) -> list[WireEvent]:
        self.begun = True
        events: list[WireEvent] = []
        for call in objects(calls.get("functionCalls")):
            item, given = self._next_item(), call.get("args")
            events.append(CallBegan(item, text_of(call, "name"), text_of(call, "id")))
            events.append(ArgsPiece(item, json.dumps(given if is_object(given) else {}, ensure_ascii=False)))
            events.append(CallClosed(item))
        self._open = None
        return [*events, ItemOpened(self._next_item())]

    def _content(self, content: Mapping[str, Any]) -> list[WireEvent]:
        turn, spoken = content.get("modelTurn"), content.get("outputTranscription")
        events: list[WireEvent] = []
        for part in objects(turn.get("parts")) if is_object(turn) else []:
            events += self._part(part)
        if is_object(spoken):
            events += self._text(TextPiece, text_of(spoken, "text"))
        for name in ("inputTranscription", "interimInputTranscription"):
            if content.get(name):
                events.append(Passed(name, content))
        self.begun = self.begun or bool(content.keys() - {"inputTranscription", "interimInputTranscription"})
        self._interrupted = self._interrupted or content.get("interrupted") is True
        return events + self._ended(content) if content.get("turnComplete") is True else events

    def _ended(self, content: Mapping[str, Any]) -> list[WireEvent]:
        said = text_of(content, "turnCompleteReason")
        self.reason = "interrupted" if self._interrupted else "turn_complete" if said in _UNSPECIFIED else said
        return [Finished(self.reason, self.reason in GOOD_ENDS), Ended(self.usage)]

    def _part(self, part: Mapping[str, Any]) -> list[WireEvent]:
        """Text, or reasoning; code that Google runs and the like pass through."""
        if part.keys() - _KNOWN_PARTS:
            return [Passed("part", part)]
        return self._text(ReasoningPiece if part.get("thought") is True else TextPiece, text_of(part, "text"))

    def _text(self, piece: Callable[[int, str], WireEvent], text: str) -> list[WireEvent]:
        """Text of one kind goes into one item until another kind, or a call, comes between."""
        if not text:
            return []
        if self._open is not None and self._open[0] is piece:
            return [piece(self._open[1], text)]
        self._open = (piece, self._next_item())
        return [ItemOpened(self._open[1]), piece(self._open[1], text)]

    def _next_item(self) -> int:
        self._count += 1
        return self._count - 1


def _usage(raw: Mapping[str, Any]) -> Usage:
    """The token counts of the turn. The Gemini API and Vertex name those of the answer differently."""
    thoughts = count(raw, "thoughtsTokenCount")
    return Usage(
        input_tokens=count(raw, "promptTokenCount") + count(raw, "toolUsePromptTokenCount"),
        output_tokens=(count(raw, "responseTokenCount") or count(raw, "candidatesTokenCount")) + thoughts,
        cached_input_tokens=count(raw, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        raw=raw,
    )
