"""A reader around another: calls that the model wrote as text come out as calls, in their place among the items.

Calls of the provider's own pass, and so does everything else, under new item numbers. Once the model has stopped, text
is text: no call begins behind its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from millstream.events.values import Usage
from millstream.wire.reading import Reader
from millstream.wire.text_calls.cursor import Args, Began, Closed, Found, Prose
from millstream.wire.text_calls.splitter import Splitter
from millstream.wire.text_calls.styles import STYLES, TextCallStyle
from millstream.wire_events import (
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    TextPiece,
    TextWhole,
    WireEvent,
)

_NO_ITEM: Final = (Finished, Ended, Broke, Passed)
_ENDS_TEXT: Final = (ItemOpened, CallBegan, Finished, Ended, Broke)


class TextCallReader:
    """Reads calls out of the text of `inner`. See `wire.reading.Reader` for how it is driven.

    Args:
        inner: the reader of the response.
        style: how the model writes its calls.
        tool_names: what is no call of one of these stays text, unchanged.
    """

    def __init__(self, inner: Reader, style: TextCallStyle, tool_names: frozenset[str]) -> None:
        self._inner = inner
        self._style = STYLES[style]
        self._names = tool_names
        self._count = 0
        self._numbers: dict[int, int] = {}  # items of the inner reader -> ours, of a text the part that grows
        self._split: set[int] = set()  # texts of which calls were taken out
        self._text: tuple[int, Splitter] | None = None  # the text that is being written
        self._call = -1  # the call that began last
        self._behind_call = False  # whether text that comes now begins an item of its own
        self._finished = False

    @property
    def reason(self) -> str | None:
        """Why the model stopped, as far as is known."""
        return self._inner.reason

    @property
    def usage(self) -> Usage | None:
        """The token counts so far."""
        return self._inner.usage

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one message says."""
        return self._read(self._inner.accept(message, event))

    def done(self) -> list[WireEvent]:
        """The transport said that nothing more comes."""
        return self._read(self._inner.done())

    def end(self) -> list[WireEvent]:
        """The body is over."""
        return self._read(self._inner.end())

    def _read(self, events: list[WireEvent]) -> list[WireEvent]:
        return [ours for event in events for ours in self._one(event)]

    def _one(self, event: WireEvent) -> list[WireEvent]:
        if isinstance(event, TextPiece) and not self._finished:
            return self._piece(event)
        rest = self._end_text() if isinstance(event, _ENDS_TEXT) else []
        self._finished = self._finished or isinstance(event, Finished)
        if isinstance(event, _NO_ITEM):
            return [*rest, event]
        if event.item in self._split and isinstance(event, Echo | TextWhole):
            return [*rest, Passed(f"text_calls.{type(event).__name__}", {"item": event.item})]  # it holds the calls too
        return [*rest, replace(event, item=self._number(event.item))]

    def _piece(self, piece: TextPiece) -> list[WireEvent]:
        before: list[WireEvent] = []
        if self._text is None or self._text[0] != piece.item:
            before = self._end_text()
            self._text = (piece.item, Splitter(self._style, self._names))
        return [*before, *self._told(piece.item, self._text[1].feed(piece.text))]

    def _end_text(self) -> list[WireEvent]:
        if self._text is None:
            return []
        item, splitter = self._text
        self._text = None
        events = self._told(item, splitter.end())
        self._behind_call = False
        return events

    def _told(self, item: int, found: list[Found]) -> list[WireEvent]:
        events: list[WireEvent] = []
        for one in found:
            match one:
                case Prose(text=text):
                    if self._behind_call:
                        self._behind_call = False
                        self._numbers[item] = self._next()
                        events.append(ItemOpened(self._numbers[item]))
                    events.append(TextPiece(self._number(item), text))
                case Began(name=name):
                    self._number(item)  # the text has its place before its calls
                    self._split.add(item)
                    self._behind_call = True
                    self._call = self._next()
                    events.append(CallBegan(self._call, name))
                case Args(text=text):
                    events.append(ArgsPiece(self._call, text))
                case Closed(complete=complete):
                    events.append(CallClosed(self._call, complete))
        return events

    def _number(self, item: int) -> int:
        """Our number of an item of the inner reader."""
        if item not in self._numbers:
            self._numbers[item] = self._next()
        return self._numbers[item]

    def _next(self) -> int:
        self._count += 1
        return self._count - 1
