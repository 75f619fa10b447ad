"""Stretches of time on a lane of the timeline: what the model or a call was doing, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

SegmentKind: TypeAlias = Literal[
    "asking", "writing", "args", "waiting", "running", "done", "failed", "stopped", "backoff"
]
"""On the model's lane: the request is out, nothing came yet; the response arrives.

On the lane of a call: its arguments arrive; it waits (its turn, a person, the end of the response); an attempt runs; an
attempt that returned, that failed, or that was cancelled or lost; the pause before the next attempt.
"""


@dataclass(slots=True)
class Segment:
    """One stretch of a lane, in seconds of the view's time; `end_s` is None while it lasts."""

    kind: SegmentKind
    start_s: float
    end_s: float | None = None

    def end(self, at_s: float, kind: SegmentKind | None = None) -> None:
        """It ended at `at_s`, and turned out to be of `kind`; a segment that ended before stays as it is."""
        if self.end_s is None:
            self.end_s = at_s
            self.kind = kind or self.kind
