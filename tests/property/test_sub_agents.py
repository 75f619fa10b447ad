"""Invariant 9 for agents within agents: cancelled at any step, nothing is left, and the log of all of them is whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, TypeAlias

import anyio
import pytest
from anyio.lowlevel import checkpoint

from millstream import Agent, Limits, RunError, ToolContext, WireError, tool
from millstream.events import CallEnded, CallOpened, RunCancelled, RunFailed, RunFinished
from millstream.journal.memory import MemoryJournal
from millstream.testing import Body, Say, check_records
from tests.alive import no_task_left, nothing_left
from tests.property.counted import World, calling
from tests.property.deterministic import BACKENDS, Backend, run_in_loop

MOST_STEPS = 3000
PATIENCE_S = 20
Whom: TypeAlias = Literal["all", "the outer call", "the inner run", "the inner call"]


@tool(read_only=True)
async def work(turns: int, ctx: ToolContext[Any]) -> str:
    """Work for some turns of the event loop."""
    for turn in range(turns):
        ctx.progress(turn, turns)
        await checkpoint()
    return "worked"


def _inner(world: World, name: str = "inner") -> Agent:
    calls = [calling("work", turns=3), calling("work", turns=1)]
    return Agent(world.model(name, [Say("Hm. "), *calls, Say("So.")], "Done."), [work])


def _one(world: World) -> Agent:
    research = _inner(world).as_tool("research", "Research.")
    script = [[Say("I ask. "), calling("research", prompt="a"), calling("work", turns=2)], "So."]
    return Agent(world.model("outer", *script), [research, work])


def _two(world: World) -> Agent:
    tools = [_inner(world, f"inner {n}").as_tool(f"research{n}", "Research.", read_only=True) for n in range(2)]
    script = [[*(calling(one.name, prompt="a") for one in tools), Say("I wait.")], "So."]
    return Agent(world.model("outer", *script), tools, limits=Limits(max_buffered_chars=5))


def _deep(world: World) -> Agent:
    research = _inner(world).as_tool("research", "Research.")
    middle = Agent(world.model("middle", [calling("research", prompt="b")], "Hm."), [research])
    return Agent(world.model("outer", [calling("manage", prompt="a")], "So."), [middle.as_tool("manage", "M.")])


def _failing(world: World) -> Agent:
    refused = Body({"error": {"message": "No.", "type": "refused"}}, status=400)
    broken = Agent(world.model("inner", [calling("work", turns=2)], refused), [work])
    return Agent(world.model("outer", [calling("ask", prompt="a")], "So."), [broken.as_tool("ask", "Ask.")])


def _handoff(world: World) -> Agent:
    second = Agent(world.model("second", [Say("Me. "), calling("work", turns=2)], "Done."), [work], name="second")
    script = [[calling("work", turns=1), calling("transfer_to_second")]]
    return Agent(world.model("first", *script), [work], name="first", handoffs=[second])


SCENES: dict[str, Callable[[World], Agent]] = {
    "one sub-agent": _one,
    "two sub-agents and a slow consumer": _two,
    "a sub-agent of a sub-agent": _deep,
    "a sub-agent that fails": _failing,
    "a handoff": _handoff,
}


@dataclass
class Leaving:
    """One play that is cancelled at a step, as a whole or in a part."""

    step: int | None
    whom: Whom = "all"
    came: bool = False
    steps: int = 0
    cancel: Callable[[], object] | None = None

    def on_step(self) -> None:
        """A task goes on."""
        if self.cancel is None:
            return
        self.steps += 1
        if self.steps == self.step:
            self.came = True
            self.cancel()

    async def play(self, agent: Agent) -> None:
        """Play until it is left or over."""
        run = agent.stream("Go.", run_id="run")

        def part() -> None:
            outer = next(iter(run.calls.values()), None)
            inner = outer.run if outer is not None else None
            if self.whom == "the outer call" and outer is not None:
                outer.cancel()
            elif self.whom == "the inner run" and inner is not None:
                inner.cancel()
            elif self.whom == "the inner call" and inner is not None:
                for handle in inner.calls.values():
                    handle.cancel()

        with anyio.CancelScope() as scope:
            self.cancel = scope.cancel if self.whom == "all" else part
            try:
                async with run:
                    async for _ in run.follow():
                        await checkpoint()
            except (WireError, RunError):
                pass
            finally:
                self.cancel = None


def left(scene: str, backend: Backend, leaving: Leaving) -> None:
    """Play, leave, and look at what is left."""
    world, journal = World(), MemoryJournal()

    async def main() -> None:
        agent = SCENES[scene](world)
        played = Agent(agent.model, agent.toolbox.values(), limits=agent.limits, journal=journal, name=agent.name)
        played.handoffs = agent.handoffs
        with anyio.fail_after(PATIENCE_S):
            async with no_task_left():
                await leaving.play(played)
        assert not +world.opened
        _check_log(journal, leaving)

    run_in_loop(backend, main, leaving.on_step)


def _check_log(journal: MemoryJournal, leaving: Leaving) -> None:
    records = journal.records("run")
    if not records:
        assert leaving.whom == "all"
        return
    assert check_records(records) == []
    last = records[-1].event
    assert isinstance(last, RunCancelled | RunFinished | RunFailed)
    assert leaving.whom == "all" or isinstance(last, RunFinished)
    opened = sorted((record.scope, record.event.call.id) for record in records if isinstance(record.event, CallOpened))
    ended = sorted((record.scope, record.event.call.id) for record in records if isinstance(record.event, CallEnded))
    assert opened == ended


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("scene", SCENES)
def test_9_cancelled_at_any_step_nothing_is_left(scene: str, backend: Backend) -> None:
    assert _at_every_step(scene, backend, "all") > 20


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("scene", ["one sub-agent", pytest.param("a sub-agent of a sub-agent", marks=pytest.mark.long)])
@pytest.mark.parametrize("whom", ["the outer call", "the inner run", "the inner call"])
def test_a_part_cancelled_at_any_step_lets_the_rest_go_on(whom: Whom, scene: str, backend: Backend) -> None:
    assert _at_every_step(scene, backend, whom) > 20


def _at_every_step(scene: str, backend: Backend, whom: Whom) -> int:
    step = 0
    with nothing_left():
        for step in count(1):
            leaving = Leaving(step, whom)
            left(scene, backend, leaving)
            if not leaving.came:
                break
            assert step < MOST_STEPS
    return step
