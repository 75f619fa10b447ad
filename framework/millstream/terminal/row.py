"""One line of the live view: a call, or the model, in columns. Pure; knows nothing about the other lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from rich.text import Text

from millstream.terminal.fit import cut, cut_start, padded
from millstream.terminal.glyphs import UNICODE
from millstream.terminal.summary import call_word, short
from millstream.terminal.waterfall import Scale, lane
from millstream.ui.call_view import CallState, CallView
from millstream.ui.reducer import RunView
from millstream.ui.turn_view import TurnView
from millstream.ui.words import arguments_line, percent, size

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAMES_PER_S = 8
_CHART_FROM = 80
_MESSAGE_FROM = 50
_TIME_FROM = 40
_TEN_S = 10
_NAME_CELLS = 12
_STATE_CELLS = 15
_TIME_CELLS = 8


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells, without the space behind each; 0 for a column that is left out."""

    name: int
    state: int
    time: int
    chart: int
    message: int


def columns_for(width: int, longest_name: int) -> Columns:
    """The columns of a terminal of `width` cells: below 80 no timeline, below 50 no message, below 40 no time."""
    name = min(max(longest_name, _NAME_CELLS), 20)
    if width < _MESSAGE_FROM:
        time = _TIME_CELLS if width >= _TIME_FROM else 0
        state = min(_STATE_CELLS, max(width - _NAME_CELLS, 0))
        return Columns(min(name, max(width - state - time - 4, 0)), state, time, 0, 0)
    rest = width - 2 - (name + 1) - (_STATE_CELLS + 1) - (_TIME_CELLS + 1)
    if width < _CHART_FROM:
        return Columns(name, _STATE_CELLS, _TIME_CELLS, 0, rest)
    chart = min(max(rest * 11 // 20, 20), 60)
    return Columns(name, _STATE_CELLS, _TIME_CELLS, chart, rest - chart - 1)


def call_row(call: CallView, now_s: float, columns: Columns, scale: Scale | None) -> Text:
    """The line of a call; without a `scale` it has no timeline, and the message has its place."""
    style = _style(call.state)
    sign = SPINNER[int(now_s * _FRAMES_PER_S) % len(SPINNER)] if call.state in {"running", "args"} else ""
    row = _columns(
        columns,
        Text(sign or UNICODE.of(call.state), style),
        Text(padded(_name(call), columns.name)),
        Text(padded(_state(call, now_s), columns.state), style),
        _time(call, now_s),
    )
    if scale is not None:
        row.append_text(lane(call.segments, scale, now_s)).append(" ")
    room = columns.message if scale is not None or not columns.chart else columns.message + columns.chart + 1
    return row.append(_message(call, room), style if call.ended and call.state != "done" else "")


def model_row(view: RunView, now_s: float, columns: Columns, scale: Scale | None) -> Text:
    """The line of the model: what it is doing, for how long it was at it in all, and its turns on the timeline."""
    last = view.turns[-1] if view.turns else None
    doing = _doing(view, last) if last is not None and view.ended_s is None else ""
    count = f"{len(view.turns)} turn{'' if len(view.turns) == 1 else 's'}" if view.turns else ""
    spent_s = sum((now_s if turn.ended_s is None else turn.ended_s) - turn.started_s for turn in view.turns)
    row = _columns(
        columns,
        Text("○", "bright_black"),
        Text(padded("model", columns.name), "italic"),
        Text(padded(doing or count, columns.state)),
        short(spent_s) if view.turns else "",
    )
    if scale is not None:
        turns = (segment for turn in view.turns for segment in turn.segments)
        row.append_text(lane(turns, scale, now_s)).append(" ")
    thinking = str(last.reasoning)[-columns.message :] if last is not None and doing == "thinking" else ""
    note = (last.note if last is not None else "") or view.model
    shown = cut_start(thinking, columns.message) if thinking.strip() else cut(note, columns.message)
    return row.append(shown, "italic bright_black")


def _columns(columns: Columns, sign: Text, name: Text, state: Text, time: str) -> Text:
    row = Text(no_wrap=True, overflow="crop").append_text(sign).append(" ").append_text(name).append(" ")
    row.append_text(state).append(" ")
    return row.append(f"{time:<{columns.time}.{columns.time}} ") if columns.time else row


def _name(call: CallView) -> str:
    # Below the call whose sub-agent made it. A sign and not spaces: fitting text to cells trims those.
    return ("└ " if call.scope else "") + call.name_line


def _doing(view: RunView, turn: TurnView) -> str:
    if turn.ended_s is not None:
        return "waits for tools" if any(not call.ended for call in view.calls) else ""
    if turn.first_s is None:
        return "asked"
    return "thinking" if turn.reasoning and not turn.text else "writing"


def _style(state: CallState) -> str:
    match state:
        case "args":
            return "magenta"
        case "running":
            return "bright_blue"
        case "done":
            return "green"
        case "approval" | "retrying":
            return "yellow"
        case "queued" | "cancelled" | "unknown":
            return ""
        case "failed" | "rejected" | "truncated" | "denied" | "timeout":
            return "red"
        case _:
            assert_never(state)


def _state(call: CallView, now_s: float) -> str:
    match call.state:
        case "args":
            return f"args {size(call.args_bytes)}"
        case "running":
            share = percent(call.done, call.total)
            if share is not None:
                return f"running {share} %"
            return f"running {call.done:g}" if call.done is not None else "running"
        case "retrying":
            left_s = max(call.retry_at_s - now_s, 0.0)
            return f"retry {call.attempt + 1} in {left_s:.{0 if left_s >= _TEN_S else 1}f}s"
        case "failed" | "timeout" if call.attempt > 1:
            return f"{call_word(call.state)}, {call.attempt} tries"
        case _:
            return call_word(call.state)


def _time(call: CallView, now_s: float) -> str:
    if call.state == "approval":
        return "—"  # a person's time does not tick
    if call.started_s is not None:
        run_s = call.run_s(now_s)
        return short(run_s) if call.ended else f"{run_s:.1f}s" if run_s < 60 else short(run_s)  # noqa: PLR2004  a minute
    return f"{now_s - call.opened_s:.1f}s" if not call.ended else ""


def _message(call: CallView, cells: int) -> str:
    match call.state:
        case "args":
            return cut_start(call.args_tail, cells - 1) + "▌" if cells > 1 else ""
        case "queued":
            return cut(call.why, cells)
        case "done":
            return cut(f"→ {call.result_line}", cells)
        case "running":
            reported = call.message or (call.log[-1] if call.log else "")
            if not reported and call.said_tail.strip():
                return cut_start(call.said_tail, cells)
            return cut(reported or arguments_line(call.settled if call.args is None else call.args), cells)
        case "approval":
            return cut(arguments_line(call.args), cells)
        case _:
            return cut(call.failure_line, cells)
