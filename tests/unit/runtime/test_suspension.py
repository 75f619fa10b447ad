"""A run that waits for people: it suspends when nothing else is left to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

from millstream import (
    Agent,
    Answer,
    Approve,
    Policy,
    SoFar,
    tool,
)
from millstream.errors import RunError
from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    Call,
    CallFailed,
    Cancelled,
    Denied,
    JsonValue,
    RunCancelled,
    RunSuspended,
    TurnEnded,
)
from millstream.guards import Block, Guards
from millstream.testing import CallTool, Cut, Finish, Response, ScriptedModel, call, check_records
from tests.suspending import ASK, LOOK, WIPE, A, B, C, World, of, results, state_of

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


# --- when a run suspends ---


async def test_the_rest_of_the_batch_runs_on_and_then_the_run_suspends() -> None:
    world = World()
    result = await world.agent([WIPE, LOOK, ASK]).run("Go.")
    assert world.did == ["saw sdb"]
    output: object = result.output
    assert output is None
    assert [one.id for one in result.pending] == [A, C]
    last = result.records[-1].event
    assert isinstance(last, RunSuspended)
    assert last.pending == result.pending
    state = result.state
    assert state is not None
    assert state.pending == result.pending
    assert state.run_id == result.run_id
    assert state.next_seq == result.records[-1].seq + 1
    assert [(one.waits_for, one.args) for one in state.calls.values()] == [
        ("approval", {"disk": "sda"}),
        ("answer", {"question": "Why?"}),
    ]
    assert [one.digest for one in state.calls.values()] == [
        of(result.records, ApprovalRequested)[0].digest,
        of(result.records, AnswerRequested)[0].digest,
    ]
    assert result.calls[B].result == "saw sdb"
    assert len(result.transcript) == 1, "the response is in the state: it has calls without an answer"
    assert check_records(result.records) == []


async def test_a_run_that_finishes_has_no_state() -> None:
    result = await World().agent([LOOK], "Done.").run("Go.")
    assert (result.output, result.pending, result.state) == ("Done.", (), None)


@pytest.mark.parametrize("end", [Finish("length"), Cut()])
async def test_nobody_is_asked_for_a_call_that_may_not_start(end: Finish | Cut) -> None:
    agent = World().agent(Response((ASK, WIPE, end)), "I see.", policy=Policy(start="end"))
    result = await agent.run("Go.")
    assert of(result.records, AnswerRequested) == []
    assert result.pending == ()
    assert [type(end) for end in of(result.records, CallFailed)] == [CallFailed, CallFailed]
    assert check_records(result.records) == []


async def test_a_deferred_tool_that_needs_approval_is_approved_first() -> None:
    @tool(deferred=True, needs_approval=True)
    def pay(amount: int) -> str:
        """Pay."""
        raise AssertionError(f"nobody calls this, to pay {amount}")

    agent = Agent(ScriptedModel([[call("pay", amount=7)], "Paid."]), [pay])
    first = await agent.run("Pay.")
    assert [one.waits_for for one in state_of(first).calls.values()] == ["approval"]
    second = await agent.run(resume=state_of(first), answers={A: Approve({"amount": 8})})
    pending = state_of(second).calls[A]
    assert (pending.waits_for, pending.args) == ("answer", {"amount": 8})
    third = await agent.run(resume=state_of(second), answers={A: Answer({"paid": 8})})
    assert third.output == "Paid."
    assert results(third.transcript) == [(A, True, '{"paid":8}')]
    assert check_records([*first.records, *second.records, *third.records]) == []


async def test_a_guard_that_still_thinks_is_waited_for() -> None:
    """Its refusal is the end of the call: nobody is to be asked about that later."""
    thinks = anyio.Event()

    async def refuses(call: Call, args: JsonValue, run: SoFar[Any]) -> Block:
        del call, args, run
        await thinks.wait()
        return Block("not that disk")

    async with (
        World().agent([WIPE], "I see.", guards=Guards(call=refuses)).stream("Go.") as run,
        anyio.create_task_group() as tasks,
    ):

        async def decide() -> None:
            await anyio.wait_all_tasks_blocked()
            thinks.set()

        async for event in run:
            if isinstance(event, TurnEnded) and event.turn == 1:
                tasks.start_soon(decide)
    assert run.state is None
    assert run.output == "I see."
    (end,) = of(run.records, CallFailed)
    assert end.failure == Denied("not that disk")
    assert check_records(run.records) == []


async def test_leaving_a_run_that_waits_cancels_its_calls() -> None:
    world = World()
    async with world.agent([WIPE, ASK]).stream("Go.") as run:
        async for event in run:
            if isinstance(event, AnswerRequested):
                break
    assert run.state is None
    assert isinstance(run.records[-1].event, RunCancelled)
    assert all(isinstance(handle.failure, Cancelled) for handle in run.calls.values())
    assert run.transcript.unanswered == ()
    assert check_records(run.records) == []


async def test_cancelling_one_call_that_waits_lets_the_others_wait_on() -> None:
    world = World()
    async with world.agent([WIPE, ASK]).stream("Go.") as run:
        async for event in run:
            if isinstance(event, AnswerRequested):
                assert run.cancel(B, "not now")
    assert [one.id for one in run.pending] == [A]
    assert run.calls[B].failure == Cancelled("not now")
    assert check_records(run.records) == []


async def test_a_torn_response_waits_for_its_calls_too() -> None:
    world = World()
    agent = world.agent(Response((WIPE, replace(LOOK, seal=True), Cut())), "Done.")
    first = await agent.run("Go.")
    assert [one.id for one in first.pending] == [A]
    second = await agent.run(resume=state_of(first), answers={A: Approve()})
    assert second.output == "Done."
    assert world.did == ["saw sdb", "wiped sda"]
    assert check_records([*first.records, *second.records]) == []


async def test_a_run_that_fails_anyway_waits_for_nobody() -> None:
    cut = Response((WIPE, CallTool("look", raw='{"disk": "s'), Finish("length")))
    agent = World().agent(cut, policy=Policy(start="eager", on_truncated="raise"))
    async with agent.stream("Go.") as run:
        with pytest.raises(RunError, match="within a call of look"):
            async for _ in run:
                pass
    assert run.state is None
    assert run.transcript.unanswered == ()
    assert check_records(run.records) == []
