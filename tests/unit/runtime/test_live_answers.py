"""Answers while the run goes on: from within the loop over its events, from other tasks, from an approver."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from millstream import (
    Agent,
    Answer,
    Approve,
    UsageError,
)
from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    Call,
    CallReturned,
    Denied,
    JsonValue,
)
from millstream.testing import ScriptedModel, check_records
from tests.suspending import ASK, LOOK, WIPE, A, B, C, World, results

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


# --- answering while the run goes on ---


async def test_answers_from_within_the_loop_let_the_run_go_on() -> None:
    world = World()
    async with world.agent([WIPE, LOOK, ASK], "Done.").stream("Go.") as run:
        async for event in run:
            match event:
                case ApprovalRequested(call=asked):
                    assert asked in run.pending
                    run.approve(asked.id, {"disk": "sdz"})
                    assert asked not in run.pending
                case AnswerRequested(call=asked):
                    assert asked in run.pending
                    run.answer(asked.id, ["because"])
                case _:
                    pass
    assert run.output == "Done."
    assert run.pending == ()
    assert results(run.transcript) == [(A, True, "wiped sdz"), (B, True, "saw sdb"), (C, True, '["because"]')]
    assert check_records(run.records) == []


async def test_one_denied_call_keeps_the_others() -> None:
    world = World()
    async with world.agent([WIPE, WIPE, ASK], "Done.").stream("Go.") as run:
        async for event in run:
            match event:
                case ApprovalRequested(call=Call(index=0, id=call_id)):
                    run.deny(call_id, "no")
                case ApprovalRequested(call=asked):
                    run.approve(asked.id)
                case AnswerRequested(call=asked):
                    run.deny(asked.id)
                case _:
                    pass
    assert world.did == ["wiped sda"]
    assert [run.calls[one].failure for one in (A, B, C)] == [Denied("no"), None, Denied("")]
    assert run.output == "Done."
    assert check_records(run.records) == []


async def test_a_slow_consumer_is_waited_for() -> None:
    """It looks at the question long after all else is done, and still answers before the run suspends."""
    world = World()
    async with world.agent([WIPE, LOOK], "Done.").stream("Go.") as run:
        async for event in run:
            if isinstance(event, ApprovalRequested):
                for _ in range(200):
                    await anyio.lowlevel.checkpoint()
                assert run.calls[B].state == "ended"
                run.approve(event.call.id)
    assert run.output == "Done."


async def test_nothing_waits_for_the_consumer_once_the_answer_is_there() -> None:
    world = World()
    agent = world.agent([WIPE], "Done.")
    async with agent.stream("Go.") as run:
        async for event in run:
            if isinstance(event, ApprovalRequested):
                run.approve(event.call.id)
                for _ in range(200):
                    await anyio.lowlevel.checkpoint()
                assert len(_requests(agent)) == 2, "the next request went out while the consumer was busy"


def _requests(agent: Agent) -> list[Any]:
    assert isinstance(agent.model, ScriptedModel)
    return agent.model.requests


async def test_a_consumer_that_stops_taking_and_comes_back_may_answer_in_between() -> None:
    world = World()
    async with world.agent([WIPE, LOOK], "Done.").stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallReturned):
                break
        run.approve(run.pending[0].id)
        async for _ in run:
            pass
    assert run.output == "Done."
    assert check_records(run.records) == []


async def test_answers_in_another_task_count_as_long_as_the_consumer_is_busy() -> None:
    world = World()
    async with anyio.create_task_group() as tasks, world.agent([WIPE], "Done.").stream("Go.") as run:

        async def person(call_id: str, answered: anyio.Event) -> None:
            run.approve(call_id)
            answered.set()

        async for event in run:
            if isinstance(event, ApprovalRequested):
                answered = anyio.Event()
                tasks.start_soon(person, event.call.id, answered)
                await answered.wait()
    assert run.output == "Done."


async def test_an_answer_from_outside_comes_before_the_approvers() -> None:
    world, asked, cancelled = World(), anyio.Event(), anyio.Event()

    async def approver(call_: Call, args: JsonValue) -> Approve:
        del call_, args
        asked.set()
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()
        return Approve()

    async with world.agent([WIPE], "Done.", approver=approver).stream("Go.") as run:
        async for event in run:
            if isinstance(event, ApprovalRequested):
                await asked.wait()
                run.approve(event.call.id)
    assert cancelled.is_set()
    assert run.output == "Done."
    assert world.did == ["wiped sda"]
    assert check_records(run.records) == []


async def test_an_approver_may_give_the_result_and_what_is_no_answer_is_a_refusal() -> None:
    world, said = World(), [Answer("as if"), "yes"]

    async def approver(call_: Call, args: JsonValue) -> Any:
        del call_, args
        return said.pop(0)

    result = await world.agent([WIPE], [WIPE], "Done.", approver=approver).run("Go.")
    assert world.did == []
    assert result.calls[A].result == "as if"
    assert result.calls["call-2-0"].failure == Denied("the approver's answer can not be used: str")
    assert isinstance(result.calls["call-2-0"].exception, UsageError)
    assert check_records(result.records) == []
