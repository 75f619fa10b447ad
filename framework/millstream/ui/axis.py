"""The time axis of a picture of a run: how far it reaches and where its marks are. Knows neither pixels nor cells."""

from __future__ import annotations

import math

_MINUTE_S = 60
_STEPS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480)


def step_s(span_s: float, most: int) -> float:
    """The distance in seconds between the marks of an axis of `span_s`, round, so that there are at most `most`."""
    for step in (*_STEPS_S, *(minutes * _MINUTE_S for minutes in _STEPS_MIN)):
        if span_s / step <= most:
            return step
    return math.ceil(span_s / most / 3600) * 3600


def marks(span_s: float, most: int) -> list[tuple[float, str]]:
    """The marks from 0 to `span_s` at most: (time in seconds, label); the last label names the unit."""
    step = step_s(span_s, most)
    unit, name = (_MINUTE_S, "min") if step >= _MINUTE_S else (1, "s")
    count = math.floor(span_s / step + 1e-9)
    times = [number * step for number in range(count + 1)]
    return [(time, f"{time / unit:g}{' ' + name if number == count else ''}") for number, time in enumerate(times)]


def horizon_s(now_s: float, least_s: float = 1.0) -> float:
    """Where a growing axis ends: a round time from `now_s` on, so that the picture moves rarely instead of always."""
    step = step_s(max(now_s, least_s), 5)
    return max(math.ceil(now_s / step - 1e-9) * step, least_s)
