"""OpenAI Responses: the events of one response -> wire events.

Source: the event types of openai-python 3.54 (`ResponseStreamEvent`), recorded streams, and what compatible servers do:

- State is kept by `output_index`: `item_id` is another one on every event of GitHub Copilot. llama.cpp sends no
  `output_index`, so `item_id` and then the item opened last stand in.
- `*.done` events and items hold the whole and replace what was streamed; any of the smaller events may be missing.
- An error may come as a flat or a nested `error` event, or in `response.failed`, or as both: it is reported once.
- What has no meaning here is passed through, or is silence (`keepalive`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from millstream.errors import WireError
from millstream.events.values import CallKind, Usage, is_array, is_object
from millstream.wire.openai_responses.server_tools import server_tool_of
from millstream.wire.refusal import error_from_object
from millstream.wire.texts import usage_from
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    TextWhole,
    WireEvent,
)

GOOD_ENDS: Final = frozenset({"completed"})
"""The ends after which calls may run; every other reason is a cut, a refusal or unknown."""

_CALLS: Final[dict[str, CallKind]] = {"function_call": "function", "custom_tool_call": "custom"}
_ARGS_FIELD: Final[dict[str, str]] = {"function_call": "arguments", "custom_tool_call": "input"}
_SILENT: Final = frozenset(
    (
        "keepalive",
        "response.keep_alive",
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.content_part.added",
        "response.content_part.done",
        "response.reasoning_part.added",
        "response.reasoning_part.done",
        "response.reasoning_summary_part.done",
    )
)

_Piece: TypeAlias = Callable[[int, str], WireEvent]
_PartKey: TypeAlias = tuple[str, Any]


@dataclass(slots=True)
class _Item:
    """One output item: its number here, its type, and the text that came of each of its parts."""

    item: int
    type: str
    parts: dict[_PartKey, list[str]] = field(default_factory=dict["_PartKey", list[str]])
    call_id: str = ""
    named: bool = False
    done: bool = False


class ResponsesReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._response_id: str | None = None
        self._items: dict[object, _Item] = {}
        self._count = 0
        self._last: _Item | None = None
        self._previous: Mapping[str, Any] | None = None
        self._handlers: dict[str, Callable[[Mapping[str, Any]], list[WireEvent]]] = {
            "response.output_item.added": self._on_added,
            "response.output_item.done": self._on_item_done,
            "response.output_text.delta": self._on_text,
            "response.text.delta": self._on_text,
            "response.output_text.done": self._on_text_done,
            "response.output_text.annotation.added": self._on_annotation,
            "response.refusal.delta": self._on_refusal,
            "response.refusal.done": self._on_refusal_done,
            "response.reasoning_text.delta": self._on_reasoning,
            "response.reasoning.delta": self._on_reasoning,
            "response.reasoning_text.done": self._on_reasoning_done,
            "response.reasoning_summary_part.added": self._on_summary_part,
            "response.reasoning_summary_text.delta": self._on_reasoning,
            "response.reasoning_summary_text.done": self._on_reasoning_done,
            "response.function_call_arguments.delta": self._on_args,
            "response.function_call_arguments.done": self._on_args_done,
            "response.custom_tool_call_input.delta": self._on_args,
            "response.custom_tool_call_input.done": self._on_args_done,
            "response.completed": self._on_completed,
            "response.incomplete": self._on_incomplete,
            "response.failed": self._on_failed,
            "error": self._on_error,
        }

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one event says."""
        if message == self._previous and "sequence_number" in message:
            return []  # sent twice: the same number and the same content
        self._previous = message
        name = message.get("type") or event
        if not isinstance(name, str):
            name = ""
        if is_object(message.get("error")) and name not in self._handlers:
            return self._on_error(message)
        if handler := self._handlers.get(name):
            return handler(message)
        if name in _SILENT:
            self._note_response(message)
            return []
        return self._other(name, message)

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which OpenRouter sends and OpenAI does not: it ends nothing."""
        return []

    def end(self) -> list[WireEvent]:
        """The body is over without a terminal event."""
        message = "the stream ended before the response did"
        return [Broke(WireError(message, kind="torn", retryable=True), self.reason, self.usage)]

    # --- items ---

    def _item(self, message: Mapping[str, Any], type_: str) -> tuple[_Item, list[WireEvent]]:
        """The item an event belongs to, opened now if nothing opened it."""
        key = self._key(message)
        known = self._items.get(key) if key is not None else self._last
        if known is not None and (known.type == type_ or not known.done):
            return known, []
        return self._open(key, type_)

    def _key(self, message: Mapping[str, Any]) -> object:
        index = message.get("output_index")
        if isinstance(index, int):
            return index
        item: object = message.get("item")
        return message.get("item_id") or (item.get("id") if is_object(item) else None)

    def _open(self, key: object, type_: str) -> tuple[_Item, list[WireEvent]]:
        item = self._last = self._items[self._count if key is None else key] = _Item(self._count, type_)
        self._count += 1
        return item, [] if type_ in _CALLS else [ItemOpened(item.item)]

    def _on_added(self, message: Mapping[str, Any]) -> list[WireEvent]:
        raw: object = message.get("item")
        if not is_object(raw):
            return []
        return self._begin(self._key(message), raw)[1]

    def _begin(self, key: object, raw: Mapping[str, Any]) -> tuple[_Item, list[WireEvent]]:
        type_ = str(raw.get("type"))
        item, events = self._open(key, type_)
        if type_ in _CALLS:
            events += self._name_call(item, raw)
        elif type_ not in ("message", "reasoning"):
            events.append(ServerToolMoved(item.item, type_, str(raw.get("status") or "in_progress"), raw))
        return item, events

    def _name_call(self, item: _Item, raw: Mapping[str, Any]) -> list[WireEvent]:
        """A call begins when its name is there; all servers seen send it when the item opens."""
        name: object = raw.get("name")
        if item.named or not isinstance(name, str) or not name:
            return []
        item.named = True
        item.call_id = str(raw.get("call_id") or raw.get("id") or "")
        return [CallBegan(item.item, name, item.call_id, _CALLS[item.type])]

    def _on_item_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        raw: object = message.get("item")
        return self._finish_item(self._key(message), raw) if is_object(raw) else []

    def _finish_item(self, key: object, raw: Mapping[str, Any]) -> list[WireEvent]:
        """An item is over; `raw` is the whole of it and has the last word on what was streamed."""
        item = self._items.get(key) if key is not None else self._last
        events: list[WireEvent] = []
        if item is None or item.done or item.type != str(raw.get("type")):
            item, events = self._begin(key, raw)
        item.done = True
        if item.type in _CALLS:
            events += self._name_call(item, {"name": "?"} | dict(raw))
            whole: object = raw.get(_ARGS_FIELD[item.type])
            if isinstance(whole, str):
                events.append(ArgsWhole(item.item, whole))
            events += [Echo(item.item, raw), CallClosed(item.item, raw.get("status") in (None, "completed"))]
        elif item.type == "message":
            events += [*self._rest_of_message(item, raw), Echo(item.item, raw)]
        elif item.type == "reasoning":
            events += [*self._rest_of_reasoning(item, raw), Echo(item.item, raw)]
        else:
            events += [
                ServerToolMoved(item.item, item.type, str(raw.get("status") or "done"), raw),
                Echo(item.item, raw),
            ]
        return events

    def _rest_of_message(self, item: _Item, raw: Mapping[str, Any]) -> list[WireEvent]:
        events: list[WireEvent] = []
        for i, part in enumerate(_objects(raw.get("content"))):
            if part.get("type") == "refusal":
                events += _rest(item, ("refusal", i), part.get("refusal"), RefusalPiece)
            else:
                events += _rest(item, ("content", i), part.get("text"), TextPiece)
        return events

    def _rest_of_reasoning(self, item: _Item, raw: Mapping[str, Any]) -> list[WireEvent]:
        if item.parts:
            return []
        texts = [str(part.get("text") or "") for part in _objects(raw.get("summary")) + _objects(raw.get("content"))]
        text = "\n\n".join(text for text in texts if text)
        return [ReasoningPiece(item.item, text)] if text else []

    # --- what items are made of ---

    def _on_text(self, message: Mapping[str, Any]) -> list[WireEvent]:
        return self._piece(message, "message", ("content", message.get("content_index", 0)), TextPiece)

    def _on_text_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "message")
        return events + _rest(item, ("content", message.get("content_index", 0)), message.get("text"), TextPiece)

    def _on_refusal(self, message: Mapping[str, Any]) -> list[WireEvent]:
        return self._piece(message, "message", ("refusal", message.get("content_index", 0)), RefusalPiece)

    def _on_refusal_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "message")
        return events + _rest(item, ("refusal", message.get("content_index", 0)), message.get("refusal"), RefusalPiece)

    def _on_reasoning(self, message: Mapping[str, Any]) -> list[WireEvent]:
        return self._piece(message, "reasoning", _reasoning_part(message), ReasoningPiece)

    def _on_reasoning_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "reasoning")
        return events + _rest(item, _reasoning_part(message), message.get("text"), ReasoningPiece)

    def _on_summary_part(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "reasoning")
        if item.parts:  # a paragraph of its own
            events.append(ReasoningPiece(item.item, "\n\n"))
        return events

    def _piece(
        self, message: Mapping[str, Any], type_: str, part: _PartKey, piece: Callable[[int, str], WireEvent]
    ) -> list[WireEvent]:
        item, events = self._item(message, type_)
        delta: object = message.get("delta")
        if isinstance(delta, str) and delta:
            item.parts.setdefault(part, []).append(delta)
            events.append(piece(item.item, delta))
        return events

    def _on_annotation(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._item(message, "message")
        annotation: object = message.get("annotation")
        return [*events, AnnotationPiece(item.item, annotation)] if is_object(annotation) else events

    def _on_args(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._call(message)
        delta: object = message.get("delta")
        return [*events, ArgsPiece(item.item, delta)] if item.named and isinstance(delta, str) and delta else events

    def _on_args_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._call(message)
        whole: object = message.get("arguments", message.get("input"))
        return [*events, ArgsWhole(item.item, whole)] if item.named and isinstance(whole, str) else events

    def _call(self, message: Mapping[str, Any]) -> tuple[_Item, list[WireEvent]]:
        """The call an event belongs to; one that nothing opened has the name the event itself gives, if any."""
        key = self._key(message)
        item = self._items.get(key) if key is not None else self._last
        if item is not None and item.type in _CALLS:
            return item, self._name_call(item, message)
        custom = "custom" in str(message.get("type"))
        return self._begin(key, {"type": "custom_tool_call" if custom else "function_call", **_named(message)})

    # --- ends ---

    def _note_response(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        response: object = message.get("response")
        if not is_object(response):
            return {}
        self._response_id = response.get("id") or self._response_id
        if is_object(usage := response.get("usage")):
            self.usage = usage_from(usage, "input", "output")
        return response

    def _on_completed(self, message: Mapping[str, Any]) -> list[WireEvent]:
        response = self._note_response(message)
        return self._terminal(response, str(response.get("status") or "completed"))

    def _on_incomplete(self, message: Mapping[str, Any]) -> list[WireEvent]:
        response = self._note_response(message)
        details: object = response.get("incomplete_details")
        return self._terminal(response, str((is_object(details) and details.get("reason")) or "incomplete"))

    def _terminal(self, response: Mapping[str, Any], reason: str) -> list[WireEvent]:
        self.reason = reason
        events = self._missed(response)
        moderation: object = response.get("moderation")
        ended = Ended(self.usage, moderation if is_object(moderation) else None, self._response_id)
        return [*events, Finished(reason, reason in GOOD_ENDS), ended]

    def _missed(self, response: Mapping[str, Any]) -> list[WireEvent]:
        """Items that stand in the final response and never came as events of their own."""
        events: list[WireEvent] = []
        call_ids = {item.call_id for item in self._items.values() if item.done and item.call_id}
        said = any(item.type == "message" for item in self._items.values())
        for i, raw in enumerate(_objects(response.get("output"))):
            type_, item = raw.get("type"), self._items.get(i)
            is_open = item is not None and not item.done and item.type == type_
            new_call = type_ in _CALLS and (raw.get("call_id") or raw.get("id")) not in call_ids
            if is_open or new_call or (type_ == "message" and not said):
                events += self._finish_item(i, raw)
        return events

    def _on_failed(self, message: Mapping[str, Any]) -> list[WireEvent]:
        response = self._note_response(message)
        error: object = response.get("error")
        return self._failed(error if is_object(error) else {"message": "the response failed, no reason was given"})

    def _on_error(self, message: Mapping[str, Any]) -> list[WireEvent]:
        error: object = message.get("error")
        flat = {key: value for key, value in message.items() if key != "type"}  # its own type is only "error"
        return self._failed(error if is_object(error) else flat)

    def _failed(self, error: Mapping[str, Any]) -> list[WireEvent]:
        return [Broke(error_from_object(error), self.reason, self.usage)]

    def _other(self, name: str, message: Mapping[str, Any]) -> list[WireEvent]:
        """A tool the provider runs, or something unknown."""
        tool = server_tool_of(name)
        if tool is None:
            return [Passed(name, message)]
        item, events = self._item(message, tool[0])
        return [*events, ServerToolMoved(item.item, item.type, tool[1], message)]


def _rest(item: _Item, part: _PartKey, whole: object, piece: _Piece) -> list[WireEvent]:
    """What the whole text of a part holds beyond its deltas; where they disagree, it stands for them."""
    if not isinstance(whole, str) or not whole:
        return []
    streamed = "".join(item.parts.get(part, ()))
    item.parts[part] = [whole]
    if not whole.startswith(streamed):
        parts = (text for (kind, _), texts in item.parts.items() if kind == "content" for text in texts)
        return [TextWhole(item.item, "".join(parts))] if piece is TextPiece else []
    rest = whole.removeprefix(streamed)
    return [piece(item.item, rest)] if rest else []


def _reasoning_part(message: Mapping[str, Any]) -> _PartKey:
    return (
        ("summary", message["summary_index"]) if "summary_index" in message else ("text", message.get("content_index"))
    )


def _named(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: message[key] for key in ("name", "call_id") if key in message}


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if is_object(one)] if is_array(value) else []
