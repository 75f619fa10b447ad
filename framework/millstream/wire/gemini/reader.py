"""Gemini: the chunks of `streamGenerateContent` -> wire events.

Source: google-genai 3.4 (`GenerateContentResponse`), recorded streams of the Gemini API and of Vertex, and the reports
of their users.

- The first candidate counts. `content` or its `parts` may be missing, and parts are often `{"text": ""}`.
- Text grows in one item until something else comes. A part that has more than text, a `thoughtSignature` above all, is
  an item of its own, even without text: it must go back exactly so, joined with nothing.
- Calls: `wire.gemini.calls`. There is no reason for tools: a good end is `STOP`, with calls or without. After another
  reason no call is taken.
- What the provider ran itself (`executableCode`, `toolCall` …) and parts not known here go back as they came.
- `promptFeedback.blockReason`: the prompt was refused, and no candidate comes.
- There is no `[DONE]`; without a reason the response is torn. Usage is cumulative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from millstream.errors import WireError
from millstream.events.values import Usage, is_object
from millstream.wire.fields import objects, text_of
from millstream.wire.gemini.calls import FunctionCalls
from millstream.wire.refusal import error_from_object, error_in, torn
from millstream.wire.texts import count
from millstream.wire_events import (
    AnnotationPiece,
    Broke,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    ServerToolMoved,
    TextPiece,
    WireEvent,
)

GOOD_ENDS: Final = frozenset({"STOP"})
"""The reasons after which calls may run; every other is a cut, a block, a call that was malformed, or unknown."""

_KNOWN: Final = frozenset(("candidates", "usageMetadata", "promptFeedback"))
_MARKS: Final = ("groundingMetadata", "citationMetadata", "urlContextMetadata")
_SERVER_CALLS: Final = {"executableCode": "code_execution", "toolCall": "tool"}
_SERVER_RESULTS: Final = {"codeExecutionResult": "code_execution", "toolResponse": "tool"}
_NOT_CONTENT: Final = frozenset(("thought", "thoughtSignature"))


class GeminiReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._response_id: str | None = None
        self._count = 0
        self._calls = FunctionCalls(self._next_item)
        self._growing: tuple[object, int] | None = None  # what the item is made of that grows, and its number
        self._text_item: int | None = None
        self._server_items: dict[tuple[str, str], int] = {}
        self._marks: dict[str, object] = {}

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one chunk says."""
        self._note(message)
        error = error_in(message, event)
        if error is not None:
            return [Broke(_failure(error), self.reason, self.usage)]
        candidate = next((one for one in objects(message.get("candidates")) if not one.get("index")), None)
        if candidate is None:
            return self._without_candidate(message, event)
        content: object = candidate.get("content")
        parts = objects(content.get("parts")) if is_object(content) else []
        events = [event for part in parts for event in self._part(part)]
        events += self._annotations(candidate)
        return events + self._finish(candidate)

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which only gateways send."""
        return self.end()

    def end(self) -> list[WireEvent]:
        """The body is over."""
        if self.reason is None:
            return [Broke(torn("the stream ended before the model said why it stopped"), None, self.usage)]
        return [Ended(self.usage, None, self._response_id)]

    def _note(self, message: Mapping[str, Any]) -> None:
        self._response_id = text_of(message, "responseId") or self._response_id
        usage: object = message.get("usageMetadata")
        if is_object(usage):
            self.usage = _usage(usage)

    def _without_candidate(self, message: Mapping[str, Any], event: str) -> list[WireEvent]:
        feedback: object = message.get("promptFeedback")
        blocked = text_of(feedback, "blockReason") if is_object(feedback) else ""
        if not blocked or self.reason is not None:
            return [] if message.keys() & _KNOWN else [Passed(event or "message", message)]
        error = WireError(
            f"the provider refused the prompt: {blocked}",
            code=blocked,
            kind="blocked_prompt",
            hint="Change what is asked, or the safety settings: settings={'safetySettings': …}.",
        )
        return [Broke(error, blocked, self.usage)]

    def _finish(self, candidate: Mapping[str, Any]) -> list[WireEvent]:
        reason = text_of(candidate, "finishReason")
        if self.reason is not None or reason in ("", "FINISH_REASON_UNSPECIFIED"):
            return []
        self.reason = reason
        if reason in GOOD_ENDS:
            return [*self._calls.settle(), Finished(reason, good=True)]
        why = text_of(candidate, "finishMessage")
        told = [Passed("finishMessage", {"finishReason": reason, "finishMessage": why})] if why else []
        return [*told, Finished(reason, good=False)]

    def _part(self, part: Mapping[str, Any]) -> list[WireEvent]:
        call: object = part.get("functionCall")
        if is_object(call):
            if self.reason is not None and self.reason not in GOOD_ENDS:
                return [Passed("functionCall", part)]
            return self._calls.take(part, call)
        text: object = part.get("text")
        if isinstance(text, str):
            return self._text(ReasoningPiece if part.get("thought") is True else TextPiece, text, part)
        return self._other(part)

    def _text(self, piece: Callable[[int, str], WireEvent], text: str, part: Mapping[str, Any]) -> list[WireEvent]:
        """Text of one kind goes into one item until something else comes; what has more to say stays by itself."""
        beside = {key: value for key, value in part.items() if key not in ("text", "thought")}
        if not beside and not text:
            return []
        if not beside and self._growing is not None and self._growing[0] is piece:
            return [piece(self._growing[1], text)]
        item = self._next_item()
        if piece is TextPiece:
            self._text_item = item
        events = [ItemOpened(item), piece(item, text)]
        if beside:
            return [*events, Echo(item, beside)]
        self._growing = (piece, item)
        return events

    def _other(self, part: Mapping[str, Any]) -> list[WireEvent]:
        """A tool that the provider runs, media, or a kind of part that is not known here: it goes back as it came."""
        if not part:
            return []
        item = self._next_item()
        return [ItemOpened(item), *self._shown(item, part), Echo(item, part)]

    def _shown(self, item: int, part: Mapping[str, Any]) -> list[WireEvent]:
        """A result belongs to the item of its call, which it moves on."""
        kind = next((key for key in part if key not in _NOT_CONTENT), "")
        inner: object = part.get(kind)
        if not is_object(inner) or (kind not in _SERVER_CALLS and kind not in _SERVER_RESULTS):
            return [Passed(kind, part)] if kind else []
        if kind in _SERVER_CALLS:
            key = (_SERVER_CALLS[kind], text_of(inner, "id"))
            self._server_items[key] = item
            return [ServerToolMoved(item, text_of(inner, "toolType") or key[0], "called", inner)]
        key = (_SERVER_RESULTS[kind], text_of(inner, "id"))
        status = text_of(inner, "outcome") or "done"
        tool = text_of(inner, "toolType") or key[0]
        return [ServerToolMoved(self._server_items.get(key, item), tool, status, inner)]

    def _annotations(self, candidate: Mapping[str, Any]) -> list[WireEvent]:
        """Sources of the text, in the provider's form; later chunks may repeat them."""
        events: list[WireEvent] = []
        for name in _MARKS:
            mark: object = candidate.get(name)
            if not is_object(mark) or not mark or self._marks.get(name) == mark:
                continue
            self._marks[name] = mark
            if self._text_item is None:
                events.append(Passed(name, mark))
            else:
                events.append(AnnotationPiece(self._text_item, {name: mark}))
        return events

    def _next_item(self) -> int:
        self._growing = None
        self._count += 1
        return self._count - 1


def _usage(raw: Mapping[str, Any]) -> Usage:
    thoughts = count(raw, "thoughtsTokenCount")
    return Usage(
        input_tokens=count(raw, "promptTokenCount") + count(raw, "toolUsePromptTokenCount"),
        output_tokens=count(raw, "candidatesTokenCount") + thoughts,
        cached_input_tokens=count(raw, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        raw=raw,
    )


def _failure(error: object) -> WireError:
    """Google's name of an error ("RESOURCE_EXHAUSTED") stands in `status`, beside the HTTP status in `code`."""
    failure = error_from_object(error)
    failure.kind = failure.kind or (text_of(error, "status") if is_object(error) else "")
    return failure
