"""The short table for a README, from the figures of the last run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.benchmarks.tables import Table

ROWS = (
    ("Tool A starts after the request", "timing", "{} / responses", "a_starts_s", "{:.2f} s"),
    ("Tool B starts after the request", "timing", "{} / responses", "b_starts_s", "{:.2f} s"),
    ("Arguments complete -> tool B entered", "timing", "{} / responses", "b_wait_ms", "{:.1f} ms"),
    ("Next request after the first", "timing", "{} / responses", "second_request_s", "{:.2f} s"),
    ("Eight calls, slow ones first: time lost", "parallel", "skew / {} / responses", "over_ideal_ms", "{:.0f} ms"),
    ("CPU a delta, Responses", "burst", "{} / responses", "cpu_us", "{:.0f} µs"),
    ("CPU a delta, Chat", "burst", "{} / chat", "cpu_us", "{:.0f} µs"),
    ("Import", "import", "{}", "import_ms", "{:.0f} ms"),
)
"""What is shown: the words, the part, the row of its figures (of a framework), the figure, how it is written."""
COLUMNS = ("millstream", "openai-agents", "pydantic-ai")


def summary(kept: Mapping[str, Any]) -> Table:
    """The table; a figure that was not measured is a dash."""
    table = Table("In short", ("", *COLUMNS))
    for words, part, row, figure, written in ROWS:
        figures = kept.get(part, {}).get("figures", {})
        values = [figures.get(row.format(column), {}).get(figure) for column in COLUMNS]
        table.add(words, *("-" if value is None else written.format(value) for value in values))
    return table
