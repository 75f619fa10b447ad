"""Invariant 9 over WebSocket: cancelled at any step nothing is left, and what is still open can be gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import anyio
import pytest

from millstream import Agent, Model
from millstream.events import RunCancelled, RunFinished
from millstream.testing import CallTool, FakeProvider, Say, Scenario, check_records
from tests.alive import no_task_left, nothing_left
from tests.faults.talking import looking
from tests.property.deterministic import BACKENDS, Backend, run_in_loop

MOST_STEPS = 2000
PATIENCE_S = 20.0


@dataclass
class Cancelling:
    """A scope that is cancelled at a step."""

    step: int
    scope: anyio.CancelScope | None = None
    steps: int = 0
    came: bool = False

    def on_step(self) -> None:
        """A task goes on."""
        if self.scope is None:
            return
        self.steps += 1
        if self.steps == self.step:
            self.came = True
            self.scope.cancel()


SCENARIO = Scenario.of([Say("I look."), CallTool("look", {"at": "it"})], "Done.", pick="history")


def agent_of(provider: FakeProvider) -> Agent:
    model = Model("openai:fake", base_url=provider.base_url, api_key="any", transport="websocket")
    return Agent(model, [looking([])])


@pytest.mark.parametrize("backend", BACKENDS)
def test_9_a_run_cancelled_at_any_step_leaves_nothing_and_the_agent_goes_on(backend: Backend) -> None:
    with nothing_left(), FakeProvider(SCENARIO) as provider:
        step = 0
        for step in count(1):
            cancelling = Cancelling(step)

            async def main(cancelling: Cancelling = cancelling) -> None:
                with anyio.fail_after(PATIENCE_S):
                    async with no_task_left(), agent_of(provider) as agent:
                        run = agent.stream("Go.")
                        with anyio.CancelScope() as scope:
                            cancelling.scope = scope
                            async with run:
                                async for _ in run:
                                    pass
                        cancelling.scope = None
                        records = run.records
                        assert not check_records(records)
                        assert not records or isinstance(records[-1].event, RunCancelled | RunFinished)
                        assert (await agent.run("Go.")).text == "Done."

            run_in_loop(backend, main, cancelling.on_step)
            if not cancelling.came:
                break
            assert step < MOST_STEPS
        assert step > 10
    assert all(request.status == 200 for request in provider.requests)


@pytest.mark.parametrize("backend", BACKENDS)
def test_9_an_agent_cancelled_at_any_step_leaves_nothing(backend: Backend) -> None:
    with nothing_left(), FakeProvider(SCENARIO) as provider:
        step = 0
        for step in count(1):
            cancelling = Cancelling(step)

            async def main(cancelling: Cancelling = cancelling) -> None:
                with anyio.fail_after(PATIENCE_S):
                    async with no_task_left():
                        with anyio.CancelScope() as scope:
                            cancelling.scope = scope
                            async with agent_of(provider) as agent:
                                await agent.run("Go.")
                        cancelling.scope = None

            run_in_loop(backend, main, cancelling.on_step)
            if not cancelling.came:
                break
            assert step < MOST_STEPS
        assert step > 10
