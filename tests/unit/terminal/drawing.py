"""Pictures as lines of text, for the tests that look at them."""

import io

from rich.console import Console

from millstream.events import Record
from millstream.terminal.frame import render
from millstream.ui.reducer import RunView


def view_of(records: list[Record], until_s: float = 99.0) -> RunView:
    view = RunView()
    for record in records:
        if record.at_s <= until_s:
            view.feed(record)
    return view


def screen(
    view: RunView, now_s: float, width: int = 120, height: int = 40, above: frozenset[tuple[str, ...]] = frozenset()
) -> list[str]:
    file = io.StringIO()
    # Wider than the picture: a line that did not fit would be seen, not wrapped.
    console = Console(file=file, width=width + 200, color_system=None, legacy_windows=False)
    console.print(render(view, now_s, width, height, above=above))
    return file.getvalue().rstrip("\n").split("\n")


def row_of(lines: list[str], name: str) -> str:
    return next(line for line in lines if name in line)
