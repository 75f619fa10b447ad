"""What one part of the benchmark found: tables to read, figures to keep."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.benchmarks.peers import Peers
from tests.benchmarks.tables import Table


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a part works: the folder for its files, and the environments of the peers."""

    folder: Path
    peers: Peers

    def say(self, text: str) -> None:
        """Tell how far it is, beside the results."""
        print(f"  … {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a part; `figures` is a JSON value, by row and column."""

    tables: list[Table]
    figures: dict[str, Any]


Part: TypeAlias = Callable[[Bench], Report]
