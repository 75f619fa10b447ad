"""Ollama's `/api/chat`: the lines of one response -> wire events.

Source: Ollama's `api/types.go` and `docs/api.md`, recorded streams, and bug reports.

- A call comes whole, its arguments as an object: it is closed where it stands. It may have an `id` (newer) or none.
- `done` ends the response; `done_reason` is "stop" with calls as well, "length" where it was cut, "load" and "unload"
  where there was nothing to answer. Old servers give no reason: the end is then called "done", which is no good one.
- An error is a line of its own, with status 200.
- `/api/generate` sends the same lines with the text under `response`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from millstream.events.values import Usage, is_object
from millstream.wire.fields import int_of, objects, text_of
from millstream.wire.items import Items
from millstream.wire.refusal import error_from_body, error_from_object, error_in, torn
from millstream.wire_events import (
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Ended,
    Finished,
    Passed,
    ReasoningPiece,
    TextPiece,
    WireEvent,
)

GOOD_ENDS: Final = frozenset({"stop"})
"""The reasons after which calls may run, "stop" with calls too; every other is a cut, no answer at all, or unknown."""
_COUNTS: Final = ("prompt_eval_count", "eval_count")
_KNOWN: Final = ("message", "response", "thinking", "done")


class OllamaReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._items = Items()
        self._only: Mapping[str, Any] | None = None  # the first line, as long as nothing known has come
        self._speaks = False  # whether a line of this API has come

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one line says."""
        self._note(message)
        error = error_in(message, event)
        if error is not None:
            return [Broke(error_from_object(error), self.reason, self.usage)]
        said: object = message.get("message")
        if isinstance(said, str) or not any(name in message for name in _KNOWN):
            self._only = self._only or message
            return [Passed(event or text_of(message, "status"), message)]
        self._speaks = True
        events = self._said(said if is_object(said) else message)
        if message.get("done") is True:
            self.reason = text_of(message, "done_reason") or "done"
            events += [Finished(self.reason, self.reason in GOOD_ENDS), Ended(self.usage)]
        return events

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which this API has not."""
        return self.end()

    def end(self) -> list[WireEvent]:
        """The body is over."""
        if self._only is not None and not self._speaks:  # an error in words of its own, or the wrong server
            error = error_from_body(json.dumps(self._only).encode())
        else:
            error = torn("the stream ended before the model said that it was done")
        return [Broke(error, self.reason, self.usage)]

    def _note(self, message: Mapping[str, Any]) -> None:
        counts = {name: int_of(message, name) for name in _COUNTS if isinstance(message.get(name), int)}
        if counts:
            self.usage = Usage(counts.get(_COUNTS[0], 0), counts.get(_COUNTS[1], 0), raw=counts)

    def _said(self, said: Mapping[str, Any]) -> list[WireEvent]:
        events = self._items.text(ReasoningPiece, text_of(said, "thinking"))
        events += self._items.text(TextPiece, text_of(said, "content") or text_of(said, "response"))
        for call in objects(said.get("tool_calls")):
            events += self._call(call)
        return events

    def _call(self, call: Mapping[str, Any]) -> list[WireEvent]:
        function: object = call.get("function")
        if not is_object(function):
            return []
        item = self._items.next()
        given: object = function.get("arguments")
        text = given if isinstance(given, str) else "" if given is None else json.dumps(given, ensure_ascii=False)
        began = CallBegan(item, text_of(function, "name"), text_of(call, "id"))
        return [began, *([ArgsPiece(item, text)] if text else []), CallClosed(item)]
