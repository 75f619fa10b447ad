"""What every format's decoder has in common: bytes of a body -> JSON messages -> wire events.

A format supplies a `Reader` of its messages and the `Framing` they come in; `StreamDecoder` feeds one from the other,
notices bodies that are not a stream at all (an HTML page, one JSON document), and turns what breaks into a `Broke`. It
never raises: a broken stream is an event, and after it nothing more is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from millstream.errors import WireError
from millstream.events.values import Usage, is_array, is_object
from millstream.wire.framing import Framing, Message
from millstream.wire.json_message import message_parser
from millstream.wire.refusal import empty_body, error_from_body, error_from_object
from millstream.wire.resuming import Cursor, ResumableReader
from millstream.wire_events import Broke, Ended, WireEvent

_MAX_HEAD: Final = 64 * 1024  # enough of a body that is not a stream to say what it is
_MAX_DEPTH: Final = 200
"""Nesting of a message: above what any provider sends, below what could exhaust the stack of whoever reads it later."""


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

    def __init__(self, reader: Reader, framing: Framing) -> None:
        self.over = False
        self.bytes_seen = 0
        self._reader = reader
        self._framing = framing
        self._parse = message_parser()
        self._head = bytearray()
        self._streaming = False  # whether a message has come

    def feed(self, chunk: bytes) -> list[WireEvent]:
        """The events that `chunk` completes."""
        if self.over:
            return []
        self.bytes_seen += len(chunk)
        if not self._streaming:
            self._head += chunk[: _MAX_HEAD - len(self._head)]
        messages = self._framing.feed(chunk)
        if len(messages) == 1:  # as nearly every chunk of a model that is writing
            return self._take(messages[0])
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
        return self._broke(_too_deep()) if _is_deep(message) else self._noted(self._reader.accept(message))

    @property
    def cursor(self) -> Cursor | None:
        """Where the response can be read on over another connection; None where it can not be, or is over."""
        return self._reader.cursor if not self.over and isinstance(self._reader, ResumableReader) else None

    def resume(self, framing: Framing) -> None:
        """What comes now is the body of another connection, cut by `framing`, with the rest of the same response."""
        assert isinstance(self._reader, ResumableReader), "it has a cursor"
        self._framing = framing
        self._reader.resume()

    def last(self) -> list[WireEvent]:
        """The body is over: the events of what was still held."""
        last = None if self.over else self._framing.end()
        if isinstance(last, WireError) or (last is not None and _is_whole(last.data)):
            return self._take(last)
        return []

    def end(self) -> list[WireEvent]:
        """The body is over: the events of what was still held, and the end of the response, good or bad."""
        if self.over:
            return []
        events = self.last()
        if _is_final(events):
            return events
        if self.bytes_seen == 0 and not self._streaming:
            return self._broke(empty_body())
        if not self._streaming and not self._framing.is_stream(bytes(self._head)):
            return self._broke(error_from_body(bytes(self._head)))
        return events + self._noted(self._reader.end())

    def cut(self) -> list[WireEvent]:
        """The body is given up although the model has finished: the end of the response without its trailer."""
        if self.over:
            return []
        events = self._noted(self._reader.done())
        return events if self.over else self.end()

    def _take(self, message: Message | WireError) -> list[WireEvent]:
        if isinstance(message, WireError):
            return self._broke(message)
        if not self._streaming:
            self._streaming = True
            self._head.clear()
        try:
            data = self._parse(message.data)
        except (ValueError, RecursionError) as error:
            return self._take_other(message, error)
        if not is_object(data):
            return self._broke(WireError("the provider sent an event that is no JSON object", kind="protocol"))
        if len(message.data) > 2 * _MAX_DEPTH and _may_be_deep(message.data) and _is_deep(data):
            return self._broke(_too_deep())
        return self._noted(self._reader.accept(data, message.event))

    def _take_other(self, message: Message, error: Exception) -> list[WireEvent]:
        """What is no JSON: a marker, a frame without content, or the end of what can be read."""
        if not message.data.strip():  # as some proxies send to keep a connection alive
            return []
        if message.data.startswith("[DONE]"):
            return self._noted(self._reader.done())
        if message.event == "error":
            return self._broke(error_from_object(message.data))
        broken = WireError("the provider sent an event that is not JSON", kind="protocol", retryable=True)
        broken.__cause__ = error
        return self._broke(broken)

    def _broke(self, error: WireError) -> list[WireEvent]:
        self.over = True
        error.bytes_seen = self.bytes_seen
        return [Broke(error, self._reader.reason, self._reader.usage)]

    def _noted(self, events: list[WireEvent]) -> list[WireEvent]:
        if events:
            last = events[-1]
            if isinstance(last, Broke):
                last.error.bytes_seen = self.bytes_seen
                self.over = True
            elif isinstance(last, Ended):
                self.over = True
        return events


def _is_final(events: list[WireEvent]) -> bool:
    return bool(events) and isinstance(events[-1], Ended | Broke)


def _too_deep() -> WireError:
    return WireError(f"the provider sent an event nested deeper than {_MAX_DEPTH}", kind="protocol")


def _may_be_deep(text: str) -> bool:
    return text.count("{") + text.count("[") > _MAX_DEPTH


def _is_deep(message: Mapping[str, Any]) -> bool:
    """Whether containers are nested deeper than `_MAX_DEPTH`, without recursion."""
    level: list[object] = [message]
    for _ in range(_MAX_DEPTH):
        inner: list[object] = []
        for value in level:
            if is_object(value):
                inner += value.values()
            elif is_array(value):
                inner += value
        level = [value for value in inner if is_object(value) or is_array(value)]
        if not level:
            return False
    return True


def _is_whole(text: str) -> bool:
    """Whether the data of a last message without its blank line is all of it."""
    if text.startswith("[DONE]"):
        return True
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
