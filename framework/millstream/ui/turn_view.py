"""One response of the model as a view shows it: what it said, and when it was asked and answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from millstream.ui.segments import Segment

MAX_TEXT_CHARS = 4 * 1024 * 1024
"""Of one turn's text kept for showing: longer than any answer a person reads; the whole is in the records."""


class GrowingText:
    """Text that arrives in pieces and belongs to numbered items; two items are two paragraphs.

    Adding is linear in the text, however it was cut.
    """

    __slots__ = ("_item", "_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: dict[int, list[str]] = {}
        self._item: int | None = None
        self._size = 0

    def add(self, text: str, item: int) -> str:
        """Take up `text` of `item`; returns what was added to the whole, the gap between two items included."""
        gap = "\n\n" if self._pieces and item != self._item else ""
        self._item = item
        added = text[: MAX_TEXT_CHARS - self._size]
        self._size += len(added)
        self._pieces.setdefault(item, []).append(added)
        return gap + added

    def replace(self, text: str, item: int) -> None:
        """The provider corrected itself: `text` is the whole of `item`."""
        self._size -= sum(map(len, self._pieces.get(item, ())))
        self._pieces[item] = []
        self.add(text, item)

    def __str__(self) -> str:
        """All of it."""
        self._pieces = {item: ["".join(pieces)] for item, pieces in self._pieces.items()}
        return "\n\n".join(pieces[0] for pieces in self._pieces.values())

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self._size > 0


@dataclass(slots=True)
class TurnView:
    """One response. Times are seconds of the view's time.

    `text` holds the answer's text, a refusal's and a structured output's alike; `note` says what a provider-run tool is
    doing, in the provider's words.
    """

    turn: int
    started_s: float
    answers: Sequence[str] = ()
    first_s: float | None = None
    """When the first piece of the response arrived."""
    ended_s: float | None = None
    reason: str | None = None
    """The provider's word for how it ended; None while it goes on and where a torn one named none."""
    torn: bool = False
    dropped: bool = False
    """Whether it was asked for again: its text is void and gone."""
    text: GrowingText = field(default_factory=GrowingText)
    reasoning: GrowingText = field(default_factory=GrowingText)
    note: str = ""
    blocked: str = ""
    """Why it did not pass moderation, where that was asked for: its text is void and gone."""

    @property
    def segments(self) -> list[Segment]:
        """Its part of the model's lane: the wait for the first piece, then the response."""
        if self.first_s is None:
            return [Segment("failed" if self.torn else "asking", self.started_s, self.ended_s)]
        arriving = Segment("failed" if self.torn else "writing", self.first_s, self.ended_s)
        return [Segment("asking", self.started_s, self.first_s), arriving]

    def arrived(self, at_s: float) -> None:
        """Something of the response arrived at `at_s`."""
        if self.first_s is None:
            self.first_s = at_s

    def end(self, at_s: float, reason: str | None) -> None:
        """The response ended, well or not, at `at_s`."""
        self.ended_s, self.reason, self.note = at_s, reason, ""

    def block(self, why: str) -> None:
        """The response did not pass moderation: what it said is void."""
        self.blocked = why
        self.text, self.reasoning = GrowingText(), GrowingText()

    def drop(self) -> None:
        """The response is asked for again: what it said is void."""
        self.dropped = True
        self.text, self.reasoning = GrowingText(), GrowingText()
