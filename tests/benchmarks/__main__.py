"""The benchmark as a program: `python -m tests.benchmarks [PART …]`, from the root of the repository."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import assembling, blocking, bursting, crowding, decoding, imports, parallel, receiving, timing
from tests.benchmarks.machine import head, load
from tests.benchmarks.peers import Peers
from tests.benchmarks.processes import ROOT
from tests.benchmarks.report import Bench, Part
from tests.benchmarks.summary import summary

FOLDER = ROOT / ".bench"
PARTS: dict[str, Part] = {
    "timing": timing.measure,
    "parallel": parallel.measure,
    "sync": blocking.measure,
    "crowd": crowding.measure,
    "burst": bursting.measure,
    "assembler": assembling.measure,
    "decode": decoding.measure,
    "socket": receiving.measure,
    "import": imports.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the parts that are asked for, all of them by default; the figures stay in `.bench/results.json`."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=main.__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(PARTS)}")
    parser.add_argument("--markdown", action="store_true", help="only show the last figures, as a table for a README")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    results = FOLDER / "results.json"
    if options.markdown:
        print(summary(_kept(results)).markdown())
        return 0
    FOLDER.mkdir(exist_ok=True)
    _measure(options.parts or list(PARTS), results)
    return 0


def _measure(parts: Sequence[str], results: Path) -> None:
    bench = Bench(FOLDER, Peers(FOLDER))
    machine = head(bench.peers)
    print("\n".join(f"{key}: {value}" for key, value in machine.items()), flush=True)
    start_s = time.monotonic()
    for name in parts:
        began_s, before = time.monotonic(), load()
        report = PARTS[name](bench)
        took = f"{name}: {time.monotonic() - began_s:.0f} s, load of the machine {before} before, {load()} after"
        print(*(f"\n{table.text()}" for table in report.tables), f"\n{took}", sep="\n", flush=True)
        kept = _kept(results) | {name: {"machine": machine, "took": took, "figures": report.figures}}
        results.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    print(f"\n{time.monotonic() - start_s:.0f} s; the figures are in {results.relative_to(ROOT)}")


def _kept(results: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(results.read_text(encoding="utf-8")) if results.is_file() else {}
    return kept


if __name__ == "__main__":
    sys.exit(main())
