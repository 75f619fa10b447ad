"""Part "crowd": many small runs at once in one process. How many a second, what do they cost, and does any fail?"""

from __future__ import annotations

from statistics import quantiles

from millstream.testing import scenario_from_json
from tests.benchmarks.conversations import SMALL_TOOLS, small
from tests.benchmarks.decoding import written_as
from tests.benchmarks.frameworks import LANGCHAIN, MILLSTREAM, OPENAI_AGENTS, PYDANTIC_AI, WIRES, Lane, lanes
from tests.benchmarks.processes import client
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.tables import Table

SIZES = (100, 500)
FRAMEWORKS = (MILLSTREAM, OPENAI_AGENTS, PYDANTIC_AI, LANGCHAIN)
PERCENTILE = 99


def measure(bench: Bench) -> Report:
    """Each framework on each wire with each number of runs, after one run alone; one process after the other."""
    answers = scenario_from_json(small()).responses
    files = {
        wire: [written_as(bench, wire, f"small-{number}", answer) for number, answer in enumerate(answers)]
        for wire in WIRES
    }
    tables = {size: _table(size) for size in SIZES}
    figures: dict[str, dict[str, float]] = {}
    log = bench.folder / "log-conversation-server.txt"
    with client(None, "conversation_server", log) as server, lanes(bench.folder, bench.peers, FRAMEWORKS) as made:
        server.wait_ready()
        base_url = f"http://127.0.0.1:{server.ask({'files': files})['port']}/v1"
        for lane in made:
            bench.say(f"crowd: {lane.framework.name}, {lane.wire}")
            lane.ask({"base_url": base_url, "tools": SMALL_TOOLS})
            for size in SIZES:
                _add(tables[size], figures, lane, size, base_url)
    return Report(list(tables.values()), figures)


def _table(size: int) -> Table:
    return Table(
        f"{size} runs at once, each of two requests and two calls, of a provider that answers at once",
        ("framework", "wire", "runs a second", "CPU a run, ms", "p99 of a run, s", "failed", "peak of the process, MB"),
        notes=("One process of the client, one of the server, on the two cores of one machine.",),
    )


def _add(table: Table, figures: dict[str, dict[str, float]], lane: Lane, size: int, base_url: str) -> None:
    name, wire = lane.framework.name, lane.wire
    answer = lane.ask({"base_url": base_url, "tools": SMALL_TOOLS, "many": size})
    if answer is None:
        table.miss(f"{name}, {wire}", lane.failed)
        return
    runs_s, errors = answer["runs_s"], answer["errors"]
    p99_s = quantiles(runs_s, n=100)[PERCENTILE - 1] if len(runs_s) > 1 else float("nan")
    a_second, cpu_ms = len(runs_s) / answer["wall_s"], answer["cpu_s"] / size * 1000
    failed = f"{len(errors)} ({', '.join(sorted(set(errors)))})" if errors else "0"
    table.add(name, wire, f"{a_second:.0f}", f"{cpu_ms:.1f}", f"{p99_s:.2f}", failed, f"{answer['peak_mb']:.0f}")
    figures[f"{size} / {name} / {wire}"] = {
        "runs_a_second": a_second,
        "cpu_ms": cpu_ms,
        "p99_s": p99_s,
        "failed": len(errors),
        "peak_mb": answer["peak_mb"],
    }
