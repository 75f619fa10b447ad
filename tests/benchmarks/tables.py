"""Tables for the terminal and for a README. Pure: cells are text already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Table:
    """A titled table; `notes` say how to read it."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    notes: tuple[str, ...] = ()
    missing: list[str] = field(default_factory=list[str])

    def add(self, *cells: str) -> None:
        """Add a row; cells that are missing at its end are empty."""
        self.rows.append(cells + ("",) * (len(self.header) - len(cells)))

    def miss(self, row: str, why: str) -> None:
        """Tell in a line under the table why a row is not there."""
        self.missing.append(f"{row}: not measured, {why}")

    def text(self) -> str:
        """The table with aligned columns: names to the left, figures to the right."""
        widths = [max(len(row[column]) for row in (self.header, *self.rows)) for column in range(len(self.header))]
        lines = [self.title, _aligned(self.header, widths), "  ".join("-" * width for width in widths)]
        lines += [_aligned(row, widths) for row in self.rows]
        lines += [f"  {line}" for line in (*self.missing, *self.notes)]
        return "\n".join(lines)

    def markdown(self) -> str:
        """The table as GitHub shows it."""
        lines = [self.header, tuple("---:" if column else "---" for column in range(len(self.header))), *self.rows]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()
