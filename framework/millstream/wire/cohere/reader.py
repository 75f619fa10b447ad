"""Cohere's chat API, version 2: the events of one response -> wire events.

Source: cohere-python 5 (`V2ChatStreamResponse`), recorded streams, and bug reports.

- The tool plan, what the model says before it calls, is reasoning; so is content of the type "thinking".
- A call has its name, then pieces of argument text, then an end: by that it is closed. Where a tool takes nothing the
  text is "" or "null" (vercel/ai#4755), which both mean that there are none.
- Citations are marks on the text; they may come before it goes on.
- `message-end` ends the response, with the reason, the usage, and what went wrong; `[DONE]` may follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from millstream.errors import WireError
from millstream.events.values import Usage, is_array, is_object
from millstream.wire.cohere.request import TOOL_PLAN
from millstream.wire.fields import objects, text_of
from millstream.wire.items import Items
from millstream.wire.refusal import error_from_object, error_in, torn
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    Passed,
    ReasoningPiece,
    TextPiece,
    WireEvent,
)

GOOD_ENDS: Final = frozenset({"COMPLETE", "TOOL_CALL", "STOP_SEQUENCE"})
"""The reasons after which calls may run; every other is a cut, a failure, or unknown."""
_FAILURES: Final = frozenset({"ERROR", "TIMEOUT"})
_SILENT: Final = frozenset({"citation-end"})
_MAX_COUNT: Final = 1e15  # beyond any count of tokens, infinity among them


@dataclass(slots=True)
class _Call:
    item: int
    held: str = ""  # what may become "null"
    flows: bool = False
    closed: bool = False


class CohereReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._response_id: str | None = None
        self._items = Items()
        self._calls: list[_Call] = []
        self._by_index: dict[object, _Call] = {}
        self._text_item: int | None = None

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one event says."""
        type_ = text_of(message, "type")
        error = error_in(message, event)
        if error is None and not type_ and text_of(message, "message"):
            error = message  # an error in the words of a refusal
        if error is not None:
            return self._broke(error_from_object(error))
        delta: object = message.get("delta")
        fields = delta if is_object(delta) else {}
        inner: object = fields.get("message")
        said = inner if is_object(inner) else {}
        match type_:
            case "message-start":
                self._response_id = text_of(message, "id") or None
                return []
            case "tool-plan-delta":
                return self._plan(text_of(said, "tool_plan"))
            case "content-start" | "content-delta":
                return self._content(said.get("content"), begins=type_ == "content-start")
            case "content-end":
                self._items.close()
                return []
            case "citation-start":
                return self._citations(message, said.get("citations"))
            case "tool-call-start" | "tool-call-delta":
                return self._call(message.get("index"), said.get("tool_calls"), begins=type_ == "tool-call-start")
            case "tool-call-end":
                return self._end_call(message.get("index"))
            case "message-end":
                return self._end(fields)
            case _:
                return [] if type_ in _SILENT else [Passed(event or type_, message)]

    def done(self) -> list[WireEvent]:
        """`[DONE]`, before a `message-end`."""
        return self.end()

    def end(self) -> list[WireEvent]:
        """The body is over."""
        return self._broke(torn("the stream ended before the model said why it stopped"))

    def _broke(self, error: WireError) -> list[WireEvent]:
        return [*self._settled(), Broke(error, self.reason, self.usage)]

    def _plan(self, text: str) -> list[WireEvent]:
        before = self._items.growing
        events = self._items.text(ReasoningPiece, text)
        item = self._items.growing
        return [*events, Echo(item, TOOL_PLAN)] if item is not None and item != before else events

    def _content(self, content: object, *, begins: bool) -> list[WireEvent]:
        if begins:
            self._items.close()
        events: list[WireEvent] = []
        for part in _one_or_many(content):
            events += self._items.text(ReasoningPiece, text_of(part, "thinking"))
            text = self._items.text(TextPiece, text_of(part, "text"))
            if text:
                self._text_item = self._items.growing
            events += text
        return events

    def _citations(self, message: Mapping[str, Any], citations: object) -> list[WireEvent]:
        if self._text_item is None:  # of the plan, or before any text
            return [Passed("citation-start", message)]
        return [AnnotationPiece(self._text_item, one) for one in _one_or_many(citations)]

    def _call(self, index: object, calls: object, *, begins: bool) -> list[WireEvent]:
        events: list[WireEvent] = []
        for given in _one_or_many(calls):
            inner: object = given.get("function")
            function = inner if is_object(inner) else {}
            call = self._at(index)
            if begins:
                call = self._by_index[_key(index)] = _Call(self._items.next())
                self._calls.append(call)
                events.append(CallBegan(call.item, text_of(function, "name"), text_of(given, "id")))
            events += self._args(call, text_of(function, "arguments"))
        return events

    def _at(self, index: object) -> _Call | None:
        """The call of that index; the one that began last where there is no index."""
        found = self._by_index.get(_key(index))
        return self._calls[-1] if found is None and index is None and self._calls else found

    def _args(self, call: _Call | None, text: str) -> list[WireEvent]:
        if call is None or not text:
            return []
        if call.flows:
            return [ArgsPiece(call.item, text)]
        call.held += text
        if "null".startswith(call.held.strip()):
            return []
        call.flows, text, call.held = True, call.held, ""
        return [ArgsPiece(call.item, text)]

    def _end_call(self, index: object) -> list[WireEvent]:
        call = self._at(index)
        if call is None or call.closed:
            return []
        call.closed = True
        return [*self._released(call), CallClosed(call.item)]

    def _released(self, call: _Call) -> list[WireEvent]:
        """What was held back, if it is neither nothing nor "null"."""
        text, call.held = call.held, ""
        return [] if text.strip() in ("", "null") else [ArgsPiece(call.item, text)]

    def _settled(self) -> list[WireEvent]:
        return [event for call in self._calls for event in self._released(call)]

    def _end(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        self.usage = _usage(delta.get("usage"))
        self.reason = text_of(delta, "finish_reason") or None
        said = text_of(delta, "error")
        if said or self.reason in _FAILURES:
            error = error_from_object({"message": said, "type": self.reason}) if said else None
            failure = error or WireError(f"the provider ended the response with reason {self.reason}")
            failure.retryable = True
            return self._broke(failure)
        if self.reason is None:
            return self._broke(torn("the response ended without a reason"))
        finished = Finished(self.reason, self.reason in GOOD_ENDS)
        return [*self._settled(), finished, Ended(self.usage, response_id=self._response_id)]


def _one_or_many(value: object) -> list[dict[str, Any]]:
    """The objects of what the types call a list and the server sends as an object."""
    return objects(value if is_array(value) else [value])


def _key(index: object) -> object:
    return index if isinstance(index, int | str) else None


def _usage(usage: object) -> Usage | None:
    if not is_object(usage):
        return None
    tokens: object = usage.get("tokens")
    billed: object = usage.get("billed_units")
    counts = tokens if is_object(tokens) else billed if is_object(billed) else {}
    return Usage(
        input_tokens=_whole(counts.get("input_tokens")),
        output_tokens=_whole(counts.get("output_tokens")),
        cached_input_tokens=_whole(usage.get("cached_tokens")),
        raw=usage,
    )


def _whole(value: object) -> int:
    """A count, which the API's types call a float."""
    return int(value) if isinstance(value, int | float) and 0 <= value < _MAX_COUNT else 0
