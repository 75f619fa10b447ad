"""OpenAI Chat Completions: the chunks of one response -> wire events.

Source: openai-python 3.54 (`ChatCompletionChunk`), recorded streams of fifteen servers, and their bug reports.

- The first choice counts; an error object counts wherever it stands; `choices: []` carries usage or moderation, and is
  the first chunk of Azure.
- A chunk's delta is taken before its `finish_reason`, the first reason holds, and text may follow it (Writer).
- Calls count, not the reason: `stop` with calls is real. After the reason no more argument text is taken.
- `[DONE]` ends the stream, but is neither needed nor enough: without a reason the response is torn.
- Reasoning is `reasoning_content`, `reasoning`, or parts of a content list; what must be sent back is in its echo.
- What of it is a deviation from the wire has a name in `wire.compat`, and breaks the response unless it is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from millstream.errors import WireError
from millstream.events.values import Usage, is_array, is_object
from millstream.wire.compat import ALL, Leniency, Tolerance
from millstream.wire.fields import objects, text_of
from millstream.wire.openai_chat.calls import ToolCallDeltas
from millstream.wire.openai_chat.reasoning import ReasoningEcho
from millstream.wire.refusal import error_from_object, error_in, torn
from millstream.wire.texts import usage_from
from millstream.wire_events import (
    AnnotationPiece,
    Broke,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    WireEvent,
)

GOOD_ENDS: Final = frozenset({"stop", "tool_calls", "function_call"})
"""The reasons after which calls may run; every other is a cut, a refusal or unknown."""
_REASONS: Final = GOOD_ENDS | {"length", "content_filter"}
"""All the reasons that the wire has."""


_NOTED: Final = frozenset(("usage", "x_groq", "moderation"))


class ChatReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self, tool_names: frozenset[str] = frozenset(), leniencies: frozenset[Leniency] = ALL) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._moderation: Mapping[str, Any] | None = None
        self._response_id: str | None = None
        tolerance = Tolerance(leniencies)
        self._bear = tolerance.bear
        self._calls = ToolCallDeltas(tool_names, tolerance)
        self._reasoning = ReasoningEcho()
        self._count = 0
        self._open: tuple[object, int] | None = None  # what the item is made of that grows, and its number
        self._called = False
        self._text_item: int | None = None
        self._reasoning_item: int | None = None

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one chunk says."""
        self._note(message)
        error = error_in(message, event)
        choice = _first_choice(message.get("choices"))
        if error is not None:
            if self.reason is None and choice is not None:
                self.reason = _word(choice.get("finish_reason"))
            return self._broke(error_from_object(error))
        if choice is None:
            known = "choices" in message or is_object(message.get("moderation")) or is_object(message.get("usage"))
            return [] if known else [Passed(event or text_of(message, "object"), message)]
        try:
            return self._choice(choice)
        except WireError as deviation:
            return self._broke(deviation)

    def done(self) -> list[WireEvent]:
        """`[DONE]`."""
        if self.reason is None:
            return self._broke(torn("the stream ended before the model said why it stopped"))
        return [Ended(self.usage, self._moderation, self._response_id)]

    def end(self) -> list[WireEvent]:
        """The body is over."""
        try:
            if self.reason is not None:
                self._bear("no_done_marker")
        except WireError as deviation:
            return self._broke(deviation)
        return self.done()

    def _choice(self, choice: Mapping[str, Any]) -> list[WireEvent]:
        delta: object = choice.get("delta")
        events = self._delta(delta) if is_object(delta) else []
        reason: object = choice.get("finish_reason")
        return events if reason is None else events + self._finish(reason)

    def _finish(self, given: object) -> list[WireEvent]:
        reason = _word(given)
        if reason not in _REASONS:
            self._bear("finish_reason_outside_enum")
        if reason is None:
            return []
        if self.reason is not None:
            self._bear("finish_reason_twice")
            return []
        self.reason = reason
        if reason == "error":  # OpenRouter, where an upstream failed and said nothing
            return self._broke(WireError("the provider ended the response with reason error", retryable=True))
        return [*self._calls.settle(), *self._echo(), Finished(reason, reason in GOOD_ENDS)]

    def _broke(self, error: WireError) -> list[WireEvent]:
        """The calls so far are told of, with what must go back beside them: they may stand where the response falls."""
        return [*self._calls.settle(), *self._echo(), Broke(error, self.reason, self.usage)]

    def _note(self, message: Mapping[str, Any]) -> None:
        self._response_id = text_of(message, "id") or self._response_id
        if not message.keys() & _NOTED:
            return
        groq: object = message.get("x_groq")
        usage: object = message.get("usage") or (groq.get("usage") if is_object(groq) else None)
        if is_object(usage):
            self.usage = usage_from(usage, "prompt", "completion")
        if is_object(moderation := message.get("moderation")):
            self._moderation = moderation

    def _delta(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        if self.reason is None and len(delta) == 1:  # nearly every delta of most servers
            if "tool_calls" in delta:
                return self._tool_calls(delta)
            if "content" in delta:
                return self._content(delta["content"])
        events: list[WireEvent] = []
        if reasoning := text_of(delta, "reasoning_content") or text_of(delta, "reasoning"):
            events += self._reason_text(reasoning)
        self._reasoning.take(delta.get("reasoning_content"), delta.get("reasoning_details"))
        if self._reasoning_item is None and self._reasoning.data is not None and not self._called:
            events += self._place_reasoning()
        events += self._content(delta.get("content"))
        if refusal := text_of(delta, "refusal"):
            events += self._text(RefusalPiece, refusal)
        events += self._annotations(delta.get("annotations"))
        for tool in objects(delta.get("executed_tools")):  # Groq's own tools
            opened, item = self._new_item()
            name = text_of(tool, "type") or text_of(tool, "name")
            events += [*opened, ServerToolMoved(item, name, "done", tool)]
        if self.reason is None:
            return events + self._tool_calls(delta)
        if events or delta.get("tool_calls"):
            self._bear("content_after_finish")
        return events

    def _tool_calls(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        deltas: object = delta.get("tool_calls")
        legacy: object = delta.get("function_call")
        before = self._count
        if not deltas and is_object(legacy):
            events, self._count = self._calls.take_legacy(legacy, self._count)
        else:
            events, self._count = self._calls.take(deltas, self._count)
        if self._count == before:
            return events
        self._open = None
        if self._called or self._reasoning_item is None:
            self._called = True
            return events
        self._called = True
        return [*self._echo(), *events]  # the calls may stand although the response breaks off

    def _content(self, content: object) -> list[WireEvent]:
        if isinstance(content, str):
            return self._text(TextPiece, content) if content else []
        if content and is_array(content):
            self._bear("content_list")
        events: list[WireEvent] = []
        for part in objects(content):  # Mistral: text and thinking as parts of one list
            if text := text_of(part, "text"):
                events += self._text(TextPiece, text)
            thoughts = [text_of(part, "thinking"), *(text_of(one, "text") for one in objects(part.get("thinking")))]
            if thought := "".join(thoughts):
                events += self._reason_text(thought)
        return events

    def _reason_text(self, text: str) -> list[WireEvent]:
        events = self._text(ReasoningPiece, text)
        if self._reasoning_item is None and self._open is not None:
            self._reasoning_item = self._open[1]
        return events

    def _text(self, piece: Callable[[int, str], WireEvent], text: str) -> list[WireEvent]:
        """Text of one kind goes into one item until another kind, or a call, comes between."""
        if self._open is not None and self._open[0] is piece:
            return [piece(self._open[1], text)]
        opened, item = self._new_item()
        self._open = (piece, item)
        if piece is TextPiece:
            self._text_item = item
        return [*opened, piece(item, text)]

    def _new_item(self) -> tuple[list[WireEvent], int]:
        item = self._count
        self._count += 1
        return [*self._calls.settle(), ItemOpened(item)], item

    def _annotations(self, annotations: object) -> list[WireEvent]:
        """Marks on the text, which may come after it."""
        events: list[WireEvent] = []
        for annotation in objects(annotations):
            if self._text_item is None:
                events += self._text(TextPiece, "")
            if self._text_item is not None:
                events.append(AnnotationPiece(self._text_item, annotation))
        return events

    def _echo(self) -> list[WireEvent]:
        """What of the reasoning must go back, on an item of its own where no text of it was shown."""
        data = self._reasoning.data
        if data is None:
            return []
        placed = self._place_reasoning() if self._reasoning_item is None else []
        return placed if self._reasoning_item is None else [*placed, Echo(self._reasoning_item, data)]

    def _place_reasoning(self) -> list[WireEvent]:
        """Reasoning without text has its place among the items as well, and text goes on beside it."""
        opened, item = self._new_item()
        self._reasoning_item = item
        return [*opened, ReasoningPiece(item, "")]


def _first_choice(choices: object) -> Mapping[str, Any] | None:
    """The choice that counts, where several were asked for."""
    if is_array(choices) and len(choices) == 1 and is_object(choices[0]) and not choices[0].get("index"):
        return choices[0]
    return next((one for one in objects(choices) if not one.get("index")), None)


def _word(reason: object) -> str | None:
    """A reason; None where it is missing, or a placeholder for none."""
    return reason if isinstance(reason, str) and reason not in ("", "null") else None
