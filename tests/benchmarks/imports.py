"""Part "import": what it costs to import a framework, and to have an agent ready, in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.figures import Spread, ratio
from tests.benchmarks.peers import Missing
from tests.benchmarks.processes import ROOT, environment
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.tables import Table

REPETITIONS = 5
TIMEOUT_S = 60.0
ROWS: dict[str, tuple[str | None, str, str]] = {
    "millstream": (None, "import millstream", "millstream.Agent('openai:gpt-5.1')"),
    "openai": ("openai", "import openai", "openai.AsyncOpenAI(api_key='bench')"),
    "openai-agents": (
        "openai-agents",
        "import agents",
        "import openai as o; agents.Agent('x', model=agents.OpenAIResponsesModel('m', o.AsyncOpenAI(api_key='bench')))",
    ),
    "pydantic-ai": (
        "pydantic-ai",
        "import pydantic_ai",
        "import os; os.environ['OPENAI_API_KEY'] = 'bench'; pydantic_ai.Agent('openai:gpt-5.1')",
    ),
}
"""What is imported, in whose environment, and what makes an agent (or a client) of it."""
_PROGRAM = """
import sys, time
start = time.process_time()
{imports}
imported = time.process_time()
{ready}
print([start, imported, time.process_time(), len(sys.modules)])
"""


def measure(bench: Bench) -> Report:
    """Start every program in turn; the first time does not count, it may have to compile."""
    taken: defaultdict[str, list[tuple[float, float, int]]] = defaultdict(list)
    why: dict[str, str] = {}
    for repetition in range(1 + REPETITIONS):
        bench.say(f"import: repetition {repetition} of {REPETITIONS}")
        for row, (peer, imports, ready) in ROWS.items():
            if row in why:
                continue
            try:
                python = Path(sys.executable) if peer is None else bench.peers.python(peer)
                measured = _measured(python, _PROGRAM.format(imports=imports, ready=ready), ours=peer is None)
            except (Missing, subprocess.SubprocessError) as error:
                why[row] = str(error)
                continue
            if repetition:
                taken[row].append(measured)
    return _report(taken, why)


def _report(taken: Mapping[str, list[tuple[float, float, int]]], why: Mapping[str, str]) -> Report:
    table = Table(
        "A fresh process: CPU until it is imported, until an agent (a client for the SDK) is there",
        ("", "import, ms", "beside millstream", "agent ready, ms", "beside millstream", "modules"),
        notes=(f"Medians of {REPETITIONS} (range), without what bare Python takes.",),
    )
    figures: dict[str, dict[str, float]] = {}
    ours_import, ours_ready, _ = _spreads(taken["millstream"])
    for row in ROWS:
        if row in why:
            table.miss(row, why[row])
            continue
        imported, made, modules = _spreads(taken[row])
        beside = (ratio(imported.median, ours_import.median), ratio(made.median, ours_ready.median))
        table.add(row, imported.text(0), beside[0], made.text(0), beside[1], modules.text(0))
        figures[row] = {"import_ms": imported.median, "ready_ms": made.median, "modules": modules.median}
    return Report([table], figures)


def _spreads(taken: list[tuple[float, float, int]]) -> tuple[Spread, Spread, Spread]:
    imported, made, modules = zip(*taken, strict=True)
    return Spread.of(imported), Spread.of(made), Spread.of(modules)


def _measured(python: Path, program: str, *, ours: bool) -> tuple[float, float, int]:
    done = subprocess.run(
        [str(python), "-c", program],
        cwd=ROOT,
        env=environment(ours=ours),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    start, imported, made, modules = json.loads(done.stdout)
    return (imported - start) * 1000, (made - start) * 1000, modules
