"""OpenAI Responses: the `sequence_number` of events, by which one that was sent twice is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Numbers:
    """Knows the events of one response that repeat the one before them.

    It takes the same number *and* the same content, on a server that does count: some number every event alike, and two
    equal pieces of text in a row are nothing special.
    """

    def __init__(self) -> None:
        self.last: int | None = None
        """The number of the last event, None before there is one."""
        self._resumed_after: int | None = None
        self._counting = False
        self._previous: Mapping[str, Any] = {}

    def is_repeated(self, message: Mapping[str, Any]) -> bool:
        """Whether this event is the one before it again."""
        number: object = message.get("sequence_number")
        if not isinstance(number, int):
            return False
        if self._resumed_after is not None and number <= self._resumed_after:
            return True
        repeated = self._counting and number == self.last and message == self._previous
        self._counting = self._counting or (self.last is not None and number > self.last)
        self.last, self._previous = number, message
        return repeated

    def resume(self) -> None:
        """A second connection begins behind the last event, or before it: those up to it are repetitions."""
        self._resumed_after = self.last
