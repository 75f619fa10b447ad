"""Part "assembler": what it costs to have the value of half-written arguments after every delta.

The peers parse the whole text again for each delta (pydantic-core and jiter are one engine), so their cost grows with
the square of the length; where a full run would take too long, evenly spaced prefixes stand for all.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import thread_time

from partial_json_parser import loads as completed  # pyright: ignore[reportMissingTypeStubs]  it has none
from pydantic_core import from_json

from millstream.arguments.assembler import Assembler, Sealed
from millstream.arguments.schema.compile import CompiledSchema, compile_schema
from tests.benchmarks.conversations import CHUNK_CHARS
from tests.benchmarks.documents import SHAPES
from tests.benchmarks.figures import Spread, ratio
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.tables import Table

SIZES = (2_000, 20_000, 200_000)
HALF = SIZES[-1] // 2
REPETITIONS = 5
OURS = "millstream"
PREFIXES = 40
"""How many prefixes are parsed where not all are: enough for an average that grows evenly."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to follow arguments. `cpu_s` measures a document in pieces; `most_chars` is where it gets too slow."""

    name: str
    cpu_s: Callable[[Sequence[str]], float]
    most_chars: int = SIZES[-1]


def measure(bench: Bench) -> Report:
    """Measure every contender on every document of both shapes, in turn."""
    tables: list[Table] = []
    figures: dict[str, dict[str, float]] = {}
    for shape, (make, raw_schema) in SHAPES.items():
        contenders = _contenders(compile_schema(raw_schema))
        documents = {size: _pieces(make(size)) for size in (*SIZES, HALF)}
        taken: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        for repetition in range(REPETITIONS):
            bench.say(f"assembler: {shape}, repetition {repetition + 1} of {REPETITIONS}")
            for size, pieces in documents.items():
                for contender in contenders:
                    if size <= contender.most_chars:
                        taken[contender.name, size].append(contender.cpu_s(pieces) / len(pieces) * 1e6)
        table, rows = _report(shape, contenders, {key: Spread.of(values) for key, values in taken.items()})
        tables.append(table)
        figures |= rows
    return Report(tables, figures)


def _contenders(schema: CompiledSchema) -> tuple[Contender, ...]:
    return (
        Contender(OURS, partial(_assembled, None)),
        Contender(f"{OURS}, schema checked", partial(_assembled, schema)),
        Contender("jiter (pydantic-core), again for each delta", _reparsed),
        Contender("partial-json-parser, again for each delta", _completed, most_chars=SIZES[0]),
        Contender("json.loads, once at the end", _at_the_end),
    )


def _report(
    shape: str, contenders: Sequence[Contender], spreads: dict[tuple[str, int], Spread]
) -> tuple[Table, dict[str, dict[str, float]]]:
    table = Table(
        f"Arguments in pieces of {CHUNK_CHARS} characters, {shape}: CPU a delta, us",
        ("", *(f"{size // 1000} KB" for size in SIZES), "at 200 KB beside millstream", "t(2N)/t(N), N = 100 KB"),
        notes=(
            f"Medians of {REPETITIONS} (range), the partial value read after each delta. 2 is linear, 4 quadratic.",
            f"jiter beyond 2 KB: {PREFIXES} evenly spaced prefixes stand for all.",
        ),
    )
    figures: dict[str, dict[str, float]] = {}
    for contender in contenders:
        name = contender.name
        of_size = {size: spreads[name, size] for size in (*SIZES, HALF) if (name, size) in spreads}
        cells = [of_size[size].text(2) if size in of_size else "too slow" for size in SIZES]
        if HALF in of_size:
            whole = of_size[SIZES[-1]].median
            cells += [ratio(whole, spreads[OURS, SIZES[-1]].median), f"{2 * whole / of_size[HALF].median:.2f}"]
        table.add(name, *cells)
        figures[f"{shape} / {name}"] = {str(size): spread.median for size, spread in of_size.items()}
    return table, figures


def _pieces(text: str) -> list[str]:
    return [text[at : at + CHUNK_CHARS] for at in range(0, len(text), CHUNK_CHARS)]


def _assembled(schema: CompiledSchema | None, pieces: Sequence[str]) -> float:
    assembler = Assembler(schema)
    feed = assembler.feed
    start_s = thread_time()
    for piece in pieces:
        feed(piece)
        _ = assembler.partial
    sealed = assembler.close()
    spent_s = thread_time() - start_s
    assert isinstance(sealed, Sealed)
    assert sealed.value == json.loads("".join(pieces))
    return spent_s


def _reparsed(pieces: Sequence[str]) -> float:
    text = "".join(pieces)
    every = max(1, len(pieces) // PREFIXES) if len(text) > SIZES[0] * 2 else 1
    ends = range(CHUNK_CHARS * every, len(text) + 1, CHUNK_CHARS * every)
    prefixes = [text[:end] for end in ends]
    start_s = thread_time()
    for prefix in prefixes:
        from_json(prefix, allow_partial="trailing-strings")
    return (thread_time() - start_s) / len(prefixes) * len(pieces)


def _completed(pieces: Sequence[str]) -> float:
    text = ""
    start_s = thread_time()
    for piece in pieces:
        text += piece
        completed(text)
    return thread_time() - start_s


def _at_the_end(pieces: Sequence[str]) -> float:
    start_s = thread_time()
    json.loads("".join(pieces))
    return thread_time() - start_s
