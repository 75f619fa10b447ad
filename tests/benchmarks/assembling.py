"""Part "assembler": the cost of having half-written arguments as a value after every delta, and of checking them.

Most peers parse the whole text again for each delta, so their cost grows with the square of the length. They run in an
environment of their own (`clients/partial_json.py`), in turn with ours, and the ratios are those of one turn.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import process_time
from typing import TypeAlias

from millstream.arguments import Assembler, CompiledSchema, Sealed, compile_schema
from tests.benchmarks.documents import SHAPES
from tests.benchmarks.figures import Spread, ratio
from tests.benchmarks.peers import Missing
from tests.benchmarks.processes import Client, Failed, client
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.tables import Table

SIZES = (200, 2_000, 20_000, 200_000, 2_000_000)
CHUNKS = (1, 4, 64)
CHUNK = 4
REPETITIONS = 3
PEER = "partial-json"
ASSEMBLED = "millstream"
CHECKED = "millstream, schema checked"
PEERS = ("jiter", "pydantic_core", "partial-json-parser", "json_repair", "jsonriver", "ijson", "llguidance")
AGAINST = (("jiter", (2_000, 20_000, 200_000)), ("partial-json-parser", (20_000, 200_000)))
MOST_CHARS = {"partial-json-parser": 200_000, "json_repair": 200_000}
"""Where a peer takes minutes beyond."""
NOTES = (
    f"CPU time, medians of {REPETITIONS}, the partial value read after each delta.",
    "jiter, pydantic_core, partial-json-parser and json_repair parse again for each delta, at evenly spaced prefixes.",
    "ijson shows a string only when it is closed; llguidance checks only, and gives no value.",
)

Key: TypeAlias = tuple[str, str, int, int]
"""Contender, shape, characters of the document, characters of a piece."""


@dataclass(slots=True)
class Course:
    """What was measured: microseconds a delta, one value a turn; and why there is none."""

    taken: defaultdict[Key, list[float]] = field(default_factory=lambda: defaultdict[Key, list[float]](list))
    why: dict[Key, str] = field(default_factory=dict[Key, str])

    def spread(self, key: Key) -> Spread | None:
        """The values of all turns; None where there are none."""
        return Spread.of(self.taken[key]) if key in self.taken else None

    def times(self, peer: Key, ours: Key) -> float | None:
        """How many times as long a peer took, the median of the turns."""
        pairs = list(zip(self.taken.get(peer, ()), self.taken.get(ours, ()), strict=False))
        return median(theirs / own for theirs, own in pairs) if pairs else None


def measure(bench: Bench) -> Report:
    """Measure every contender on every document, in turn."""
    course = Course()
    schemas = {shape: compile_schema(schema) for shape, (_, schema) in SHAPES.items()}
    with _peers(bench, course) as peers:
        for turn in range(REPETITIONS):
            bench.say(f"assembler: turn {turn + 1} of {REPETITIONS}")
            for shape, (make, _) in SHAPES.items():
                for size in SIZES:
                    _measure_ours(course, shape, make(size), size, schemas[shape])
                    if peers is not None:
                        _measure_peers(course, peers, shape, size)
    tables = [*(_beside_peers(course, shape) for shape in SHAPES), _by_pieces(course), _ratios(course)]
    return Report(tables, _figures(course))


@contextmanager
def _peers(bench: Bench, course: Course) -> Generator[Client | None]:
    try:
        python = bench.peers.python(PEER)
    except Missing as missing:
        for shape in SHAPES:
            course.why |= {(name, shape, size, CHUNK): str(missing) for name in PEERS for size in SIZES}
        yield None
        return
    with client(python, "partial_json", bench.folder / "log-partial-json.txt") as made:
        made.wait_ready()
        yield made


def _measure_ours(course: Course, shape: str, text: str, size: int, schema: CompiledSchema) -> None:
    for chunk in CHUNKS:
        pieces = [text[at : at + chunk] for at in range(0, len(text), chunk)]
        again = max(1, 2_000 // len(pieces))  # a short document several times: a clock has its own cost
        for name, checked in ((ASSEMBLED, None), (CHECKED, schema)):
            spent_s = sum(_assembled(checked, pieces) for _ in range(again)) / again
            course.taken[name, shape, size, chunk].append(spent_s / len(pieces) * 1e6)


def _assembled(schema: CompiledSchema | None, pieces: Sequence[str]) -> float:
    assembler = Assembler(schema)
    feed = assembler.feed
    start_s = process_time()
    for piece in pieces:
        feed(piece)
        _ = assembler.partial
    sealed = assembler.close()
    spent_s = process_time() - start_s
    assert isinstance(sealed, Sealed)
    assert sealed.value == json.loads("".join(pieces))
    return spent_s


def _measure_peers(course: Course, peers: Client, shape: str, size: int) -> None:
    for name in PEERS:
        key = (name, shape, size, CHUNK)
        if key in course.why:
            continue
        if size > MOST_CHARS.get(name, SIZES[-1]):
            course.why[key] = "minutes"
            continue
        try:
            answer = peers.ask({"contender": name, "shape": shape, "chars": size, "chunk": CHUNK})
        except Failed as failed:
            answer = {"why": str(failed)}
        if "why" in answer:
            course.why[key] = str(answer["why"])
        else:
            course.taken[key].append(float(answer["us"]))


def _size(chars: int) -> str:
    return f"{chars} B" if chars < 1_000 else f"{chars // 1_000} KB" if chars < 1_000_000 else f"{chars // 10**6} MB"


def _beside_peers(course: Course, shape: str) -> Table:
    table = Table(
        f"Arguments in pieces of {CHUNK} characters, {shape}: CPU a delta, us (times millstream's, unchecked)",
        ("", *map(_size, SIZES)),
        notes=NOTES,
    )
    for name in (ASSEMBLED, CHECKED, *PEERS):
        cells: list[str] = []
        for size in SIZES:
            spread = course.spread((name, shape, size, CHUNK))
            times = course.times((name, shape, size, CHUNK), (ASSEMBLED, shape, size, CHUNK))
            shown = "-" if spread is None else f"{spread.median:.2f}"
            cells.append(shown if times is None or name == ASSEMBLED else f"{shown} ({ratio(times, 1)})")
        table.add(name, *cells)
        reasons = {
            course.why[key]: size for size in reversed(SIZES) if (key := (name, shape, size, CHUNK)) in course.why
        }
        for why, size in reasons.items():
            table.miss(f"{name} from {_size(size)}", why)
    return table


def _by_pieces(course: Course) -> Table:
    table = Table(
        "Ours by the length of the pieces: CPU a delta, us, median (range)",
        ("", *map(_size, SIZES), "10 x the text"),
        notes=("The last column is how many times as long 2 MB takes as 200 KB: 10 is linear, 100 quadratic.",),
    )
    for shape in SHAPES:
        for name in (ASSEMBLED, CHECKED):
            for chunk in CHUNKS:
                spreads = [Spread.of(course.taken[name, shape, size, chunk]) for size in SIZES]
                growth = 10 * spreads[-1].median / spreads[-2].median
                cells = [spread.text(2) for spread in spreads]
                table.add(f"{shape}, {name}, pieces of {chunk}", *cells, f"{growth:.1f}")
    return table


def _ratios(course: Course) -> Table:
    table = Table(
        f"How many times as long a peer takes, pieces of {CHUNK} characters",
        ("", *(f"{name} {_size(size)}" for name, sizes in AGAINST for size in sizes)),
        notes=("Medians of the ratios within a turn. The peers only parse.",),
    )
    for shape in SHAPES:
        for name in (ASSEMBLED, CHECKED):
            cells: list[str] = []
            for peer, sizes in AGAINST:
                for size in sizes:
                    times = course.times((peer, shape, size, CHUNK), (name, shape, size, CHUNK))
                    cells.append("-" if times is None else ratio(times, 1))
            table.add(f"{shape}, {name}", *cells)
    return table


def _figures(course: Course) -> dict[str, dict[str, float]]:
    figures: dict[str, dict[str, float]] = {}
    for name, shape, size, chunk in course.taken:
        row = f"{shape} / {name}" if chunk == CHUNK else f"{shape} / {name} / pieces of {chunk}"
        figures.setdefault(row, {})[str(size)] = Spread.of(course.taken[name, shape, size, chunk]).median
    return figures
