"""Gemini Interactions: the events of `POST /v1beta/interactions` -> wire events.

Source: google-genai 3.4 (`InteractionSSEEvent`), recorded streams, and the reports of users.

- Events are told apart by `event_type`: `step.start`, `step.delta`, `step.stop` since the revision of May 2026,
  `content.…` before it; `interaction.completed`, or `interaction.complete`.
- A call opens with its step, its arguments come as JSON text in `arguments_delta`, or whole; `step.stop` closes it.
- The end is `interaction.completed`: `requires_action` where calls wait for the client, else `completed`. Its steps are
  empty, what was streamed counts; only where nothing was streamed are they read.
- `[DONE]` may follow, and says nothing. A refusal may come as a bare line of JSON between the events (`wire.sse`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from millstream.events.values import Usage, is_object
from millstream.wire.fields import int_of, objects, text_of
from millstream.wire.gemini_interactions.steps import Step, arguments_text, kind_of
from millstream.wire.refusal import error_from_object, error_in, torn
from millstream.wire.texts import count
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
    ServerToolMoved,
    TextPiece,
    WireEvent,
)

GOOD_ENDS: Final = frozenset({"completed", "requires_action"})
"""The statuses after which calls may run; every other is a cut, a failure or unknown."""

_QUIET: Final = frozenset(("interaction.created", "interaction.start", "interaction.status_update"))


class InteractionsReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._response_id: str | None = None
        self._count = 0
        self._steps: dict[int, Step] = {}
        self._server_items: dict[str, int] = {}
        self._handlers: dict[str, Callable[[Mapping[str, Any]], list[WireEvent]]] = {
            "step.start": self._on_start,
            "content.start": self._on_start,
            "step.delta": self._on_delta,
            "content.delta": self._on_delta,
            "step.stop": self._on_stop,
            "content.stop": self._on_stop,
            "interaction.completed": self._on_completed,
            "interaction.complete": self._on_completed,
        }

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one event says."""
        type_ = text_of(message, "event_type") or event
        self._note(message)
        error = error_in(message, "error" if type_ == "error" else "")
        if error is not None:
            return [Broke(error_from_object(error), self.reason, self.usage)]
        handler = self._handlers.get(type_)
        if handler is not None:
            return handler(message)
        return [] if type_ in _QUIET else [Passed(type_ or "message", message)]

    def done(self) -> list[WireEvent]:
        """`[DONE]`."""
        return self.end()

    def end(self) -> list[WireEvent]:
        """The body is over."""
        return [Broke(torn("the stream ended before the interaction was completed"), self.reason, self.usage)]

    def _note(self, message: Mapping[str, Any]) -> None:
        interaction: object = message.get("interaction")
        metadata: object = message.get("metadata")
        for holder in (message, metadata, interaction):
            if is_object(holder) and is_object(usage := holder.get("usage")):
                self.usage = _usage(usage)
        if is_object(interaction):
            self._response_id = text_of(interaction, "id") or self._response_id

    def _on_start(self, message: Mapping[str, Any]) -> list[WireEvent]:
        given: object = message.get("step") or message.get("content")
        return self._begin(int_of(message, "index"), given) if is_object(given) else []

    def _begin(self, index: int, given: Mapping[str, Any]) -> list[WireEvent]:
        step = self._steps[index] = Step(self._count, kind_of(text_of(given, "type")))
        self._count += 1
        texts = step.start(given)
        if step.kind == "call":
            return self._name(step) if text_of(step.raw, "name") else []
        events: list[WireEvent] = [ItemOpened(step.item)]
        if step.kind == "server":
            events += self._moved(step)
        return events + _told(step, texts or [""])

    def _on_delta(self, message: Mapping[str, Any]) -> list[WireEvent]:
        delta: object = message.get("delta")
        if not is_object(delta):
            return []
        step = self._steps.get(int_of(message, "index"))
        events: list[WireEvent] = []
        if step is None or step.done:
            events = self._begin(int_of(message, "index"), {"type": text_of(delta, "type")})
            step = self._steps[int_of(message, "index")]
        texts = step.add(delta)
        if step.kind == "call":
            return events + self._arguments(step, delta)
        marks = objects(delta.get("annotations")) if step.kind == "output" else []
        return [*events, *_told(step, texts), *(AnnotationPiece(step.item, mark) for mark in marks)]

    def _arguments(self, step: Step, delta: Mapping[str, Any]) -> list[WireEvent]:
        given: object = delta.get("arguments")
        text = arguments_text(given)
        if not text:
            return self._name(step) if text_of(step.raw, "name") else []
        step.wrote = True
        whole = ArgsPiece(step.item, text) if isinstance(given, str) else ArgsWhole(step.item, text)
        return [*self._name(step), whole]

    def _name(self, step: Step) -> list[WireEvent]:
        if step.begun:
            return []
        step.begun = True
        return [CallBegan(step.item, text_of(step.raw, "name"), text_of(step.raw, "id"))]

    def _on_stop(self, message: Mapping[str, Any]) -> list[WireEvent]:
        step = self._steps.get(int_of(message, "index"))
        return [] if step is None or step.done else self._stop(step)

    def _stop(self, step: Step, *, closed: bool = True) -> list[WireEvent]:
        """A step is over; without `closed` the response is, and the step was not told to be."""
        step.done = True
        if step.kind == "call":
            events = self._name(step)
            text = "" if step.wrote else arguments_text(step.raw.get("arguments"))
            if text:
                events.append(ArgsWhole(step.item, text))
            return [*events, Echo(step.item, step.echo), *([CallClosed(step.item)] if closed else [])]
        if step.kind == "input":
            return [Passed("user_input", step.raw)]
        moved = self._moved(step) if step.kind == "server" else []
        return [*moved, Echo(step.item, step.echo)]

    def _moved(self, step: Step) -> list[WireEvent]:
        """A tool that the provider runs: a result belongs to the item of its call, which it moves on."""
        type_ = text_of(step.raw, "type")
        item, status = step.item, "done"
        if type_.endswith("_result"):
            item = self._server_items.get(text_of(step.raw, "call_id"), item)
        elif type_.endswith("_call"):
            status = "called"
            self._server_items[text_of(step.raw, "id")] = item
        else:
            return [Passed(type_ or "step", dict(step.raw))] if step.done else []
        tool = type_.removesuffix("_result").removesuffix("_call")
        return [ServerToolMoved(item, tool, status, dict(step.raw))]

    def _on_completed(self, message: Mapping[str, Any]) -> list[WireEvent]:
        given: object = message.get("interaction")
        interaction = given if is_object(given) else {}
        status = text_of(interaction, "status") or "completed"
        events = self._missed(interaction)
        for step in self._steps.values():
            if not step.done:
                events += self._stop(step, closed=False)
        if status == "failed":
            error = interaction.get("error") or {"message": "the interaction failed, no reason was given"}
            return [*events, Broke(error_from_object(error), status, self.usage)]
        self.reason = status
        return [*events, Finished(status, status in GOOD_ENDS), Ended(self.usage, None, self._response_id)]

    def _missed(self, interaction: Mapping[str, Any]) -> list[WireEvent]:
        """The steps of an interaction of which nothing was streamed."""
        if self._steps:
            return []
        events: list[WireEvent] = []
        for i, given in enumerate(objects(interaction.get("steps") or interaction.get("outputs"))):
            if text_of(given, "type") != "user_input":
                events += [*self._begin(i, given), *self._stop(self._steps[i])]
        return events


def _told(step: Step, texts: list[str]) -> list[WireEvent]:
    """Texts of a step as the pieces they are; an empty one says what the item is made of."""
    if step.kind == "output":
        return [TextPiece(step.item, text) for text in texts]
    return [ReasoningPiece(step.item, text) for text in texts] if step.kind == "thought" else []


def _usage(raw: Mapping[str, Any]) -> Usage:
    thoughts = count(raw, "total_thought_tokens")
    return Usage(
        input_tokens=count(raw, "total_input_tokens") + count(raw, "total_tool_use_tokens"),
        output_tokens=count(raw, "total_output_tokens") + thoughts,
        cached_input_tokens=count(raw, "total_cached_tokens"),
        reasoning_tokens=thoughts,
        raw=raw,
    )
