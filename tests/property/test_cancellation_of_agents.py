"""Invariant 9 beyond one response: handoffs, sub-agents, suspended runs, sessions … are left at any step.

After each: no task, thread, file or connection is left, the log is lawful, and the run can be gone on from.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import anyio
import pytest
from anyio.lowlevel import checkpoint

from millstream import Answer, Approve, Run, RunError, RunState, WireError
from millstream.events import (
    CallEnded,
    CallOpened,
    CallReturned,
    CallStarted,
    Record,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunSuspended,
    TurnRestarted,
)
from millstream.testing import ScriptedModel, check_records
from tests.alive import no_task_left, nothing_left
from tests.property.counted import World
from tests.property.deterministic import BACKENDS, Backend, run_in_loop
from tests.property.situations import SITUATIONS, Situation

MOST_STEPS = 3000
PATIENCE_S = 20
KEY = "a key of at least sixteen bytes"


@dataclass
class Leaving:
    """Cancels at a step, counted from when the run is entered; `step` 0 never comes."""

    step: int
    came: bool = False
    steps: int = 0
    scope: anyio.CancelScope | None = None

    def on_step(self) -> None:
        """A task goes on."""
        if self.scope is None:
            return
        self.steps += 1
        if self.steps == self.step:
            self.came = True
            self.scope.cancel()

    async def play(self, situation: Situation) -> Run:
        """Play until it is left or over."""
        agent = situation.agent
        if situation.answers is None:
            run = agent.stream("Go.", history=situation.session)
        else:
            first = await agent.run("Go.")
            assert first.state is not None
            run = agent.stream(resume=first.state, answers=situation.answers)
        with anyio.CancelScope() as scope:
            self.scope = scope
            try:
                async with run:
                    async for record in run.follow():
                        situation.on_record(run, record)
                        for _ in range(situation.rest):
                            await checkpoint()
            except (WireError, RunError):
                pass
            finally:
                self.scope = None
        return run


def left(name: str, backend: Backend, leaving: Leaving) -> list[Record]:
    """Play, leave, and look at what is left; the log."""
    world = World()
    situation = SITUATIONS[name](world)
    records: list[Record] = []

    async def main() -> None:
        with anyio.fail_after(PATIENCE_S):
            async with no_task_left():
                run = await leaving.play(situation)
            assert not +world.opened
            assert situation.at_work == []
            records.extend(run.records)
            if not records:
                return  # left before the run was entered
            _check_log(records)
            await _go_on(situation, run)

    run_in_loop(backend, main, leaving.on_step)
    return records


def _check_log(records: list[Record]) -> None:
    assert check_records(records) == []
    last = records[-1].event
    assert isinstance(last, RunCancelled | RunFinished | RunFailed | RunSuspended)
    opened = {(record.scope, record.event.call.id) for record in records if isinstance(record.event, CallOpened)}
    ended = [(record.scope, record.event.call.id) for record in records if isinstance(record.event, CallEnded)]
    assert len(ended) == len(set(ended))
    if isinstance(last, RunSuspended):
        assert {call.id for call in last.pending} >= {call_id for _, call_id in opened - set(ended)}
    else:
        assert opened <= set(ended)


async def _go_on(situation: Situation, run: Run) -> None:
    """From the state where there is one, else from what was said and done."""
    assert run.transcript.unanswered == run.transcript.unasked == ()
    agent = run.agent.override(model=ScriptedModel([situation.last_word]))
    if run.state is not None:
        state = RunState.load(run.state.dump(KEY), KEY)
        answers = {
            call.id: Approve() if state.calls[call.id].waits_for == "approval" else Answer("so")
            for call in state.pending
        }
        result = await agent.run(resume=state, answers=answers)
        assert check_records([*run.records, *result.records]) == []
    elif situation.session is not None:
        assert tuple(await situation.session.transcript()) == tuple(run.transcript)
        result = await agent.run("Go on.", history=situation.session)
    else:
        result = await agent.run("Go on.", history=run.transcript)
    assert isinstance(result.records[-1].event, RunFinished)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", SITUATIONS)
def test_9_left_at_any_step_nothing_is_left(name: str, backend: Backend) -> None:
    step, records = 0, list[Record]()
    with nothing_left():
        for step in count(1):
            leaving = Leaving(step)
            records = left(name, backend, leaving)
            if not leaving.came:
                break
            assert step < MOST_STEPS
    assert step > 10
    assert isinstance(records[-1].event, RunFinished | RunSuspended), "nobody had left"


def test_the_situations_are_what_they_are_called() -> None:
    """A situation in which nothing of the sort happens would prove nothing."""

    def events(name: str) -> list[object]:
        return [record.event for record in left(name, "asyncio", Leaving(0))]

    assert isinstance(events("on the way to suspension")[-1], RunSuspended)
    assert isinstance(events("resumed in part")[-1], RunSuspended)
    restarted = events("torn, asked again, and the result used again")
    assert any(isinstance(event, TurnRestarted) for event in restarted)
    assert any(isinstance(event, CallStarted) and event.reused_of is not None for event in restarted)
    attempts = [event.attempt for event in events("tried three times") if isinstance(event, CallStarted)]
    assert attempts == [1, 2, 3]
    assert [event.result for event in events("an executor of one's own") if isinstance(event, CallReturned)] == [3, 4]
