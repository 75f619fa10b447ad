"""Part "parallel": eight calls in one response. How long does each wait, and what does the conversation lose by it?"""

from __future__ import annotations

from tests.benchmarks.conversations import JOBS, SKEWED_TOOLS, TIMED_TOOLS, parallel
from tests.benchmarks.figures import Spread
from tests.benchmarks.frameworks import LANGCHAIN, MILLSTREAM, OPENAI_AGENTS, OPENAI_RUNNER, PYDANTIC_AI
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.rounds import Course, run_rounds
from tests.benchmarks.tables import Table

ROUNDS = 3
FRAMEWORKS = (MILLSTREAM, OPENAI_RUNNER, OPENAI_AGENTS, PYDANTIC_AI, LANGCHAIN)
SETS = {
    "timed": ("Eight calls, 0.2 s of stream each, all tools take 0.3 s", TIMED_TOOLS),
    "skew": ("Eight calls, the first tools take longest: 1.5, 1.3, 1.1, 0.9, 0.7, 0.5, 0.3, 0.3 s", SKEWED_TOOLS),
}


def measure(bench: Bench) -> Report:
    """Run both sets of tools with each framework on each wire."""
    tools = [tool_s for _, tool_s in SETS.values()]
    by_set = run_rounds(bench, "parallel", parallel(), tools, FRAMEWORKS, ROUNDS)
    tables: list[Table] = []
    figures: dict[str, dict[str, float]] = {}
    for (name, (title, _)), courses in zip(SETS.items(), by_set, strict=True):
        table = Table(
            title,
            (
                "framework",
                "wire",
                "complete -> entered, ms: median",
                "greatest",
                "wall over ideal, ms",
                "wall, s",
                "wall / ideal",
            ),
            notes=(f"Over all calls of {ROUNDS} warm runs. Ideal: every tool is entered with its last argument byte.",),
        )
        for course in courses:
            _add(table, figures, name, course)
        tables.append(table)
    return Report(tables, figures)


def _add(table: Table, figures: dict[str, dict[str, float]], name: str, course: Course) -> None:
    framework, wire = course.lane.framework.name, course.lane.wire
    if course.why_empty:
        table.miss(f"{framework}, {wire}", course.why_empty)
        return
    waits = Spread.of([run.wait_ms(job) for run in course.warm for job in JOBS])
    over = Spread.of([run.over_ideal_ms for run in course.warm])
    wall = Spread.of([run.wall_s for run in course.warm])
    times = Spread.of([run.wall_s / run.ideal_s for run in course.warm])
    table.add(
        framework, wire, f"{waits.median:.1f}", f"{waits.high:.1f}", over.text(0), wall.text(2), f"{times.median:.2f}x"
    )
    figures[f"{name} / {framework} / {wire}"] = {
        "wait_ms_median": waits.median,
        "wait_ms_greatest": waits.high,
        "over_ideal_ms": over.median,
        "wall_s": wall.median,
    }
