"""OpenAI's legacy completions: the chunks of one response -> wire events.

Source: openai-python 3.54 (`Completion`), and what vLLM and llama.cpp send. The first choice counts; `choices: []`
carries usage; `[DONE]` ends the stream, but is neither needed nor enough: without a reason the response is torn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.events.values import Usage, is_object
from millstream.wire.fields import objects, text_of
from millstream.wire.items import Items
from millstream.wire.refusal import error_from_object, error_in, torn
from millstream.wire.texts import usage_from
from millstream.wire_events import Broke, Ended, Finished, Passed, TextPiece, WireEvent

GOOD_ENDS: Final = frozenset({"stop"})
"""The reason after which calls may run; every other is a cut, a refusal or unknown."""


class CompletionsReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._response_id: str | None = None
        self._items = Items()

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one chunk says."""
        self._response_id = text_of(message, "id") or self._response_id
        usage: object = message.get("usage")
        if is_object(usage):
            self.usage = usage_from(usage, "prompt", "completion")
        error = error_in(message, event)
        if error is not None:
            return [Broke(error_from_object(error), self.reason, self.usage)]
        choice = next((one for one in objects(message.get("choices")) if not one.get("index")), None)
        if choice is None:
            known = "choices" in message or is_object(usage)
            return [] if known else [Passed(event or text_of(message, "object"), message)]
        events = self._items.text(TextPiece, text_of(choice, "text"))
        reason = text_of(choice, "finish_reason")
        if reason and self.reason is None:
            self.reason = reason
            events.append(Finished(reason, reason in GOOD_ENDS))
        return events

    def done(self) -> list[WireEvent]:
        """`[DONE]`."""
        return self.end()

    def end(self) -> list[WireEvent]:
        """The body is over."""
        if self.reason is None:
            error = torn("the stream ended before the model said why it stopped")
            return [Broke(error, self.reason, self.usage)]
        return [Ended(self.usage, response_id=self._response_id)]
