"""What every format's decoder has in common: bytes of a body -> JSON messages -> wire events.

A format supplies a `Reader` of its messages; `StreamDecoder` feeds it from server-sent events, notices bodies that are
not a stream at all (an HTML page, one JSON document), and turns what breaks into a `Broke` at its place. It never
raises: a broken stream is an event, and after it nothing more is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from millstream.errors import WireError
from millstream.events.values import Usage, is_object
from millstream.wire.refusal import error_from_body
from millstream.wire.sse import Message, SseParser
from millstream.wire_events import Broke, Ended, WireEvent

_MAX_HEAD: Final = 64 * 1024  # enough of a body that is not a stream to say what it is
_FINAL: Final = (Ended, Broke)


class Reader(Protocol):
    """The decoder of one response in one provider's format, over messages that are already JSON."""

    @property
    def reason(self) -> str | None:
        """Why the model stopped, as far as is known."""
        ...

    @property
    def usage(self) -> Usage | None:
        """The token counts so far."""
        ...

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one message says. `event` is the transport's own name for it, "" where it has none."""
        ...

    def done(self) -> list[WireEvent]:
        """The transport said that nothing more comes ("[DONE]")."""
        ...

    def end(self) -> list[WireEvent]:
        """The body is over."""
        ...


class StreamDecoder:
    """Decodes one response: `feed` it bytes, or `accept` messages that are already JSON; at the end call `end`.

    `over` becomes True with the `Ended` or the `Broke` that ends the response; what comes later is ignored.
    """

    def __init__(self, reader: Reader, *, max_message_bytes: int) -> None:
        self.over = False
        self.bytes_seen = 0
        self._reader = reader
        self._sse = SseParser(max_message_bytes)
        self._head = bytearray()
        self._streaming = False  # whether a message has come

    def feed(self, chunk: bytes) -> list[WireEvent]:
        """The events that `chunk` completes."""
        if self.over:
            return []
        self.bytes_seen += len(chunk)
        if not self._streaming:
            self._head += chunk[: _MAX_HEAD - len(self._head)]
        try:
            messages = self._sse.feed(chunk)
        except WireError as error:
            return self._broke(error)
        events: list[WireEvent] = []
        for message in messages:
            events += self._take(message)
            if _is_final(events):
                break
        return events

    def accept(self, message: Mapping[str, Any]) -> list[WireEvent]:
        """The events of one message that is already JSON."""
        if self.over:
            return []
        self._streaming = True
        return self._noted(self._reader.accept(message))

    def end(self) -> list[WireEvent]:
        """The body is over: the events of what was still held, and the end of the response, good or bad."""
        if self.over:
            return []
        events: list[WireEvent] = []
        try:
            last = self._sse.end()
        except WireError as error:
            return self._broke(error)
        if last is not None and (last.data.startswith("[DONE]") or _is_json(last.data)):
            events += self._take(last)
        if _is_final(events):
            return events
        if not self._streaming and self._head.strip():
            return self._broke(error_from_body(bytes(self._head)))
        return events + self._noted(self._reader.end())

    def _take(self, message: Message) -> list[WireEvent]:
        self._streaming = True
        self._head.clear()
        if message.data.startswith("[DONE]"):
            return self._noted(self._reader.done())
        try:
            data: object = json.loads(message.data)
        except (ValueError, RecursionError) as error:
            broken = WireError("the provider sent an event that is not JSON", kind="protocol", retryable=True)
            broken.__cause__ = error
            return self._broke(broken)
        if not is_object(data):
            return self._broke(WireError("the provider sent an event that is no JSON object", kind="protocol"))
        return self._noted(self._reader.accept(data, message.event))

    def _broke(self, error: WireError) -> list[WireEvent]:
        self.over = True
        error.bytes_seen = self.bytes_seen
        return [Broke(error, self._reader.reason, self._reader.usage)]

    def _noted(self, events: list[WireEvent]) -> list[WireEvent]:
        self.over = _is_final(events)
        if events and isinstance(events[-1], Broke):
            events[-1].error.bytes_seen = self.bytes_seen
        return events


def _is_final(events: list[WireEvent]) -> bool:
    return bool(events) and isinstance(events[-1], _FINAL)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
