"""What is to be done a little later on the event loop, for code that runs in no task and so can not wait itself.

One task looks after all of them (`runtime.log.Writer`); this only keeps them in order of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Reminders:
    """Functions, each with the time from which on it is to be called."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()

    def add(self, at_s: float, function: Callable[[], object]) -> None:
        """Have `function` called once it is `at_s`, by the clock of the event loop."""
        heappush(self._waiting, (at_s, next(self._numbers), function))

    @property
    def next_s(self) -> float:
        """When the next one is due; never, where there is none."""
        return self._waiting[0][0] if self._waiting else math.inf

    def call_due(self, now_s: float) -> None:
        """Call those that are due; what they add is for later."""
        due: list[Callable[[], object]] = []
        while self.next_s <= now_s:
            due.append(heappop(self._waiting)[2])
        for function in due:
            function()
