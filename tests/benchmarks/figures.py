"""Several measurements of one thing, and what the stamps of a run mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

MS = 1000.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of several measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of one measurement or more."""
        return cls(median(values), min(values), max(values))

    def text(self, digits: int = 1) -> str:
        """The median, with the range behind it where there is one."""
        shown = f"{self.median:.{digits}f}"
        low, high = f"{self.low:.{digits}f}", f"{self.high:.{digits}f}"
        return shown if low == high else f"{shown} ({low}-{high})"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the provider saw it: when it came, and when which bytes were handed to the network."""

    at_s: float
    marks: Mapping[str, float]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Asked:
        """A row of the provider's `GET /requests`; of marks with one label the first counts."""
        return cls(record["at_s"], {label: at_s for at_s, label in reversed(record["marks"])})

    def complete_s(self, tool: str) -> float:
        """When the last argument text of a call was handed to the network."""
        return self.marks[f"args-complete:{tool}"]

    @property
    def end_s(self) -> float:
        """When the response was over."""
        return self.marks["response-end"]


@dataclass(frozen=True, slots=True)
class Timed:
    """One conversation of two requests: the client's stamps beside the provider's."""

    first: Asked
    second: Asked
    start_s: float
    end_s: float
    entered: Mapping[str, float]
    left: Mapping[str, float]
    tool_s: Mapping[str, float]

    def wait_ms(self, tool: str) -> float:
        """From the last argument byte on the wire to the first line of the tool."""
        return (self.entered[tool] - self.first.complete_s(tool)) * MS

    def starts_s(self, tool: str) -> float:
        """When a tool was entered, counted from the first request."""
        return self.entered[tool] - self.first.at_s

    @property
    def second_s(self) -> float:
        """When the second request came, counted from the first."""
        return self.second.at_s - self.first.at_s

    @property
    def turn_over_ms(self) -> float:
        """From what the second request had to wait for (the last result, the end of the response) to its arrival."""
        return (self.second.at_s - max(self.first.end_s, *self.left.values())) * MS

    @property
    def wall_s(self) -> float:
        """The whole conversation as the client saw it."""
        return self.end_s - self.start_s

    @property
    def ideal_s(self) -> float:
        """What it would take if every tool were entered with its last argument byte and no time were lost between."""
        tools_over_s = max(self.first.complete_s(tool) + seconds for tool, seconds in self.tool_s.items())
        first_turn_s = max(tools_over_s, self.first.end_s) - self.first.at_s
        second_turn_s = self.second.end_s - self.second.at_s
        return first_turn_s + second_turn_s

    @property
    def over_ideal_ms(self) -> float:
        """The time lost."""
        return (self.wall_s - self.ideal_s) * MS


def ratio(value: float, base: float) -> str:
    """How many times `base` a value is."""
    if not base:
        return "-"
    times = value / base
    return f"{times:.2f}x" if times < 10 else f"{times:,.0f}x"
