"""Streamed arguments: whatever a model writes, in whatever order and pieces, and wherever it breaks off.

What a tool reads is what the arguments say, or the beginning of it and then `ArgsAborted`; and it never begins before
all other arguments are settled, nor a piece later.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millstream import Agent, ArgsAborted, ArgStream, Limits, Run, WireError, tool
from millstream.events import ArgsDelta, CallFailed, CallReturned, CallSealed, CallStarted, JsonValue
from millstream.testing import check_records
from tests.alive import no_task_left
from tests.property.deterministic import BACKENDS, Backend, run_in_loop
from tests.talking_model import Step, TalkingModel, began, closed, ended, torn, wrote

pytestmark = [pytest.mark.timeout(900), pytest.mark.parametrize("backend", BACKENDS)]
EXAMPLES = settings(max_examples=settings().max_examples // 8)
LIMITS = Limits(request_attempts=1, cancel_grace_s=1)
CHARS = st.sampled_from('abé"\\\n\t😀 {}[],:')


@dataclass
class Heard:
    """What a body read, and how it heard of the end."""

    pieces: list[Any] = field(default_factory=list[Any])
    others: tuple[Any, ...] | None = None
    aborted: bool = False


async def _read(stream: Any, heard: Heard, *others: Any) -> str:
    heard.others = others
    try:
        async for piece in stream:
            heard.pieces.append(piece)
    except ArgsAborted:
        heard.aborted = True
        raise
    return "all of it"


@dataclass(frozen=True)
class Written:
    """A call as a model writes it: `needed` characters of its text settle all but the streamed argument."""

    args: dict[str, JsonValue]
    text: str
    needed: int
    cuts: tuple[int, ...]
    end: int | None
    """Where it breaks off; None where it does not."""
    length: bool
    """Whether that is for its length, or because the connection breaks."""

    @property
    def pieces(self) -> list[str]:
        """The text that comes, in pieces."""
        text = self.text[: self.end]
        places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in self.cuts)})
        return [text[start:end] for start, end in pairwise(places)]


@st.composite
def calls(draw: st.DrawFn, streamed: st.SearchStrategy[JsonValue]) -> Written:
    args: dict[str, JsonValue] = {"name": draw(st.text(CHARS, max_size=5)), "streamed": draw(streamed)}
    if draw(st.booleans()):
        args["count"] = draw(st.integers(-10, 1000))
    keys = draw(st.permutations(list(args)))
    ascii_only, space = draw(st.booleans()), draw(st.sampled_from(["", " ", "\n "]))
    text, ends, value_ends = "{", dict[str, int](), 0
    for key in keys:
        text += ("," if len(text) > 1 else "") + space + json.dumps(key) + space + ":" + space
        text += json.dumps(args[key], ensure_ascii=ascii_only)
        value_ends = len(text)
        ends[key] = value_ends + (key == "count")  # what follows a number ends it
    text += space + "}"
    needed = max(ends["name"], ends["count"]) if "count" in args else len(text)
    end = draw(st.none() | st.integers(0, len(text) - 1))
    cuts = tuple(range(len(text))) if draw(st.booleans()) else tuple(draw(st.lists(st.integers(0, 200), max_size=8)))
    return Written({key: args[key] for key in keys}, text, needed, cuts, end, draw(st.booleans()))


def play(written: Written, function: Any, heard: Heard, backend: Backend) -> Run:
    """The run of one call, to its end."""
    steps: list[Step] = [began("read"), *map(wrote, written.pieces)]
    if written.end is None:
        steps += [closed("read", written.text), ended()]
    else:
        steps.append(ended(length=True) if written.length else torn())
    runs: list[Run] = []

    async def main() -> None:
        async with (
            no_task_left(),
            Agent(TalkingModel(steps), [function], limits=LIMITS).stream("Go.", deps=heard) as run,
        ):
            runs.append(run)
            try:
                async for _ in run:
                    pass
            except WireError:
                assert written.end is not None

    run_in_loop(backend, main)
    assert check_records(runs[0].records) == []
    return runs[0]


def check(written: Written, run: Run, heard: Heard, whole: list[Any]) -> None:
    """What was read and when it began, against what was written; `whole` is all of it, in parts of one."""
    events = [record.event for record in run.records]
    came = written.text[: written.end]
    starts = [at for at, event in enumerate(events) if isinstance(event, CallStarted)]
    assert len(starts) == (len(came) >= written.needed)
    for at in starts:
        before = sum(len(event.text) for event in events[:at] if isinstance(event, ArgsDelta))
        boundaries = [0, *accumulate(map(len, written.pieces))]
        assert before == next(place for place in boundaries if place >= written.needed)
        assert events[at].state == "streaming"  # type: ignore[union-attr]
    read = [part for piece in heard.pieces for part in (piece if isinstance(piece, str) else [piece])]
    assert read == whole[: len(read)]
    if written.end is None:
        assert read == whole
        assert not heard.aborted
        assert heard.others == (written.args["name"], written.args.get("count", 7))
        assert any(isinstance(event, CallSealed) for event in events)
        assert [event.result for event in events if isinstance(event, CallReturned)] == ["all of it"]
    else:
        assert heard.aborted == (heard.others is not None)
        assert [event for event in events if isinstance(event, CallFailed)]
        assert not [event for event in events if isinstance(event, CallReturned)]


@EXAMPLES
@given(written=calls(st.text(CHARS, max_size=30)))
def test_text_is_read_as_it_is_written(written: Written, backend: Backend) -> None:
    heard = Heard()

    @tool
    async def read(streamed: ArgStream[str], name: str, count: int = 7) -> str:
        return await _read(streamed, heard, name, count)

    run = play(written, read, heard, backend)
    check(written, run, heard, list(str(written.args["streamed"])))
    assert all(heard.pieces)
    assert not any("\ud800" <= char <= "\udfff" for piece in heard.pieces for char in piece)


@EXAMPLES
@given(written=calls(st.lists(st.integers(-5, 2000), max_size=6)))
def test_items_are_read_as_they_are_written(written: Written, backend: Backend) -> None:
    heard = Heard()

    @tool
    async def read(name: str, streamed: ArgStream[list[int]], count: int = 7) -> str:
        return await _read(streamed, heard, name, count)

    run = play(written, read, heard, backend)
    check(written, run, heard, written.args["streamed"])


@EXAMPLES
@given(written=calls(st.lists(st.dictionaries(CHARS, st.text(CHARS, max_size=4) | st.none(), max_size=2), max_size=4)))
def test_items_that_are_objects_are_read_as_they_are_written(written: Written, backend: Backend) -> None:
    heard = Heard()

    @tool
    async def read(name: str, streamed: ArgStream[list[dict[str, str | None]]], count: int = 7) -> str:
        return await _read(streamed, heard, name, count)

    run = play(written, read, heard, backend)
    check(written, run, heard, written.args["streamed"])
