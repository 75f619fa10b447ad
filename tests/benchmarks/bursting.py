"""Part "burst": what one delta costs the client's process, everything included, when the provider does not wait."""

from __future__ import annotations

from collections import defaultdict

from tests.benchmarks.conversations import BURST_TOOLS, burst
from tests.benchmarks.figures import Spread, ratio
from tests.benchmarks.frameworks import (
    LANGCHAIN,
    MILLSTREAM,
    OPENAI_AGENTS,
    OPENAI_LOOP,
    PYDANTIC_AI,
    Lane,
    interleaved,
    lanes,
)
from tests.benchmarks.processes import provider
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.tables import Table

ROUNDS = 3
DELTAS = 5_000
FRAMEWORKS = (MILLSTREAM, OPENAI_LOOP, OPENAI_AGENTS, PYDANTIC_AI, LANGCHAIN)


def measure(bench: Bench) -> Report:
    """Run the conversation with each framework on each wire; the first run of a process does not count."""
    cpu_us: defaultdict[int, list[float]] = defaultdict(list)
    events: dict[int, int] = {}
    with provider(bench.folder, "burst", burst(DELTAS)) as server, lanes(bench.folder, bench.peers, FRAMEWORKS) as made:
        for number, lane in interleaved(made, 1 + ROUNDS):
            if lane is made[0]:
                bench.say(f"burst: round {number} of {ROUNDS}")
            answer = lane.ask({"base_url": server.base_url, "tools": BURST_TOOLS})
            if number and answer is not None:
                cpu_us[made.index(lane)].append(answer["cpu_s"] / (2 * DELTAS) * 1e6)
                events[made.index(lane)] = answer["events"]
    return _report(made, {index: Spread.of(values) for index, values in cpu_us.items()}, events)


def _report(made: list[Lane], spreads: dict[int, Spread], events: dict[int, int]) -> Report:
    table = Table(
        f"A burst of {DELTAS:,} text deltas and {DELTAS:,} argument deltas",
        ("framework", "wire", "CPU a delta, us", "beside the SDK in a loop", "events its consumer saw"),
        notes=(
            f"CPU time of the client's process, medians of {ROUNDS} warm runs (range).",
            "millstream joins deltas of one text while its consumer is busy, which is why it hands out fewer events.",
        ),
    )
    floor = {
        made[index].wire: spread.median for index, spread in spreads.items() if made[index].framework is OPENAI_LOOP
    }
    figures: dict[str, dict[str, float]] = {}
    for index, lane in enumerate(made):
        name, wire = lane.framework.name, lane.wire
        if index not in spreads:
            table.miss(f"{name}, {wire}", lane.failed)
            continue
        spread = spreads[index]
        beside = ratio(spread.median, floor[wire]) if wire in floor else ""
        table.add(name, wire, spread.text(), beside, f"{events[index]:,}")
        figures[f"{name} / {wire}"] = {"cpu_us": spread.median, "events": events[index]}
    return Report([table], figures)
