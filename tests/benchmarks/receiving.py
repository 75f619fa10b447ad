"""Part "socket": from the bytes on a real socket to events, with httpx2 and with aiohttp."""

from __future__ import annotations

from collections import defaultdict

from tests.benchmarks.decoding import written
from tests.benchmarks.figures import Spread
from tests.benchmarks.frameworks import WIRES, Framework, Lane, interleaved, lanes
from tests.benchmarks.processes import client
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.tables import Table

EVENTS = 5_000
REPETITIONS = 3
SHAPES = ("paced", "burst")
ROWS = tuple(
    Framework(f"{carrier}, {words}", "socket_stream", order={"carrier": carrier, "what": what})
    for carrier in ("httpx2", "aiohttp")
    for what, words in (("bytes", "the bytes alone"), ("events", "to events"))
)


def measure(bench: Bench) -> Report:
    """Measure every row on both wires, in turn; the first time does not count."""
    files = {wire: written(bench, wire, EVENTS) for wire in WIRES}
    taken: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    log = bench.folder / "log-bytes-server.txt"
    with client(None, "bytes_server", log) as server, lanes(bench.folder, bench.peers, ROWS) as made:
        server.wait_ready()
        port = server.ask({"files": files})["port"]
        for number, lane in interleaved(made, 1 + REPETITIONS):
            if lane is made[0]:
                bench.say(f"socket: repetition {number} of {REPETITIONS}")
            for shape in SHAPES:
                answer = lane.ask({"base_url": f"http://127.0.0.1:{port}/{shape}/{lane.wire}"})
                if number and answer is not None:
                    taken[lane.framework.name, lane.wire, shape].append(answer["cpu_s"] / EVENTS * 1e6)
    return _report(made, {key: Spread.of(values) for key, values in taken.items()})


def _report(made: list[Lane], spreads: dict[tuple[str, str, str], Spread]) -> Report:
    table = Table(
        f"{EVENTS:,} events of one response over a socket of this machine, each a chunk of its own",
        ("", "wire", "an event each 0.1 ms or more, CPU us", "all at once, CPU us"),
        notes=(
            f"CPU time of the client's process an event, medians of {REPETITIONS} (range), on asyncio.",
            "Paced: each event is read from the socket by itself, as a model writes them.",
        ),
    )
    figures: dict[str, dict[str, float]] = {}
    for lane in made:
        name, wire = lane.framework.name, lane.wire
        found = [spreads.get((name, wire, shape)) for shape in SHAPES]
        paced, burst = found
        if paced is None or burst is None:
            table.miss(f"{name}, {wire}", lane.failed)
            continue
        table.add(name, wire, paced.text(), burst.text())
        figures[f"{name} / {wire}"] = {"paced_us": paced.median, "burst_us": burst.median}
    return Report([table], figures)
