"""The lanes of one WebSocket: which of them a response may take. Pure.

Responses on one lane follow one another, those on different lanes run side by side. The lane without a name is enough
for one run after the other, and servers that know no lanes have that one only. A lane whose last response waits for
the results of its calls is left to its own run as long as there is another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_ACTIVE: Final = 16
"""Responses that a provider works on at once on one connection; it would queue more."""
MAX_NAMES: Final = 32
"""Names that a connection may have seen in its life, the lane without one left out."""
UNNAMED: Final = ""


@dataclass(slots=True)
class _Lane:
    busy: bool = False
    awaited: bool = False
    used: int = 0


class Lanes:
    """`take` a lane for each response, `release` it once that is over."""

    def __init__(self) -> None:
        self.named = True
        """Whether lanes with names may be taken; set it to False for a server that refuses them."""
        self._lanes = {UNNAMED: _Lane()}
        self._count = 0

    @property
    def active(self) -> int:
        """How many lanes have a response."""
        return sum(lane.busy for lane in self._lanes.values())

    def take(self, wanted: str | None = None) -> str | None:
        """A lane for a response, `wanted` if that is free; None where the connection has no place for another."""
        name = self._choice(wanted)
        if name is None:
            return None
        self._count += 1
        self._lanes.setdefault(name, _Lane())
        lane = self._lanes[name]
        lane.busy, lane.awaited, lane.used = True, False, self._count
        return name

    def release(self, name: str, *, awaited: bool = False) -> None:
        """The response of a lane is over; `awaited` where it called tools, so that its run will go on."""
        self._lanes[name].busy = False
        self._lanes[name].awaited = awaited

    def _choice(self, wanted: str | None) -> str | None:
        if self.active >= MAX_ACTIVE or (not self.named and self.active):
            return None
        free = {name: lane for name, lane in self._lanes.items() if not lane.busy and (self.named or name == UNNAMED)}
        if wanted is not None and wanted in free:
            return wanted
        rested = next((name for name, lane in free.items() if not lane.awaited), None)
        if rested is not None:
            return rested
        if self.named and len(self._lanes) <= MAX_NAMES:  # one of them has no name
            return f"lane-{len(self._lanes)}"
        return min(free, key=lambda name: free[name].used, default=None)
