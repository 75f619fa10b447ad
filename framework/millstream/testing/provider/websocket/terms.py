"""On which terms the provider serves WebSockets: the limits of the real one, and its clock, for tests to change."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebSocketTerms:
    """The limits of one WebSocket.

    Args:
        max_age_s: a connection of this age takes no new response, in seconds.
        max_active: responses at work at once; further ones wait.
        max_names: names of lanes in the life of a connection, the lane without one left out.
        with_lanes: False refuses every `stream_id`, as older servers do.
        steering: whether its model takes what is said into a response.
        clock: tells the age of connections, in seconds.
    """

    max_age_s: float = 3600.0
    max_active: int = 16
    max_names: int = 32
    with_lanes: bool = True
    steering: bool = True
    clock: Callable[[], float] = time.monotonic
