"""What every client of a framework does: has it run one conversation for each order, and says when what happened.

An order holds the fields of `Order`. The answer: when the run began and ended and when each tool was entered and left,
by `time.monotonic()`, which the processes of a machine share, and what CPU time this process used meanwhile. It runs in
the environments of the peers, so it knows the standard library only.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from tests.benchmarks.clients.serving import serve

PROMPT = "Go."
MODEL = "gpt-5.1"
KEY = "bench"
BEAT_S = 0.005


@dataclass(frozen=True)
class Order:
    """One conversation, `many` times at once: where the provider is, and the tools with the seconds each takes.

    Tools that are `blocking` are plain functions that sleep.
    """

    wire: Literal["responses", "chat"]
    base_url: str
    tools: dict[str, float]
    read_only: bool = True
    many: int = 1
    blocking: bool = False


@dataclass
class Stamps:
    """When each tool was entered and left in the current run."""

    entered: dict[str, float] = field(default_factory=dict[str, float])
    left: dict[str, float] = field(default_factory=dict[str, float])

    def tool(self, name: str, seconds: float) -> Callable[[str], Awaitable[str]]:
        """A tool that takes a text, waits and says so."""

        async def tool(text: str) -> str:
            """Work on a text."""
            self.entered[name] = time.monotonic()
            await asyncio.sleep(seconds)
            self.left[name] = time.monotonic()
            return f"{name} has worked on {len(text)} characters"

        tool.__name__ = name
        return tool

    def blocking_tool(self, name: str, seconds: float) -> Callable[[str], str]:
        """A plain function that takes a text, sleeps and says so."""

        def tool(text: str) -> str:
            """Work on a text."""
            self.entered[name] = time.monotonic()
            time.sleep(seconds)
            self.left[name] = time.monotonic()
            return f"{name} has worked on {len(text)} characters"

        tool.__name__ = name
        return tool

    def tools(self, order: Order) -> dict[str, Callable[[str], Any]]:
        """The tools of an order."""
        make = self.blocking_tool if order.blocking else self.tool
        return {name: make(name, seconds) for name, seconds in order.tools.items()}


@dataclass(frozen=True)
class Told:
    """What the consumer of a run saw: how many events, and the final text."""

    events: int
    text: str


Run: TypeAlias = Callable[[], Awaitable[Told]]
Build: TypeAlias = Callable[[Order, Stamps], Run]
"""An order -> one run of it, to be called again and again; what is made once (agent, client) is made here."""


def main(build: Build) -> None:
    """Serve orders until standard input ends."""
    stamps = Stamps()
    runs: dict[str, Run] = {}
    with asyncio.Runner() as loop:

        def answer(given: Any) -> dict[str, object]:
            key = str(given)
            if key not in runs:
                runs[key] = build(Order(**given), stamps)
            return loop.run(_measured(runs[key], stamps, given.get("many", 1)))

        serve(answer)


async def _measured(run: Run, stamps: Stamps, many: int) -> dict[str, object]:
    stamps.entered.clear()
    stamps.left.clear()
    if many > 1:
        return await _crowd(run, many)
    late = Lateness()
    beat = asyncio.create_task(late.watch())
    start_s, cpu_s = time.monotonic(), time.process_time()
    told = await run()
    cpu_s, end_s = time.process_time() - cpu_s, time.monotonic()
    beat.cancel()
    times = {"start_s": start_s, "end_s": end_s, "cpu_s": cpu_s, "greatest_gap_s": late.greatest_s}
    return times | asdict(stamps) | asdict(told)


class Lateness:
    """How late the event loop was at worst for something that wanted to run each 5 ms."""

    def __init__(self) -> None:
        self.greatest_s = 0.0

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            wanted_s = time.monotonic() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self.greatest_s = max(self.greatest_s, time.monotonic() - wanted_s)


async def _crowd(run: Run, many: int) -> dict[str, object]:
    """So many runs at once: how long each took, what failed, and what the process grew to."""

    async def one() -> float:
        began_s = time.monotonic()
        if not (await run()).text:
            raise ValueError("it said nothing")
        return time.monotonic() - began_s

    start_s, cpu_s = time.monotonic(), time.process_time()
    outcomes = await asyncio.gather(*(one() for _ in range(many)), return_exceptions=True)
    cpu_s = time.process_time() - cpu_s
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "wall_s": time.monotonic() - start_s,
        "cpu_s": cpu_s,
        "runs_s": [outcome for outcome in outcomes if isinstance(outcome, float)],
        "errors": [type(outcome).__name__ for outcome in outcomes if not isinstance(outcome, float)],
        "peak_mb": peak_kb / (1024 * 1024 if sys.platform == "darwin" else 1024),
    }
