"""What time it is in a run: between two of its records, the viewer's own clock goes on. Knows nothing about drawing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable


class Clock:
    """The time of day as a run sees it: seconds of its own log, going on between two records.

    Args:
        now: a monotonic clock, in seconds.
        sleep: waits for so many seconds.
    """

    def __init__(self, now: Callable[[], float], sleep: Callable[[float], Awaitable[object]]) -> None:
        self.sleep = sleep
        self._now = now
        self._ahead_s = float("-inf")

    def saw(self, at_s: float) -> None:
        """A record of the time `at_s` arrived; the one that took the least time to arrive sets the clock."""
        self._ahead_s = max(self._ahead_s, at_s - self._now())

    @property
    def now_s(self) -> float:
        """What time it is in the log, 0 before the first record."""
        return max(self._now() + self._ahead_s, 0.0)
