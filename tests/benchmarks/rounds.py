"""Rounds of timed conversations: every framework on every wire against one provider, with the provider's own stamps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.figures import Asked, Timed
from tests.benchmarks.frameworks import Framework, Lane, interleaved, lanes
from tests.benchmarks.processes import Provider, provider
from tests.benchmarks.report import Bench

REQUESTS = 2


@dataclass(slots=True)
class Course:
    """What one lane did with one scenario: the first run of its process, and those after it."""

    lane: Lane
    cold: Timed | None = None
    warm: list[Timed] = field(default_factory=list[Timed])

    @property
    def why_empty(self) -> str:
        """Why there is nothing to show, "" where there is."""
        return "" if self.warm else self.lane.failed or "no run"


def run_rounds(
    bench: Bench,
    name: str,
    scenario: Mapping[str, Any],
    tools: Sequence[Mapping[str, float]],
    frameworks: Sequence[Framework],
    rounds: int,
) -> list[list[Course]]:
    """Every framework `rounds` times warm with each set of tools, after one cold run of the first set.

    Returns the courses of each set of tools, in the order of the frameworks and their wires.
    """
    with provider(bench.folder, name, scenario) as server, lanes(bench.folder, bench.peers, frameworks) as made:
        courses = [[Course(lane) for lane in made] for _ in tools]
        bench.say(f"{name}: first runs")
        for course in courses[0]:
            course.cold = _timed(server, course.lane, tools[0])
        for number, lane in interleaved(made, rounds):
            if lane is made[0]:
                bench.say(f"{name}: round {number + 1} of {rounds}")
            for which, tool_s in enumerate(tools):
                timed = _timed(server, lane, tool_s)
                if timed is not None:
                    courses[which][made.index(lane)].warm.append(timed)
    return courses


def _timed(server: Provider, lane: Lane, tool_s: Mapping[str, float]) -> Timed | None:
    answer = lane.ask({"base_url": server.base_url, "tools": dict(tool_s)})
    if answer is None:
        return None
    requests = server.requests()[-REQUESTS:]
    if len(requests) < REQUESTS or requests[0]["at_s"] < answer["start_s"] or set(answer["left"]) != set(tool_s):
        lane.failed = f"it did not do what it was asked: it ran {sorted(answer['left'])} and said {answer['text']!r}"
        return None
    first, second = (Asked.of(request) for request in requests)
    return Timed(first, second, answer["start_s"], answer["end_s"], answer["entered"], answer["left"], tool_s)
