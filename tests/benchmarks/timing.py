"""Part "timing": when do tools start, and when is the next request there? Two calls, the second written slowly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.conversations import FIRST, SECOND, TIMING_TOOLS, timing
from tests.benchmarks.figures import Spread, Timed
from tests.benchmarks.frameworks import MILLSTREAM, MILLSTREAM_SAFE, OPENAI_AGENTS, OPENAI_RUNNER, PYDANTIC_AI
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.rounds import run_rounds
from tests.benchmarks.tables import Table

ROUNDS = 3
FRAMEWORKS = (MILLSTREAM, MILLSTREAM_SAFE, OPENAI_RUNNER, OPENAI_AGENTS, PYDANTIC_AI)


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    figure: str
    of: Callable[[Timed], float]
    digits: int = 1


_A_WAITS: Final = _Column("A: complete -> entered, ms", "a_wait_ms", lambda run: run.wait_ms(FIRST))
_B_WAITS: Final = _Column("B: complete -> entered, ms", "b_wait_ms", lambda run: run.wait_ms(SECOND))
_WALL: Final = _Column("wall, s", "wall_s", lambda run: run.wall_s, 2)
COLUMNS = (
    _A_WAITS,
    _B_WAITS,
    _Column("turn over -> request, ms", "turn_over_ms", lambda run: run.turn_over_ms),
    _Column("A starts, s", "a_starts_s", lambda run: run.starts_s(FIRST), 2),
    _Column("B starts, s", "b_starts_s", lambda run: run.starts_s(SECOND), 2),
    _Column("2nd request, s", "second_request_s", lambda run: run.second_s, 2),
    _WALL,
    _Column("wall / ideal", "wall_over_ideal", lambda run: run.wall_s / run.ideal_s, 2),
)
FIRST_RUN_COLUMNS = (_A_WAITS, _B_WAITS, _WALL)


def measure(bench: Bench) -> Report:
    """Run the conversation with each framework on each wire."""
    (courses,) = run_rounds(bench, "timing", timing(), [TIMING_TOOLS], FRAMEWORKS, ROUNDS)
    warm = Table(
        "Two calls: A is complete at 0.05 s, B at 1.06 s, the response ends at 1.36 s, each tool takes 0.5 s",
        ("framework", "wire", *(column.heading for column in COLUMNS)),
        notes=(
            f"Medians of {ROUNDS} warm runs (range). Starts and requests count from the first request.",
            "Complete: its last argument byte is sent. Turn over: the results are there and the response has ended.",
            "On the Chat wire nothing says that a call is over but the next one, or the end of the response: B waits.",
        ),
    )
    cold = Table(
        "The same, the first run of each process",
        ("framework", "wire", *(column.heading for column in FIRST_RUN_COLUMNS)),
    )
    figures: dict[str, dict[str, float]] = {}
    for course in courses:
        name, wire = course.lane.framework.name, course.lane.wire
        if course.why_empty:
            warm.miss(f"{name}, {wire}", course.why_empty)
            continue
        spreads = {column: Spread.of([column.of(run) for run in course.warm]) for column in COLUMNS}
        warm.add(name, wire, *(spread.text(column.digits) for column, spread in spreads.items()))
        figures[f"{name} / {wire}"] = {column.figure: spread.median for column, spread in spreads.items()}
        if course.cold is not None:
            cold.add(name, wire, *(f"{column.of(course.cold):.{column.digits}f}" for column in FIRST_RUN_COLUMNS))
    return Report([warm, cold], figures)
