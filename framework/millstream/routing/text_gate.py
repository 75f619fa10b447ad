"""Holds the text of an answer back until somebody has let it pass. Decisions only: it does not know who, nor waits.

`take` events in order: what need not wait comes back at once. `due` are the texts to be looked at now; once they have
passed, `release` gives what may be shown. Text goes out in the order in which it came, and what belongs to it (its
annotations, the values of a structured output) behind it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from millstream.events import (
    AnnotationAdded,
    Event,
    OutputDelta,
    OutputSettled,
    RefusalDelta,
    TextDelta,
    TextReplaced,
)
from millstream.guards import Piece

_Delta: TypeAlias = TextDelta | RefusalDelta | OutputDelta
_Key: TypeAlias = tuple[type[_Delta], int]

_END: Final = re.compile(r"[.!?…][)\]}\"'»”’]*\s|[。！？]|\n")  # noqa: RUF001  the marks of other scripts too
"""The end of a sentence or line. A full stop needs a blank behind it: 3.14 is one word."""
_LOOK_BACK: Final = 8  # a sentence may end in closing quotes and brackets, in another piece than its full stop


@dataclass(slots=True)
class _Message:
    """The text of one item. Positions count its characters from 0: shown <= allowed <= looked_at <= due <= length."""

    pieces: list[str] = field(default_factory=list[str])
    length: int = 0
    due: int = 0
    looked_at: int = 0
    allowed: int = 0
    shown: int = 0
    tail: str = ""
    """Its last characters."""

    def text(self, end: int) -> str:
        """Its first `end` characters."""
        self.pieces = ["".join(self.pieces)]
        return self.pieces[0][:end]


class TextGate:
    """Holds back the text of one response.

    Args:
        piece: how much new text is looked at at a time.
    """

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._held: deque[Event] = deque()
        self._messages: dict[_Key, _Message] = {}

    def take(self, events: Iterable[Event]) -> list[Event]:
        """Take events; those that need not wait come back."""
        passing: list[Event] = []
        for event in events:
            match event:
                case TextDelta() | RefusalDelta() | OutputDelta():
                    self._grow(self._message(event), event.text)
                    self._held.append(event)
                case TextReplaced():
                    self._replace(event)
                case AnnotationAdded() | OutputSettled() if self._held:
                    self._held.append(event)
                case _:
                    passing.append(event)
        return passing

    def due(self, *, closing: bool) -> list[str]:
        """The texts to be looked at now, each from the beginning of its item; `closing` where all must be."""
        texts: list[str] = []
        for message in self._messages.values():
            if closing:
                message.due = message.length
            message.looked_at = message.due
            if message.due > message.allowed:
                texts.append(message.text(message.due))
        return texts

    def release(self) -> list[Event]:
        """What was due has passed: the events that may be shown now, in order."""
        for message in self._messages.values():
            message.allowed = message.looked_at
        released: list[Event] = []
        while self._held:
            event = self._held.popleft()
            if not self._passed(event, released):
                break
        return released

    def drop(self) -> None:
        """What is held back will never be shown."""
        self._held.clear()

    @property
    def text(self) -> str:
        """The text of the answer that has passed; where the model has only refused, that."""
        shown = {key: message.text(message.length)[: message.shown] for key, message in self._messages.items()}
        answer = "".join(text for (kind, _), text in shown.items() if kind is not RefusalDelta)
        return answer or "".join(shown.values())

    def _passed(self, event: Event, released: list[Event]) -> bool:
        """Release as much of an event as may be; whether that is all of it. The rest is put back."""
        if isinstance(event, TextReplaced):
            message = self._messages[TextDelta, event.item]
            if message.allowed < len(event.text):
                self._held.appendleft(event)
                return False
            message.shown = len(event.text)
        elif isinstance(event, TextDelta | RefusalDelta | OutputDelta):
            message = self._message(event)
            room = message.allowed - message.shown
            if room < len(event.text):
                self._held.appendleft(replace(event, text=event.text[room:]))
                if room:
                    message.shown += room
                    released.append(replace(event, text=event.text[:room]))
                return False
            message.shown += len(event.text)
        released.append(event)
        return True

    def _message(self, event: _Delta) -> _Message:
        return self._messages.setdefault((type(event), event.item), _Message())

    def _grow(self, message: _Message, text: str) -> None:
        before = message.length
        message.pieces.append(text)
        message.length += len(text)
        if isinstance(self._piece, int):
            if message.length - message.allowed >= self._piece:
                message.due = message.length
        elif self._piece == "sentence":
            seen = message.tail + text
            ends = [found.end() for found in _END.finditer(seen)]
            if ends:
                message.due = max(message.due, before - len(message.tail) + ends[-1])
            message.tail = seen[-_LOOK_BACK:]

    def _replace(self, event: TextReplaced) -> None:
        """The provider's own final text: what was held of the item is void, and all of this is looked at."""
        of_item = (TextDelta, TextReplaced)
        self._held = deque(one for one in self._held if not (isinstance(one, of_item) and one.item == event.item))
        self._messages[TextDelta, event.item] = _Message([event.text], len(event.text), len(event.text))
        self._held.append(event)
