"""Invariant 12 of whole runs: a consumer that stops taking stops the producer, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from millstream import Limits
from millstream.events import ArgsDelta, Event, ReasoningDelta, RunFinished, TextDelta
from millstream.testing import CallTool, Response, Say, Think, Together
from millstream.testing.provider.play import Argued, Wrote
from millstream.testing.provider.steps import Step
from tests.alive import no_task_left
from tests.property.deterministic import BACKENDS, Backend, run_in_loop
from tests.property.scenes import calling
from tests.property.scripts import APIS, Answer, CallPlan, Play, ToolPlan
from tests.property.stage import RUN_ID, Served, Stage
from tests.property.starts import may_start

pytestmark = [pytest.mark.timeout(1800), pytest.mark.parametrize("backend", BACKENDS)]
EXAMPLES = settings(max_examples=settings().max_examples // 12)
PATIENCE_S = 20
TURNS_TO_SETTLE = 16
"""More turns of the event loop than anything in a play takes between two things that it does."""


class Frozen(NamedTuple):
    """What a consumer that stopped found when everything else had come to rest."""

    arrived: int
    """Characters of text that the transport had handed out."""
    taken: int
    """Characters of text that the consumer had taken."""


@st.composite
def floods(draw: st.DrawFn) -> Play:
    """A call that starts at once, then far more text than may be buffered, in pieces of any size."""
    chunk = draw(st.sampled_from((3, 7, 40)))
    first, plan = calling("read", 0)
    writes = [
        CallTool("write", {"key": f"k{n}" + "x" * 60, "how": "return", "turns": 0}, chunk_chars=chunk) for n in (1, 2)
    ]
    kind = draw(st.sampled_from(("say", "think", "write")))
    flood: Step = Together(tuple(writes))
    if kind != "write":
        flood = Say("What a day. " * 12, chunk_chars=chunk) if kind == "say" else Think("Hm. " * 40, chunk_chars=chunk)
    steps = (first, flood, Say("So."))
    plans = [CallPlan(write.name, write.text, json.loads(write.text)["key"]) for write in writes]
    answer = Answer(
        Response(steps),
        (plan, *(plans if kind == "write" else ())),
        places=draw(st.none() | st.lists(st.integers(0, 30_000), min_size=9, max_size=30).map(tuple)),
        rest=draw(st.integers(0, 2)),
    )
    limits = Limits(max_buffered_chars=draw(st.integers(0, 80)))
    tools = (ToolPlan("read", read_only=True), ToolPlan("write"))
    return Play(draw(st.sampled_from(APIS)), tools, (answer,), limits=limits)


@EXAMPLES
@given(play=floods(), stops=st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_12_a_frozen_consumer_stops_the_producer(play: Play, stops: list[int], backend: Backend) -> None:
    stage, frozen, events = _followed(play, stops, backend)
    bound = play.limits.max_buffered_chars + max(_texts_of_pieces(stage.served[0]))
    assert all(one.arrived - one.taken <= bound for one in frozen)
    assert isinstance(events[-1], RunFinished)
    assert _chars_taken(events) == sum(_chars_arrived(served) for served in stage.served), "nothing is lost"


@EXAMPLES
@given(play=floods())
def test_12_tools_do_not_wait_for_the_consumer(play: Play, backend: Backend) -> None:
    """The call before the flood runs to its end while nobody takes an event."""
    play = replace(play, answers=tuple(replace(one, places=None) for one in play.answers if isinstance(one, Answer)))

    async def main() -> None:
        stage = Stage(play)
        stage.run = run = stage.agent.stream("Go.", run_id=RUN_ID, deps=stage)
        with anyio.fail_after(PATIENCE_S):
            async with no_task_left(), run:
                await _settle(stage)
                assert ("k0" in stage.returned) == may_start(play.api, "eager", stage.served[0].seen(), 0)
                assert not stage.at_work["all"]

    run_in_loop(backend, main)


def _followed(play: Play, stops: list[int], backend: Backend) -> tuple[Stage, list[Frozen], list[Event]]:
    """Follow the run, and stand still for a while after each of so many events more; then take the rest."""

    async def main() -> tuple[Stage, list[Frozen], list[Event]]:
        stage = Stage(play)
        stage.run = run = stage.agent.stream("Go.", run_id=RUN_ID, deps=stage)
        frozen, events = list[Frozen](), list[Event]()
        with anyio.fail_after(PATIENCE_S):
            async with no_task_left(), run:
                for stop in stops:
                    for _ in range(stop):
                        events += [event for event in (await anext(run, None),) if event is not None]
                    await _settle(stage)
                    frozen.append(Frozen(sum(map(_chars_arrived, stage.served)), _chars_taken(events)))
                events += [event async for event in run]
        return stage, frozen, events

    return run_in_loop(backend, main)


async def _settle(stage: Stage) -> None:
    """Let everybody else do what they can."""
    before: object = None
    while before != (now := (len(stage.served), stage.served[-1].position if stage.served else 0, len(stage.records))):
        before = now
        for _ in range(TURNS_TO_SETTLE):
            await checkpoint()


def _chars_arrived(served: Served, position: int | None = None) -> int:
    return sum(len(act.text) for act in served.seen(position) if isinstance(act, Wrote | Argued))


def _chars_taken(events: list[Event]) -> int:
    return sum(len(event.text) for event in events if isinstance(event, TextDelta | ReasoningDelta | ArgsDelta))


def _texts_of_pieces(served: Served) -> list[int]:
    """How much text is in each piece that the transport hands out."""
    texts = [_chars_arrived(served, end) for end in (0, *served.ends)]
    return [after - before for before, after in pairwise(texts)]
