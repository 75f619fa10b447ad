"""The timeline column of the live view: stretches of time as cells of a row. Pure.

A cell is a fraction of the axis, so a short stretch may be less than one: work always gets a cell of its own, arguments
the one before it, so that nothing that happened is invisible. Knows nothing about runs or calls, only segments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from rich.text import Text

from millstream.ui.axis import marks
from millstream.ui.segments import Segment, SegmentKind

STYLES: dict[SegmentKind, tuple[str, str]] = {
    "asking": ("·", "bright_black"),
    "writing": ("━", "white"),
    "args": ("▒", "magenta"),
    "waiting": ("╌", "bright_black"),
    "running": ("█", "bright_blue"),
    "done": ("█", "green"),
    "failed": ("█", "red"),
    "stopped": ("█", "bright_black"),
    "backoff": ("╌", "yellow"),
}
"""The sign and the style of a cell: hatched, dashed and solid tell apart what colours also do."""

_WORK = frozenset[SegmentKind](("running", "done", "failed", "stopped", "writing"))


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from 0 to `span_s` seconds over `cells` cells."""

    span_s: float
    cells: int

    def cell(self, at_s: float) -> int:
        """The border between two cells that is nearest to a time, 0 to `cells`."""
        return min(max(round(at_s / self.span_s * self.cells), 0), self.cells)


def lane(segments: Iterable[Segment], scale: Scale, until_s: float) -> Text:
    """The segments as one row of `scale.cells` cells; one that lasts reaches to `until_s`."""
    row: list[SegmentKind | None] = [None] * scale.cells
    # Work is painted last, so that it is never painted over.
    for segment in sorted(segments, key=lambda segment: segment.kind in _WORK):
        first, last = scale.cell(segment.start_s), scale.cell(until_s if segment.end_s is None else segment.end_s)
        if first == last:
            if segment.kind in _WORK:
                first = min(first, scale.cells - 1)
                last = first + 1
            elif segment.kind == "args":
                first = max(first - 1, 0)
        for cell in range(first, last):
            row[cell] = segment.kind
    text = Text()
    for kind, cells in groupby(row):
        sign, style = STYLES[kind] if kind else (" ", "")
        text.append(sign * len(list(cells)), style)
    return text


def axis(scale: Scale) -> Text:
    """The labels of the axis as one row of `scale.cells` cells, each where its time is."""
    row = [" "] * scale.cells
    for at_s, label in marks(scale.span_s, max(scale.cells // 5, 1)):
        at = min(scale.cell(at_s), scale.cells - len(label))
        # A label that would touch the one before it is left out.
        if at >= 0 and all(sign == " " for sign in row[max(at - 1, 0) : at + len(label)]):
            row[at : at + len(label)] = label
    return Text("".join(row), "bright_black")
