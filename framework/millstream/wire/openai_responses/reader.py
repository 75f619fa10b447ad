"""OpenAI Responses: the events of one response -> wire events.

Source: the event types of openai-python 3.54 (`ResponseStreamEvent`), recorded streams, and what compatible servers do:

- Which item an event is about is for `items` to say; an item said again, after a reconnect, is the one that was.
- `*.done` events and items hold the whole and replace what was streamed; any of the smaller events may be missing.
- Of the final response only that counts of which nothing came before: servers give its items other ids.
- An error may come as a flat or a nested `error` event, or in `response.failed`, or as both: it is reported once.
- What has no meaning here is passed through, or is silence (`keepalive`).
- What of it is a deviation from the wire has a name in `wire.compat`, and breaks the response unless it is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Literal

from millstream.errors import WireError
from millstream.events.values import Usage, is_object
from millstream.wire.compat import ALL, Leniency, Tolerance
from millstream.wire.fields import int_of, objects, text_of
from millstream.wire.openai_responses.items import CALLS, Item, Items, kind_of
from millstream.wire.openai_responses.numbers import Numbers
from millstream.wire.openai_responses.parts import more, reasoning_part, rest, rest_of_message, rest_of_reasoning
from millstream.wire.openai_responses.server_tools import server_tool_of
from millstream.wire.openai_responses.silent import SILENT
from millstream.wire.openai_responses.snapshot import Snapshot, completed, incomplete
from millstream.wire.refusal import error_from_object, error_in, torn
from millstream.wire.resuming import Cursor
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    Echo,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    WireEvent,
)

_PIECES: Final[dict[str, type[TextPiece | RefusalPiece]]] = {"content": TextPiece, "refusal": RefusalPiece}
_ARGS_FIELD: Final[dict[str, str]] = {"function_call": "arguments", "custom_tool_call": "input"}


class ResponsesReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self, leniencies: frozenset[Leniency] = ALL) -> None:
        self.reason: str | None = None
        self._response = Snapshot()
        tolerance = Tolerance(leniencies)
        self._bear = tolerance.bear
        self._items = Items(tolerance)
        self._numbers = Numbers()
        self._handlers: dict[str, Callable[[Mapping[str, Any]], list[WireEvent]]] = {
            "response.output_item.added": self._on_added,
            "response.output_item.done": self._on_item_done,
            "response.output_text.delta": partial(self._on_text, "content"),
            "response.text.delta": partial(self._on_text, "content"),
            "response.output_text.done": partial(self._on_text_done, "content"),
            "response.output_text.annotation.added": self._on_annotation,
            "response.refusal.delta": partial(self._on_text, "refusal"),
            "response.refusal.done": partial(self._on_text_done, "refusal"),
            "response.reasoning_text.delta": self._on_reasoning,
            "response.reasoning.delta": self._on_reasoning,
            "response.reasoning_text.done": self._on_reasoning_done,
            "response.reasoning_summary_part.added": self._on_summary_part,
            "response.reasoning_summary_text.delta": self._on_reasoning,
            "response.reasoning_summary_text.done": self._on_reasoning_done,
            "response.function_call_arguments.delta": partial(self._on_args, "function_call"),
            "response.function_call_arguments.done": partial(self._on_args_done, "function_call"),
            "response.custom_tool_call_input.delta": partial(self._on_args, "custom_tool_call"),
            "response.custom_tool_call_input.done": partial(self._on_args_done, "custom_tool_call"),
            "response.completed": partial(self._on_end, completed),
            "response.incomplete": partial(self._on_end, incomplete),
            "response.failed": self._on_failed,
        }

    @property
    def usage(self) -> Usage | None:
        """The token counts, once a response with them has come."""
        return self._response.usage

    @property
    def cursor(self) -> Cursor | None:
        """Where a response can be read on that goes on in the background; None for any other."""
        response, last = self._response, self._numbers.last
        return Cursor(response.id, last) if response.in_background and response.id and last is not None else None

    def resume(self) -> None:
        """What comes now is the rest of the response, or more of it again."""
        self._numbers.resume()

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one event says."""
        if self._numbers.is_repeated(message):
            return []
        error = error_in(message, event)
        if error is not None:
            return [Broke(error_from_object(error), self.reason, self.usage)]
        try:
            return self._event(text_of(message, "type") or event, message)
        except WireError as deviation:
            return [Broke(deviation, self.reason, self.usage)]

    def _event(self, name: str, message: Mapping[str, Any]) -> list[WireEvent]:
        if handler := self._handlers.get(name):
            return handler(message)
        if name in SILENT:
            self._response.note(message)
            return []
        return self._other(name, message)

    @property
    def begun(self) -> bool:
        """Whether anything of the response has come."""
        return self._response.id is not None or bool(self._items.kinds)

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which OpenRouter sends and OpenAI does not: it ends nothing."""
        return []

    def end(self) -> list[WireEvent]:
        """The body is over without a terminal event."""
        return [Broke(torn("the stream ended before the response did"), self.reason, self.usage)]

    def _item(self, message: Mapping[str, Any], type_: str) -> tuple[Item, list[WireEvent]]:
        """The item an event belongs to, opened now if nothing opened it."""
        known = self._items.find(message, kind_of(type_))
        if known is not None:
            return known, []
        self._bear("missing_item_events")
        return self._open(message, type_)

    def _open(self, message: Mapping[str, Any], type_: str) -> tuple[Item, list[WireEvent]]:
        item = self._items.open(message, type_)
        return item, [] if type_ in CALLS else [ItemOpened(item.item)]

    def _on_added(self, message: Mapping[str, Any]) -> list[WireEvent]:
        raw: object = message.get("item")
        if not is_object(raw) or not text_of(raw, "type"):
            return []
        known = self._items.find(message, kind_of(text_of(raw, "type")), opens=True)
        return [] if known is not None and known.is_same(raw) else self._begin(message, raw)[1]

    def _begin(self, message: Mapping[str, Any], raw: Mapping[str, Any]) -> tuple[Item, list[WireEvent]]:
        item, events = self._open(message, text_of(raw, "type"))
        kind = kind_of(item.type)
        if kind == "call":
            events += self._name_call(item, raw)
        elif kind == "server":
            events.append(ServerToolMoved(item.item, item.type, text_of(raw, "status") or "in_progress", raw))
        return item, events

    def _name_call(self, item: Item, raw: Mapping[str, Any], *, whatever: bool = False) -> list[WireEvent]:
        """A call begins when its name is there, at the latest when it is over; most servers send it at the opening."""
        self._items.name(item, raw)
        if item.begun:
            return []
        if not item.name:
            self._bear("late_name")
            if not whatever:
                return []
        if not item.call_id:
            self._bear("missing_id")
        item.begun = True
        item.call_id = item.call_id or text_of(raw, "id")
        began = CallBegan(item.item, item.name, item.call_id, CALLS[item.type])
        return [began, ArgsPiece(item.item, "".join(item.held))] if item.held else [began]

    def _on_item_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        raw: object = message.get("item")
        if not is_object(raw) or not text_of(raw, "type"):
            return []
        item = self._items.find(message, kind_of(text_of(raw, "type")))
        if item is not None and item.done and item.is_same(raw):
            return []
        if item is None or item.done or item.type != raw.get("type"):
            self._bear("missing_item_events")
            item, events = self._begin(message, raw)
            return events + self._finish(item, raw)
        return self._finish(item, raw)

    def _finish(self, item: Item, raw: Mapping[str, Any]) -> list[WireEvent]:
        """An item is over; `raw` is the whole of it and has the last word on what was streamed."""
        self._items.finish(item)
        match kind_of(item.type):
            case "call":
                events = self._name_call(item, raw, whatever=True)
                whole: object = raw.get(_ARGS_FIELD[item.type])
                if isinstance(whole, str):
                    events.append(ArgsWhole(item.item, whole))
                return [*events, Echo(item.item, raw), CallClosed(item.item, raw.get("status") in (None, "completed"))]
            case "message":
                return [*rest_of_message(item, raw), Echo(item.item, raw)]
            case "reasoning":
                return [*rest_of_reasoning(item, raw), Echo(item.item, raw)]
            case "server":
                moved = ServerToolMoved(item.item, item.type, text_of(raw, "status") or "done", raw)
                return [moved, Echo(item.item, raw)]

    def _on_text(self, kind: Literal["content", "refusal"], message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "message")
        return events + more(item, (kind, int_of(message, "content_index")), message, _PIECES[kind])

    def _on_text_done(self, kind: Literal["content", "refusal"], message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "message")
        whole: object = message.get("text" if kind == "content" else "refusal")
        return events + rest(item, (kind, int_of(message, "content_index")), whole, _PIECES[kind])

    def _on_reasoning(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "reasoning")
        return events + more(item, reasoning_part(message), message, ReasoningPiece)

    def _on_reasoning_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "reasoning")
        return events + rest(item, reasoning_part(message), message.get("text"), ReasoningPiece)

    def _on_summary_part(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "reasoning")
        if item.parts:  # a paragraph of its own
            events.append(ReasoningPiece(item.item, "\n\n"))
        return events

    def _on_annotation(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "message")
        annotation: object = message.get("annotation")
        return [*events, AnnotationPiece(item.item, annotation)] if is_object(annotation) else events

    def _on_args(self, type_: str, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._call(type_, message)
        delta = text_of(message, "delta")
        if delta and not item.begun:
            item.held.append(delta)
            return events
        return [*events, ArgsPiece(item.item, delta)] if delta else events

    def _on_args_done(self, type_: str, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._call(type_, message)
        whole: object = message.get(_ARGS_FIELD[type_])
        if isinstance(whole, str) and not item.begun:
            item.held[:] = [whole]
            return events
        return [*events, ArgsWhole(item.item, whole)] if isinstance(whole, str) else events

    def _call(self, type_: str, message: Mapping[str, Any]) -> tuple[Item, list[WireEvent]]:
        """The call an event belongs to; one that nothing opened has the name the event itself gives, if any."""
        item, events = self._item(message, type_)
        return item, events + self._name_call(item, message)

    def _on_end(self, end_of: Callable[[Mapping[str, Any]], Finished], message: Mapping[str, Any]) -> list[WireEvent]:
        response = self._response.note(message)
        finished = end_of(response)
        self.reason = finished.reason
        events = self._missed(response)
        for item in self._items.unfinished.values():
            if item.held:  # a call without a name is still a call, and is refused as one
                events += self._name_call(item, {}, whatever=True)
        return [*events, finished, self._response.ended(response)]

    def _missed(self, response: Mapping[str, Any]) -> list[WireEvent]:
        """What stands in the final response and never came, or never ended, as events of its own."""
        events: list[WireEvent] = []
        seen = frozenset(self._items.kinds)
        for raw in objects(response.get("output")):
            if not text_of(raw, "type"):
                continue
            kind, item = kind_of(text_of(raw, "type")), self._items.cut(raw)
            if item is None and kind not in seen and (not seen or kind in ("call", "message")):
                self._bear("missing_item_events")
                item, opened = self._begin({"item": raw}, raw)
                events += opened
            if item is not None:
                events += self._finish(item, raw)
        return events

    def _on_failed(self, message: Mapping[str, Any]) -> list[WireEvent]:
        response = self._response.note(message)
        error = response.get("error") or {"message": "the response failed, no reason was given"}
        return [Broke(error_from_object(error), self.reason, self.usage)]

    def _other(self, name: str, message: Mapping[str, Any]) -> list[WireEvent]:
        """A tool the provider runs, or something unknown."""
        tool = server_tool_of(name)
        if tool is None:
            return [Passed(name, message)]
        item, events = self._item(message, tool[0])
        return [*events, ServerToolMoved(item.item, item.type, tool[1], message)]
