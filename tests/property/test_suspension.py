"""Invariants 6, 7 and 11 over suspension: however a run is cut into parts by answers, it says and does the same.

Each random batch of calls is answered twice: inline by an approver, and bit by bit over states that travel as text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Literal, TypeAlias

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from millstream import Agent, Answer, Approve, Deny, Limits, Result, Run, RunState, Tool, ToolError, UsageError, tool
from millstream.answers import AnyAnswer
from millstream.events import Call, JsonValue, Record, RunCancelled, RunResumed, RunSuspended
from millstream.testing import CallTool, ScriptedModel, check_records
from tests.property.deterministic import BACKENDS, Backend, run_in_loop

EXAMPLES = settings(max_examples=settings().max_examples // 8)
KEY = "a key of at least sixteen bytes"
Name: TypeAlias = Literal["plain", "asked", "asked_alone", "sometimes", "deferred", "asked_and_deferred"]
Does: TypeAlias = Literal["return", "raise", "rest"]
_NAMES: tuple[Name, ...] = ("plain", "asked", "asked_alone", "sometimes", "deferred", "asked_and_deferred")


@dataclass(frozen=True)
class Planned:
    """A call, what is said about it when approval is asked, and what its result is where that comes from outside."""

    name: Name
    does: Does
    said: AnyAnswer
    result: JsonValue
    step: int
    """In which part of the run it is answered."""


@dataclass
class World:
    """The tools of a run, and what they did."""

    did: list[str] = field(default_factory=list[str])

    @property
    def tools(self) -> list[Tool[..., Any]]:
        async def work(key: str, does: Does) -> str:
            """Work."""
            self.did.append(f"{key} {does}")
            if does == "rest":
                await checkpoint()
            if does == "raise":
                raise ToolError(f"{key} failed")
            return f"did {key}"

        needs: dict[str, Any] = {
            "asked": True,
            "asked_alone": True,
            "asked_and_deferred": True,
            "sometimes": _is_quiet,
        }
        return [
            tool(
                name=name,
                needs_approval=needs.get(name, False),
                deferred="deferred" in name,
                exclusive="door" if name == "asked_alone" else None,
            )(work)
            for name in _NAMES
        ]


def _is_quiet(args: Mapping[str, Any]) -> bool:
    return bool(args["does"] != "raise")


_JSON = st.sampled_from((None, 0, "so", "", ["a", {"b": 1.5}], {"key": "é😀"}))
_ANSWERS: st.SearchStrategy[AnyAnswer] = st.one_of(
    st.just(Approve()),
    st.just(Approve({"key": "edited", "does": "return"})),
    st.sampled_from((Deny(), Deny("not today"))),
    st.builds(Answer, _JSON),
)
_CALLS = st.builds(
    Planned, st.sampled_from(_NAMES), st.sampled_from(("return", "raise", "rest")), _ANSWERS, _JSON, st.integers(0, 3)
)
_TURNS = st.lists(st.lists(_CALLS, min_size=1, max_size=5), min_size=1, max_size=2)


def script(turns: list[list[Planned]]) -> ScriptedModel:
    calls = [
        [CallTool(one.name, {"key": f"k{turn}{index}", "does": one.does}) for index, one in enumerate(planned)]
        for turn, planned in enumerate(turns)
    ]
    return ScriptedModel([*calls, "Done."])


def planned(turns: list[list[Planned]], call: Call) -> Planned:
    return turns[call.turn - 1][call.index]


async def inline(turns: list[list[Planned]], world: World) -> Result:
    """The approver says what was planned; results from outside come as soon as they are asked for."""

    async def approver(call: Call, args: JsonValue) -> AnyAnswer:
        del args
        return planned(turns, call).said

    async with Agent(script(turns), world.tools, approver=approver, limits=Limits(max_turns=5)).stream("Go.") as run:
        async for _ in run:
            for call in run.pending:
                if run.calls[call.id].state == "deferred":
                    run.answer(call.id, planned(turns, call).result)
    return run.result()


async def in_parts(turns: list[list[Planned]], world: World) -> tuple[Result, list[Record]]:
    """The same over states: in each part those are answered whose step has come."""
    agent = Agent(script(turns), world.tools, limits=Limits(max_turns=5))
    result, records, step = await agent.run("Go."), list[Record](), 0
    records += result.records
    while result.state is not None:
        state = RunState.load(result.state.dump(KEY), KEY)
        assert state == result.state
        due = [call for call in state.pending if planned(turns, call).step <= step % 4]
        answers = {call.id: answer_to(turns, state, call) for call in due}
        with pytest.raises(UsageError, match="no call"):
            agent.stream(resume=state, answers={**answers, "call-7-7": Approve()})
        did = len(world.did)
        result = await agent.run(resume=state, answers=answers)
        assert answers or len(world.did) == did, "nothing runs unanswered"
        assert check_records(result.records) == []
        records += result.records
        step += 1
        assert step < 40, "each round of four steps answers every call that waits"
    return result, records


def answer_to(turns: list[list[Planned]], state: RunState, call: Call) -> AnyAnswer:
    plan = planned(turns, call)
    return plan.said if state.calls[call.id].waits_for == "approval" else Answer(plan.result)


def played(backend: Backend, main: Callable[[], Awaitable[Any]]) -> Any:
    return run_in_loop(backend, main)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", BACKENDS)
@EXAMPLES
@given(turns=_TURNS)
def test_a_run_in_parts_leaves_what_the_run_in_one_does(turns: list[list[Planned]], backend: Backend) -> None:
    whole_world, world = World(), World()
    whole: Result = played(backend, partial(inline, turns, whole_world))
    result, records = played(backend, partial(in_parts, turns, world))
    assert whole.output == result.output == "Done."
    assert result.transcript == whole.transcript
    assert sorted(world.did) == sorted(whole_world.did)
    assert result.usage == whole.usage
    assert check_records(whole.records) == []
    assert check_records(records) == []
    events = [record.event for record in records]
    suspended = [event for event in events if isinstance(event, RunSuspended)]
    assert len(suspended) == sum(isinstance(event, RunResumed) for event in events)


_LEFT = [[Planned("asked", "rest", Approve(), None, 0), Planned("plain", "rest", Approve(), None, 0)]]
_LEFT[0].append(Planned("deferred", "return", Approve(), "so", 0))


@dataclass
class Leaving:
    """Cancels at a step, counted from when the run is entered."""

    step: int
    scope: anyio.CancelScope | None = None
    steps: int = 0

    def on_step(self) -> None:
        """A task goes on."""
        if self.scope is not None:
            self.steps += 1
            if self.steps == self.step:
                self.scope.cancel()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("resumed", [False, True])
def test_9_a_run_that_is_cancelled_on_its_way_to_suspension_is_whole(resumed: bool, backend: Backend) -> None:
    """At whatever step: either it is suspended, with a state, or it is over, and every call has its end."""
    ways: set[type[Any]] = set()
    for step in count(1):
        leaving = Leaving(step)

        async def main(leaving: Leaving = leaving) -> Run:
            agent = Agent(script(_LEFT), World().tools)
            given: dict[str, Any] = {"prompt": "Go."}
            if resumed:
                given = {"resume": (await agent.run("Go.")).state, "answers": {"call-1-0": Approve()}}
            run = agent.stream(**given)
            with anyio.CancelScope() as leaving.scope:
                async with run:
                    async for _ in run:
                        pass
            leaving.scope = None
            return run

        run: Run = run_in_loop(backend, main, leaving.on_step)
        last = run.records[-1].event
        ways.add(type(last))
        assert check_records(run.records) == []
        if isinstance(last, RunSuspended):
            assert run.state is not None
            assert RunState.load(run.state.dump(KEY), KEY) == run.state
        else:
            assert isinstance(last, RunCancelled)
            assert run.state is None
            assert run.transcript.unanswered == run.transcript.unasked == ()
            assert [handle.state for handle in run.calls.values()] == ["ended"] * len(run.calls)
        if leaving.steps < step:
            break
    assert ways == {RunSuspended, RunCancelled}
