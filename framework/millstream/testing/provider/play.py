"""Steps become timed acts: who writes which piece of text when.

Pure and lazy, so that an endless response needs no memory. Timing is decided here and nowhere else; how an act looks on
a wire is the business of each wire (`responses`, `chat`, `anthropic` …).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from millstream.testing.provider.scenario import Response, calls_in
from millstream.testing.provider.steps import (
    CallTool,
    Cut,
    CutHow,
    Done,
    ErrorEvent,
    Finish,
    Flood,
    LongLine,
    MoreArgs,
    Pause,
    Ping,
    Raw,
    Refuse,
    Say,
    Step,
    Think,
    Together,
)

GOOD_ENDS = frozenset(
    (
        *(None, "stop", "tool_calls", "function_call", "completed"),
        *("end_turn", "tool_use", "stop_sequence", "STOP", "COMPLETE", "TOOL_CALL", "requires_action"),
    )
)
"""Reasons of a response that ended well, in the words of any provider: its last item is complete."""
LINE_PIECE_BYTES = 64 * 1024
"""A long line is written in pieces of this size: enough to be quick, little enough to need no memory."""

TextKind: TypeAlias = Literal["say", "think", "refuse"]


@dataclass(frozen=True, slots=True)
class Wrote:
    """A piece of text, of reasoning or of a refusal."""

    at_s: float
    kind: TextKind
    text: str
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """The text before it is complete."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Opened:
    """Call number `n` of the response, counted from 0, begins."""

    at_s: float
    n: int
    call: CallTool


@dataclass(frozen=True, slots=True)
class Argued:
    """A piece of the arguments of call `n`; `last` with the one that completes them."""

    at_s: float
    n: int
    text: str
    last: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """Call `n` is closed as complete."""

    at_s: float
    n: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The response ends, for a reason; None is the natural one."""

    at_s: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of the stream as the wire marks it."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """An error is sent within the stream."""

    at_s: float
    error: ErrorEvent


@dataclass(frozen=True, slots=True)
class Pinged:
    """A sign of life."""

    at_s: float
    kind: Literal["comment", "keepalive"]


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes as they are; none at all for a wait until `at_s`."""

    at_s: float
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Torn:
    """The response breaks off."""

    at_s: float
    how: CutHow


Act: TypeAlias = Wrote | Closed | Opened | Argued | Sealed | Finished | Ended | Failed | Pinged | Sent | Torn


def play(response: Response) -> Iterator[Act]:
    """The acts of a response in order, each with its time in seconds from the start of the response."""
    steps = completed(response.steps)
    clock_s, calls = 0.0, 0
    for number, step in enumerate(steps):
        if not isinstance(step, Pause | Ping) and step.at_s is not None:
            clock_s = max(clock_s, step.at_s)
        for act in _acts(step, _Place(response, clock_s, calls, closes=_closes(steps, number))):
            clock_s = max(clock_s, act.at_s)
            yield act
            if isinstance(act, Torn):
                return
        calls += calls_in(step)


def completed(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps with the `Finish` and the `Done` that go without saying."""
    cut = any(isinstance(step, Cut | ErrorEvent) for step in steps)
    done = next((at for at, step in enumerate(steps) if isinstance(step, Done)), len(steps))
    finish = () if cut or done < len(steps) or any(isinstance(step, Finish) for step in steps) else (Finish(),)
    return (*steps, *finish, *(() if cut or done < len(steps) else (Done(),)))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step stands: in which response, at what time, behind how many calls, and whether its item is closed."""

    response: Response
    clock_s: float
    calls: int
    closes: bool

    @property
    def pace_s(self) -> float:
        return 1 / self.response.tokens_per_s if self.response.tokens_per_s else 0.0


def _acts(step: Step, place: _Place) -> Iterator[Act]:
    now = place.clock_s
    match step:
        case Say() | Think() | Refuse():
            yield from _text(step, place)
        case CallTool():
            yield from _together((step,), place, may_seal=place.closes)
        case Together(calls=calls):
            yield from _together(calls, place, may_seal=True)
        case MoreArgs(text=text, of=of, seal=seal):
            yield Argued(now, of, text, last=seal)
            if seal:
                yield Sealed(now, of)
        case Pause(s=s):
            yield Sent(now + s)
        case Ping():
            yield from (Pinged(now + n * step.every_s, step.kind) for n in range(1, int(step.for_s / step.every_s) + 1))
            yield Sent(now + step.for_s)
        case Finish(reason=reason):
            yield Finished(now, reason)
        case Done():
            yield Ended(now)
        case ErrorEvent():
            yield Failed(now, step)
        case Cut(how=how):
            yield Torn(now, how)
        case Flood():
            yield from _flood(step, place)
        case LongLine(size_bytes=size_bytes):
            yield from _long_line(size_bytes, now)
        case Raw(data=data):
            yield Sent(now, data.encode() if isinstance(data, str) else data)
        case _:
            assert_never(step)


def _text(step: Say | Think | Refuse, place: _Place) -> Iterator[Act]:
    kind: TextKind = "say" if isinstance(step, Say) else "think" if isinstance(step, Think) else "refuse"
    phase = step.phase if isinstance(step, Say) else None
    pieces = _cut_up(step.text, step.chunk_chars or place.response.chunk_chars)
    if kind == "think" and not pieces:
        pieces = [""]  # reasoning that is not shown is there all the same
    at_s = place.clock_s
    for at_s, piece in _spread(pieces, place.clock_s, step.until_s, place.pace_s):
        yield Wrote(at_s, kind, piece, phase)
    if place.closes:
        yield Closed(at_s)


def _together(calls: Sequence[CallTool], place: _Place, *, may_seal: bool) -> Iterator[Act]:
    """The calls' openings and deltas merged by time; at the same time they take turns."""
    timed: list[tuple[float, int, int, Act]] = []
    for lane, call in enumerate(calls):
        n = place.calls + lane
        start_s = max(place.clock_s, call.at_s or 0.0)
        timed.append((start_s, -1, lane, Opened(start_s, n, call)))
        pieces = _cut_up(call.text, call.chunk_chars or place.response.chunk_chars) or [""]
        last = len(pieces) - 1
        seals = may_seal if call.seal is None else call.seal
        for turn, (at_s, piece) in enumerate(_spread(pieces, start_s, call.until_s, place.pace_s * len(calls))):
            timed.append((at_s, turn, lane, Argued(at_s, n, piece, last=turn == last)))
            if turn == last and seals:
                timed.append((at_s, turn, lane, Sealed(at_s, n)))
    timed.sort(key=lambda entry: entry[:3])  # stable: a call is sealed right after its last delta
    yield from (act for _, _, _, act in timed)


def _flood(step: Flood, place: _Place) -> Iterator[Act]:
    at_s, left = place.clock_s, math.inf if step.chars is None else step.chars
    while left > 0:
        at_s += place.pace_s
        text = step.text if left >= len(step.text) else step.text[: int(left)]
        yield Wrote(at_s, "say", text)
        left -= len(text)


def _long_line(size_bytes: int, at_s: float) -> Iterator[Act]:
    start = b'data: {"'[:size_bytes]
    yield Sent(at_s, start)
    for left in range(size_bytes - len(start), 0, -LINE_PIECE_BYTES):
        yield Sent(at_s, b"x" * min(left, LINE_PIECE_BYTES))


def _cut_up(text: str, chars: int) -> list[str]:
    return [text[at : at + chars] for at in range(0, len(text), chars)]


def _spread(pieces: Sequence[str], start_s: float, until_s: float | None, pace_s: float) -> Iterator[tuple[float, str]]:
    """Each piece with its time: one pace after the other, or evenly so that the last comes exactly at `until_s`."""
    if until_s is not None and pieces:
        pace_s = max(0.0, until_s - start_s) / len(pieces)
    for number, piece in enumerate(pieces, 1):
        last = until_s is not None and number == len(pieces)
        yield (max(start_s, until_s or 0.0) if last else start_s + number * pace_s), piece


def _closes(steps: Sequence[Step], at: int) -> bool:
    """Whether the item of a step is closed behind it: not when text goes on, nor when the response breaks off there."""
    step, behind = steps[at], steps[at + 1 :]
    if not behind or isinstance(behind[0], Cut | ErrorEvent | LongLine):
        return False
    match next((other for other in behind if not isinstance(other, Pause | Ping | Raw)), None):
        case Finish(reason=reason):
            return reason in GOOD_ENDS
        case Say(phase=phase):
            return not (isinstance(step, Say) and step.phase == phase)
        case Think() | Refuse() as after:
            return type(after) is not type(step)
        case _:
            return True
