"""The timeline of a run as a picture: the model's lane, a lane for each call, and what overlap was worth.

A self-contained SVG of 760 units for a README, a report or a page: no scripts, no fonts, no links; it follows the
reader's light or dark setting. Pure. Texts of models and tools are made safe, cut and escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from xml.sax.saxutils import escape

from millstream.events import Record
from millstream.ui.axis import marks
from millstream.ui.call_view import CallState, CallView
from millstream.ui.reducer import RunView
from millstream.ui.segments import Segment, SegmentKind
from millstream.ui.svg_style import DEFS, STYLE
from millstream.ui.words import LEAST_SAVED_S, seconds

WIDTH = 760
MAX_LANES = 60
"""Calls that get a lane; a picture of more is not read any more."""

_LEFT, _RIGHT = 160, 632
"""Where time 0 and the end of the axis are."""
_LANE, _BAR = 26, 12
"""Height of a lane, and of the bar in it."""
_TOP = 98
_NAME_CHARS = 17
_LEAST_BAR = 3.0
"""Work that was shorter than this is drawn this wide, so that it can be seen."""
_LEGEND: tuple[tuple[SegmentKind, str], ...] = (
    ("writing", "model writes"),
    ("args", "arguments arrive"),
    ("waiting", "waiting"),
    ("running", "running"),
    ("done", "done"),
    ("backoff", "pause before a retry"),
    ("failed", "failed"),
    ("stopped", "cancelled or lost"),
)

_TOLD: dict[SegmentKind, str] = {"asking": "waiting for the model", **dict(_LEGEND)}
_WORDS: dict[CallState, str] = {
    "args": "arguments",
    "queued": "waiting",
    "approval": "needs approval",
    "failed": "✗ failed",
    "rejected": "✗ rejected",
    "truncated": "✗ cut off",
    "denied": "✗ denied",
    "timeout": "✗ timed out",
}


@dataclass(frozen=True, slots=True)
class _Lane:
    name: str
    style: str
    time: str
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class _Axis:
    span_s: float

    def x(self, at_s: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * min(max(at_s / self.span_s, 0.0), 1.0), 2)


def timeline_svg(records: Iterable[Record]) -> str:
    """The picture of the run that the records tell of, as the text of an SVG file.

    Args:
        records: the records of one run in order, whole or as far as they go; lanes that last end with the last record.
    """
    view = RunView()
    for record in records:
        view.feed(record)
    axis = _Axis(max(view.last_s, 0.001))
    lanes = _lanes(view)
    lanes_end = _TOP + len(lanes) * _LANE
    parts = _background(view, axis, lanes_end)
    for number, lane in enumerate(lanes):
        parts += _drawn(lane, _TOP + number * _LANE, axis, view.last_s)
    if len(view.calls) > MAX_LANES:
        lanes_end += 18
        parts.append(_text(20, lanes_end - 2, f"+{len(view.calls) - MAX_LANES} more calls", "mut"))
    legend, height = _legend({segment.kind for lane in lanes for segment in lane.segments}, lanes_end + 26)
    return _document([*parts, *legend, *_figures(view)], height + 14, _said(view))


def _background(view: RunView, axis: _Axis, lanes_end: float) -> list[str]:
    """The axis, its lines, and a band for each stretch in which the model wrote: work on a band overlaps with it."""
    parts: list[str] = []
    for turn in view.turns:
        if turn.first_s is not None:
            start, end = axis.x(turn.first_s), axis.x(view.last_s if turn.ended_s is None else turn.ended_s)
            parts.append(_rect(start, _TOP - 2, end - start, lanes_end - _TOP + 2, "band"))
    for at_s, label in marks(axis.span_s, 8):
        x = axis.x(at_s)
        parts.append(f'<path class="line" d="M{x} {_TOP - 2}V{lanes_end}"/>')
        parts.append(_text(x, _TOP - 9, label, "mut axis"))
    return parts


def _lanes(view: RunView) -> list[_Lane]:
    spent_s = sum((view.last_s if turn.ended_s is None else turn.ended_s) - turn.started_s for turn in view.turns)
    turns = [segment for turn in view.turns for segment in turn.segments]
    lanes = [_Lane("model", "mut mono", seconds(spent_s), turns)]
    for call in view.calls[:MAX_LANES]:
        name = ("└ " if call.scope else "") + call.name_line
        lanes.append(_Lane(name, "mono", _outcome(call, view.last_s), call.segments))
    return lanes


def _drawn(lane: _Lane, y: float, axis: _Axis, until_s: float) -> list[str]:
    middle = y + _LANE / 2
    shown = lane.name if len(lane.name) <= _NAME_CHARS else lane.name[: _NAME_CHARS - 1] + "…"
    parts = [f"<g><title>{escape(lane.name)}</title>", _text(20, middle + 4, shown, lane.style)]
    for before, segment in zip([None, *lane.segments], lane.segments, strict=False):
        end_s = until_s if segment.end_s is None else segment.end_s
        start, end = axis.x(segment.start_s), axis.x(end_s)
        width = end - start if segment.kind in {"waiting", "asking", "backoff"} else max(end - start, _LEAST_BAR)
        if width <= 0:
            continue
        # Arguments that go on arriving while the tool runs are seen below its bar.
        below = before is not None and before.kind == "args" and (before.end_s or until_s) > segment.start_s
        told = f"{_TOLD[segment.kind]}: {seconds(end_s - segment.start_s)}, from {seconds(segment.start_s)}"
        parts.append(
            _bar(start, middle, width, segment.kind, below=below).replace("/>", f"><title>{told}</title></rect>")
        )
    return [*parts, _text(_RIGHT + 14, middle + 4, lane.time, "mut mono"), "</g>"]


def _bar(x: float, middle: float, width: float, kind: SegmentKind, *, below: bool = False) -> str:
    if kind in {"waiting", "asking", "backoff"}:
        return _rect(x + 0.5, middle - _BAR / 2 + 1.5, max(width - 1, 0.5), _BAR - 3, kind)
    return _rect(x, middle - _BAR / 2, width, _BAR * 0.6 if below else _BAR, kind)


def _outcome(call: CallView, until_s: float) -> str:
    """What became of a call, in a word or in the time it took: the colour of its bar is not the only sign."""
    if call.state == "done":
        return f"✓ {seconds(call.run_s(until_s))}"
    if call.state == "running":
        return seconds(call.run_s(until_s))
    return _WORDS.get(call.state, call.state)


def _legend(kinds: Set[SegmentKind], y: float) -> tuple[list[str], float]:
    """What the `kinds` of segments in the picture mean, in rows; and where the last row ends."""
    parts: list[str] = []
    x = 20.0
    for kind, label in _LEGEND:
        if kind not in kinds:
            continue
        needed = 20 + 6.4 * len(label) + 18
        if x + needed > WIDTH - 16 and x > 20:  # noqa: PLR2004  the left edge
            x, y = 20.0, y + 22
        parts += [_bar(x, y - 4, 14, kind), _text(x + 20, y, label, "mut")]
        x += needed
    return parts, y


def _figures(view: RunView) -> list[str]:
    """The headline: what overlap was worth, and against what."""
    if view.first_call_s is None:
        return [_text(20, 36, "no tool was started", "big")]
    saved_s = view.saved_s
    headline = f"{seconds(saved_s)} saved by overlap" if saved_s >= LEAST_SAVED_S else "no time saved by overlap"
    rest = f"{view.most_at_once} at once · first call after {seconds(view.first_call_s)}"
    told = "against tools that wait for the model's response to end"
    return [_text(20, 36, headline, "big"), _text(WIDTH - 20, 36, rest, "mut end"), _text(20, 56, told, "mut")]


def _said(view: RunView) -> str:
    """The picture in words, for those who can not see it."""
    tools = ", ".join(f"{call.name_line} {call.state}" for call in view.calls[:MAX_LANES])
    overlap = ""
    if view.first_call_s is not None:
        overlap = (
            f" {seconds(view.saved_s)} were saved against tools that wait for the response to end; "
            f"{view.most_at_once} ran at once, the first started after {seconds(view.first_call_s)}."
        )
    return f"Timeline of a run of {seconds(view.last_s)}: {tools or 'no calls'}.{overlap}"


def _document(parts: Iterable[str], height: float, said: str) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}" '
        f'role="img" direction="ltr" class="ms-timeline">\n'
        f"<title>Timeline of a run</title>\n<desc>{escape(said)}</desc>\n<style>{STYLE}</style>\n{DEFS}\n"
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:g}" rx="12"/>\n{body}\n</svg>\n'
    )


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    corner = "" if kind == "band" else ' rx="3"'
    return (
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{round(width, 2):g}" height="{round(height, 2):g}"{corner}/>'
    )


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'
