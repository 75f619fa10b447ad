"""Part "sync": eight plain functions that block. Do they work side by side, and is the event loop held meanwhile?"""

from __future__ import annotations

from tests.benchmarks.conversations import JOBS, TIMED_TOOLS, parallel
from tests.benchmarks.figures import Spread
from tests.benchmarks.frameworks import LANGCHAIN, MILLSTREAM, OPENAI_AGENTS, PYDANTIC_AI, interleaved, lanes
from tests.benchmarks.processes import provider
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.tables import Table

ROUNDS = 3
FRAMEWORKS = (MILLSTREAM, OPENAI_AGENTS, PYDANTIC_AI, LANGCHAIN)


def measure(bench: Bench) -> Report:
    """The eight calls of the part "parallel", with tools that block for 0.3 s; the first run does not count."""
    answers: dict[int, list[dict[str, float]]] = {}
    with provider(bench.folder, "sync", parallel()) as server, lanes(bench.folder, bench.peers, FRAMEWORKS) as made:
        for number, lane in interleaved(made, 1 + ROUNDS):
            if lane is made[0]:
                bench.say(f"sync: round {number} of {ROUNDS}")
            answer = lane.ask({"base_url": server.base_url, "tools": TIMED_TOOLS, "blocking": True})
            if number and answer is not None and set(answer["left"]) == set(JOBS):
                answers.setdefault(made.index(lane), []).append(
                    {
                        "wall_s": answer["end_s"] - answer["start_s"],
                        "spread_ms": (max(answer["entered"].values()) - min(answer["entered"].values())) * 1000,
                        "gap_ms": answer["greatest_gap_s"] * 1000,
                    }
                )
    table = Table(
        "Eight calls of plain functions that block for 0.3 s",
        ("framework", "wire", "wall, s", "first to last entered, ms", "event loop late at worst, ms"),
        notes=(
            f"Medians of {ROUNDS} warm runs (range). The calls come complete over 1.6 s.",
            "The event loop's lateness is that of something that wants to run each 5 ms.",
        ),
    )
    figures: dict[str, dict[str, float]] = {}
    for index, lane in enumerate(made):
        name, wire = lane.framework.name, lane.wire
        if index not in answers:
            table.miss(f"{name}, {wire}", lane.failed or "not every tool ran")
            continue
        spreads = {key: Spread.of([answer[key] for answer in answers[index]]) for key in answers[index][0]}
        table.add(name, wire, spreads["wall_s"].text(2), spreads["spread_ms"].text(0), spreads["gap_ms"].text(0))
        figures[f"{name} / {wire}"] = {key: spread.median for key, spread in spreads.items()}
    return Report([table], figures)
