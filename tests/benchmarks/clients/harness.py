"""What every client of a framework does: has it run one conversation for each order, and says when what happened.

An order holds the fields of `Order`. The answer: when the run began and ended and when each tool was entered and left,
by `time.monotonic()`, which the processes of a machine share, and what CPU time this process used meanwhile. It runs in
the environments of the peers, so it knows the standard library only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from tests.benchmarks.clients.serving import serve

PROMPT = "Go."
MODEL = "gpt-5.1"
KEY = "bench"


@dataclass(frozen=True)
class Order:
    """One conversation: where the provider is, and the tools with the seconds each takes."""

    wire: Literal["responses", "chat"]
    base_url: str
    tools: dict[str, float]
    read_only: bool = True


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

    def tools(self, order: Order) -> dict[str, Callable[[str], Awaitable[str]]]:
        """The tools of an order."""
        return {name: self.tool(name, seconds) for name, seconds in order.tools.items()}


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
            return loop.run(_measured(runs[key], stamps))

        serve(answer)


async def _measured(run: Run, stamps: Stamps) -> dict[str, object]:
    stamps.entered.clear()
    stamps.left.clear()
    start_s, cpu_s = time.monotonic(), time.process_time()
    told = await run()
    cpu_s = time.process_time() - cpu_s
    return {"start_s": start_s, "end_s": time.monotonic(), "cpu_s": cpu_s} | asdict(stamps) | asdict(told)
