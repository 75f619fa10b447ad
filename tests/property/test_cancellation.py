"""Invariant 9: whoever leaves a run, in whatever way and at whatever step, leaves nothing behind and can go on.

Each scene is played again and again: cancelled at its first step, at its second, and so on until it is over before the
step comes; then left in the consumer's own frame at each of its events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Literal, TypeAlias

import anyio
import pytest
from anyio.lowlevel import checkpoint

from millstream import RunError, Transcript, WireError
from millstream.events import (
    CallEnded,
    CallOpened,
    CallStarted,
    Record,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
)
from millstream.testing import check_records
from tests.alive import no_task_left, nothing_left
from tests.property.deterministic import BACKENDS, Backend, run_in_loop
from tests.property.scenes import SCENES, answer, calling
from tests.property.scripts import Play
from tests.property.stage import RUN_ID, Stage

pytestmark = [pytest.mark.parametrize("backend", BACKENDS), pytest.mark.parametrize("scene", SCENES)]

MOST_STEPS = 2000
PATIENCE_S = 20
How: TypeAlias = Literal["break", "raise", "cancel"]


class _Mine(Exception):
    """The consumer's own."""


@dataclass
class Leaving:
    """One play that is left: at the step, or by the consumer at an event."""

    step: int | None = None
    event: int | None = None
    how: How = "break"
    scope: anyio.CancelScope | None = None
    steps: int = 0
    came: bool = False
    """Whether it was left where it should."""
    taken: list[Record] = field(default_factory=list[Record])
    gone_on_from: Transcript | None = None
    """The last transcript, of this play or an earlier one, that was gone on from."""

    def on_step(self) -> None:
        """A task goes on."""
        if self.scope is None:
            return
        self.steps += 1
        if self.steps == self.step:
            self.came = True
            self.scope.cancel()

    async def play(self, play: Play) -> Stage:
        """Play until it is left or over."""
        stage = Stage(play)
        stage.run = run = stage.agent.stream("Go.", run_id=RUN_ID, deps=stage)
        with anyio.CancelScope() as scope:
            self.scope = scope
            try:
                async with run:
                    async for record in run.follow():
                        self.taken.append(record)
                        for _ in range(play.consumer_rest):
                            await checkpoint()
                        if len(self.taken) - 1 == self.event:
                            self.came = True
                            if self.how == "break":
                                break
                            if self.how == "raise":
                                raise _Mine  # noqa: TRY301  as a consumer would
                            run.cancel(reason="enough")
            except (WireError, RunError, _Mine):
                pass
            finally:
                self.scope = None
        return stage


def left(play: Play, backend: Backend, leaving: Leaving) -> None:
    """Play, leave, and look at what is left."""

    async def main() -> None:
        with anyio.fail_after(PATIENCE_S):
            async with no_task_left():
                stage = await leaving.play(play)
            assert not +stage.opened, "the transport is open"
            await _threads_ended(stage)
            _check_log(stage, leaving)
            assert stage.run is not None
            history = stage.run.transcript
            if history != leaving.gone_on_from:  # most steps leave what the one before has left
                await _go_on(play, history)
                leaving.gone_on_from = history

    run_in_loop(backend, main, leaving.on_step)


async def _threads_ended(stage: Stage) -> None:
    """A thread can not be stopped, but ends soon."""
    while stage.at_work["all"]:  # noqa: ASYNC110  a thread sets no event of the loop
        await anyio.sleep(0.001)


def _check_log(stage: Stage, leaving: Leaving) -> None:
    records = stage.records
    events = [record.event for record in records]
    if not leaving.taken and not events:
        return  # left before the run was entered
    assert not check_records(records)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunCancelled | RunFinished | RunFailed)
    assert records[: len(leaving.taken)] == leaving.taken
    opened = sorted(event.call.id for event in events if isinstance(event, CallOpened))
    assert opened == sorted(event.call.id for event in events if isinstance(event, CallEnded))
    started = {(event.call.id, event.attempt) for event in events if isinstance(event, CallStarted)}
    assert {(began.call.id, began.attempt) for began in stage.began} <= started
    assert not stage.refusals


async def _go_on(play: Play, history: Transcript) -> None:
    """The transcript is a history that the provider accepts, and there is a place for its tools."""
    assert not history.unanswered
    again = Stage(Play(play.api, play.tools, (answer(calling(play.tools[0].name, 90)),), limits=play.limits))
    again.run = run = again.agent.stream("Go on.", history=history, run_id=RUN_ID, deps=again)
    async with run:
        async for _ in run:
            pass
    assert not again.refusals
    assert isinstance(again.records[-1].event, RunFinished)
    assert [began.key for began in again.began] == ["k90"]


def test_9_cancelled_at_any_step_nothing_is_left(scene: str, backend: Backend) -> None:
    step, history = 0, None
    with nothing_left():
        for step in count(1):
            leaving = Leaving(step, gone_on_from=history)
            left(SCENES[scene], backend, leaving)
            history = leaving.gone_on_from
            if not leaving.came:
                break
            assert step < MOST_STEPS
    assert step > 10


@pytest.mark.parametrize("how", ["break", pytest.param("raise", marks=pytest.mark.long), "cancel"])
def test_9_left_by_its_consumer_at_any_event_nothing_is_left(scene: str, how: How, backend: Backend) -> None:
    event, history = 0, None
    with nothing_left():
        for event in count():
            leaving = Leaving(event=event, how=how, gone_on_from=history)
            left(SCENES[scene], backend, leaving)
            history = leaving.gone_on_from
            if not leaving.came:
                break
            assert event < MOST_STEPS
    assert event > 3
