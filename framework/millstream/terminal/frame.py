"""One picture of a run for a terminal: a pure function of the view, the time and the size.

A header, the model's lane, one line a call, the end of what the model says. Every line fits the width and the whole
fits the height, so that the region never scrolls. No markup and no Markdown: texts are shown as they are, made safe.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from millstream.terminal.fit import last_lines
from millstream.terminal.glyphs import UNICODE
from millstream.terminal.row import SPINNER, Columns, call_row, columns_for, model_row
from millstream.terminal.summary import counts_line, short, tokens_line
from millstream.terminal.waterfall import Scale, axis
from millstream.ui.axis import horizon_s
from millstream.ui.call_view import CallState, CallView
from millstream.ui.reducer import RunView

Keys: TypeAlias = Set[tuple[str, ...]]
"""`CallView.key`s."""

MAX_TEXT_LINES = 4
"""Of what the model says; all of it is printed when it is complete."""
_NOTHING: Keys = frozenset()
_SHORT = 8
"""Terminals of fewer lines show no axis and no text."""
_FIRST: tuple[frozenset[CallState], ...] = (
    frozenset(("approval",)),
    frozenset(("running", "retrying")),
    frozenset(("args",)),
    frozenset(("queued",)),
)
"""Which calls are shown where there is no room for all: those that someone waits for, the newest first."""


def render(
    view: RunView,
    now_s: float,
    width: int,
    height: int,
    *,
    above: Keys = _NOTHING,
    text_lines: int = MAX_TEXT_LINES,
) -> Group:
    """The picture of a run.

    Args:
        view: what is known of it.
        now_s: the time in the view's seconds; running times and the timeline reach up to it.
        width: cells of a line. Below 80 there is no timeline, below 50 no message either.
        height: lines there are at most.
        above: the calls that are printed already and no longer part of the picture, see `released`.
        text_lines: lines of what the model is saying; 0 for the last picture, below which all of it is printed.

    Returns:
        At most `height` lines of at most `width` cells each, without line ends.
    """
    now_s = view.until_s(now_s)
    columns = _columns(view, width)
    span_s = now_s if view.ended_s is not None and now_s > 0 else horizon_s(now_s)
    scale = Scale(span_s, columns.chart) if columns.chart else None
    lines = [_header(view, now_s, width)]
    if height >= _SHORT:
        if scale is not None:
            lines.append(_axis_row(columns, scale))
        lines.append(model_row(view, now_s, columns, scale))
    said = _said(view, width, min(text_lines, _text_lines(height) - 1))
    rows = [call for call in view.calls if call.key not in above]
    shown = _shown(rows, height - len(lines) - len(said))
    lines += [call_row(call, now_s, columns, scale) for call in shown]
    if len(shown) < len(rows) and len(lines) < height:
        lines.append(Text(f"  +{len(rows) - len(shown)} more", "bright_black", no_wrap=True))
    lines += said
    for line in lines:
        line.truncate(width)
    return Group(*lines[:height])


def released(view: RunView, width: int, height: int, above: Keys = _NOTHING) -> list[CallView]:
    """The calls to print permanently now, because the picture has no room for them: finished ones, in call order."""
    rows = [call for call in view.calls if call.key not in above]
    room = height - _fixed(_columns(view, width), height) - _text_lines(height)
    return [call for call in rows if call.ended][: max(len(rows) - max(room, 1), 0)]


def released_row(call: CallView, view: RunView, width: int) -> Text:
    """The line to print for one of `released`: without the timeline, whose scale is not the same later on."""
    line = call_row(call, view.last_s, _columns(view, width), None)
    line.truncate(width)
    return line


def _columns(view: RunView, width: int) -> Columns:
    names = (len(call.name_line) + 2 * bool(call.scope) for call in view.calls)
    return columns_for(width, max(names, default=0))


def _fixed(columns: Columns, height: int) -> int:
    """Lines that are not calls and not text."""
    return 1 if height < _SHORT else 3 if columns.chart else 2


def _text_lines(height: int) -> int:
    """Lines kept for what the model says, the empty one above it included."""
    return 0 if height < _SHORT else min(MAX_TEXT_LINES + 1, height // 4)


def _header(view: RunView, now_s: float, width: int) -> Text:
    sign, style = {
        "starting": ("○", "bright_black"),
        "running": (SPINNER[int(now_s * 8) % len(SPINNER)], "bright_blue"),
        "finished": (UNICODE.done, "green"),
        "failed": (UNICODE.failed, "red"),
        "cancelled": (UNICODE.stopped, "yellow"),
        "suspended": (UNICODE.ask, "yellow"),
    }[view.state]
    elapsed_s = max(now_s - view.started_s, 0.0)
    elapsed = short(elapsed_s) if view.ended_s is not None or elapsed_s >= 60 else f"{elapsed_s:.1f}s"  # noqa: PLR2004  a minute
    line = (
        Text(no_wrap=True).append(f"{sign} ", style).append(view.state, f"bold {style}").append(f" {elapsed}", "bold")
    )
    for part in (counts_line(view), tokens_line(view.usage)):
        # Whole facts or none: half a number would be wrong.
        if part and cell_len(line.plain) + 3 + cell_len(part) <= width:
            line.append(f"   {part}", "bright_black")
    return line


def _axis_row(columns: Columns, scale: Scale) -> Text:
    before = 2 + columns.name + 1 + columns.state + 1 + columns.time + 1
    return Text(" " * before, no_wrap=True).append_text(axis(scale))


def _said(view: RunView, width: int, count: int) -> list[Text]:
    """The end of what the model says while it goes on; whoever draws prints all of it once it is complete."""
    if view.ended_s is not None or count <= 0:
        return []
    text = next((turn.text for turn in reversed(view.shown_turns) if turn.ended_s is None), "")
    lines = last_lines(str(text), width, count)
    return [Text(line, no_wrap=True) for line in ["", *lines]] if lines else []


def _shown(rows: Sequence[CallView], room: int) -> Sequence[CallView]:
    """The calls that `room` lines have place for, in call order; one line stays free to say how many are missing."""
    if len(rows) <= room:
        return rows
    urgent = [call for states in _FIRST for call in reversed(rows) if call.state in states]
    rest = [call for call in reversed(rows) if call.ended]
    kept = {call.key for call in (urgent + rest)[: max(room - 1, 0)]}
    return [call for call in rows if call.key in kept]
