"""OpenAI Realtime: the events of one response -> wire events.

Source: openai-python 3.54 (`RealtimeServerEvent`), recorded sessions of OpenAI, Azure and xAI.

- The events are those of Responses, but all of them have an `item_id`, and xAI's no `output_index`.
- Text is `output_text`, or the transcript of what is spoken; both have older names. The sound itself is left to the
  owner of the socket.
- `response.done` is the one end, with `status` and the whole output; xAI has the usage beside the response.
- An `error` event is about something the client sent and mostly ends nothing: it passes through, and is the reason of
  the failure only where no end follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from millstream.events.values import Usage, is_object
from millstream.wire.fields import int_of, objects, text_of
from millstream.wire.refusal import error_from_object, torn
from millstream.wire.texts import count
from millstream.wire_events import (
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ServerToolMoved,
    TextPiece,
    TextWhole,
    WireEvent,
)

GOOD_ENDS: Final = frozenset({"completed"})
"""The ends after which calls may run; every other is a cut, an interruption or unknown."""

_TEXTS: Final = ("output_text", "text", "output_audio_transcript", "audio_transcript", "audio.transcript")
_SERVER: Final = "server"
_SILENT: Final = frozenset(
    (
        "ping",
        "rate_limits.updated",
        "response.content_part.added",
        "response.content_part.done",
        *(f"response.{name}.{part}" for name in ("output_audio", "audio") for part in ("delta", "done")),
        *(f"session.{name}" for name in ("created", "updated")),
        *(f"conversation.{name}" for name in ("created", "item.created", "item.added", "item.done")),
        *(f"input_audio_buffer.{name}" for name in ("speech_started", "speech_stopped", "committed", "cleared")),
        *(f"output_audio_buffer.{name}" for name in ("started", "stopped", "cleared")),
    )
)


@dataclass(slots=True)
class _Item:
    item: int
    type: str
    texts: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    """What came of each part of a message."""
    done: bool = False


class RealtimeReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self.begun = False
        """Whether the response has begun; before it come events about the session."""
        self._response_id = ""
        self._error: object = None
        self._items: dict[tuple[str, str], _Item] = {}
        self._count = 0
        self._handlers: dict[str, Callable[[Mapping[str, Any]], list[WireEvent]]] = {
            "response.created": self._on_created,
            "response.output_item.added": self._on_added,
            "response.output_item.done": self._on_item_done,
            "response.function_call_arguments.delta": self._on_args,
            "response.function_call_arguments.done": self._on_args_done,
            "response.done": self._on_done,
            "error": self._on_error,
            **{f"response.{name}.delta": self._on_text for name in _TEXTS},
            **{
                f"response.{name}.done": partial(self._on_text_done, "text" if name.endswith("text") else "transcript")
                for name in _TEXTS
            },
        }

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one event says."""
        name = text_of(message, "type") or event
        if name in _SILENT:
            return []
        handler = self._handlers.get(name)
        if handler is not None:
            return handler(message)
        item = self._items.get((_SERVER, text_of(message, "item_id")))
        if item is not None:
            return [ServerToolMoved(item.item, item.type, name.removeprefix("response."), message)]
        return [Passed(name, message)]

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which this wire does not have: it ends nothing."""
        return []

    def end(self) -> list[WireEvent]:
        """The socket was closed without the end of the response."""
        error = torn("the connection ended before the response did")
        return [Broke(error_from_object(self._error) if self._error else error, self.reason, self.usage)]

    def _on_error(self, message: Mapping[str, Any]) -> list[WireEvent]:
        self._error = message.get("error") or {"message": text_of(message, "message")}
        return [Passed("error", message)]

    def _on_created(self, message: Mapping[str, Any]) -> list[WireEvent]:
        response: object = message.get("response")
        if self.begun:  # another one at the same time, outside of the conversation
            return [Passed("response.created", message)]
        self.begun = True
        self._error = None
        self._response_id = text_of(response, "id") if is_object(response) else ""
        return []

    def _on_added(self, message: Mapping[str, Any]) -> list[WireEvent]:
        raw: object = message.get("item")
        if not is_object(raw) or _key(raw) in self._items:
            return []
        return self._open(raw)[1]

    def _open(self, raw: Mapping[str, Any]) -> tuple[_Item, list[WireEvent]]:
        self.begun = True
        item = self._items[_key(raw)] = _Item(self._count, text_of(raw, "type"))
        self._count += 1
        if item.type == "function_call":
            return item, [CallBegan(item.item, text_of(raw, "name"), text_of(raw, "call_id"))]
        opened: list[WireEvent] = [ItemOpened(item.item)]
        if item.type != "message":
            opened.append(ServerToolMoved(item.item, item.type, text_of(raw, "status") or "in_progress", raw))
        return item, opened

    def _of(self, message: Mapping[str, Any], type_: str) -> tuple[_Item, list[WireEvent]]:
        """The item an event is about, opened now if nothing opened it."""
        raw = {**message, "id": text_of(message, "item_id"), "type": type_}
        known = self._items.get(_key(raw))
        return (known, []) if known is not None else self._open(raw)

    def _on_text(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._of(message, "message")
        delta = text_of(message, "delta")
        item.texts.setdefault(int_of(message, "content_index"), []).append(delta)
        return [*events, TextPiece(item.item, delta)] if delta else events

    def _on_text_done(self, name: str, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._of(message, "message")
        return events + _rest(item, int_of(message, "content_index"), text_of(message, name))

    def _on_args(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._of(message, "function_call")
        delta = text_of(message, "delta")
        return [*events, ArgsPiece(item.item, delta)] if delta else events

    def _on_args_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        item, events = self._of(message, "function_call")
        whole: object = message.get("arguments")
        return [*events, ArgsWhole(item.item, whole)] if isinstance(whole, str) else events

    def _on_item_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        raw: object = message.get("item")
        return self._finish(raw) if is_object(raw) else []

    def _finish(self, raw: Mapping[str, Any]) -> list[WireEvent]:
        """An item is over; `raw` is the whole of it."""
        known = self._items.get(_key(raw))
        item, events = (known, list[WireEvent]()) if known is not None else self._open(raw)
        if item.done:
            return []
        item.done = True
        if item.type == "function_call":
            whole: object = raw.get("arguments")
            events += [ArgsWhole(item.item, whole)] if isinstance(whole, str) else []
            return [*events, CallClosed(item.item, raw.get("status") in (None, "completed"))]
        if item.type != "message":
            return [*events, ServerToolMoved(item.item, item.type, text_of(raw, "status") or "done", raw)]
        for i, part in enumerate(objects(raw.get("content"))):
            events += _rest(item, i, text_of(part, "text") or text_of(part, "transcript"))
        return events

    def _on_done(self, message: Mapping[str, Any]) -> list[WireEvent]:
        response: object = message.get("response")
        if not is_object(response):
            return []
        id_, status = text_of(response, "id"), text_of(response, "status")
        if self._response_id and id_ and id_ != self._response_id:
            return [Passed("response.done", message)]
        usage: object = response.get("usage") or message.get("usage")
        if is_object(usage):
            self.usage = _usage(usage)
        details: object = response.get("status_details")
        said: Mapping[str, Any] = details if is_object(details) else {}
        if status == "failed":
            error = said.get("error") or {"message": "the response failed, no reason was given"}
            return [Broke(error_from_object(error), None, self.usage)]
        missed = [event for raw in objects(response.get("output")) for event in self._finish(raw)]
        self.reason = status if status == "completed" else text_of(said, "reason") or status
        finished = Finished(self.reason, self.reason in GOOD_ENDS)
        return [*missed, finished, Ended(self.usage, response_id=id_ or self._response_id or None)]


def _key(raw: Mapping[str, Any]) -> tuple[str, str]:
    """Messages, calls, and what the provider runs are told apart by their ids, each among their own."""
    type_ = text_of(raw, "type")
    return (type_ if type_ in ("message", "function_call") else _SERVER, text_of(raw, "id"))


def _rest(item: _Item, part: int, whole: str) -> list[WireEvent]:
    """What a whole text holds beyond what was streamed of it; where they disagree, it stands for it."""
    streamed = "".join(item.texts.get(part, ()))
    if not whole or whole == streamed:
        return []
    item.texts[part] = [whole]
    if whole.startswith(streamed):
        return [TextPiece(item.item, whole.removeprefix(streamed))]
    return [TextWhole(item.item, "".join(text for _, texts in sorted(item.texts.items()) for text in texts))]


def _usage(raw: Mapping[str, Any]) -> Usage:
    return Usage(
        input_tokens=count(raw, "input_tokens"),
        output_tokens=count(raw, "output_tokens"),
        cached_input_tokens=count(raw, "cached_tokens", "input_token_details"),
        reasoning_tokens=count(raw, "reasoning_tokens", "output_token_details"),
        raw=raw,
    )
