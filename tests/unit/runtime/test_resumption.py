"""A suspended run goes on from its state, all at once or bit by bit, also where its tools changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from millstream import (
    Agent,
    Answer,
    Approve,
    Deny,
    Limits,
    Tool,
    ToolContext,
    UsageError,
    tool,
)
from millstream.answers import AnyAnswer
from millstream.errors import TurnLimit
from millstream.events import (
    ApprovalRequested,
    ApprovalResolved,
    Call,
    CallReturned,
    CallStarted,
    Cancelled,
    Denied,
    JsonValue,
    Rejected,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
    TurnStarted,
)
from millstream.journal.memory import MemoryJournal
from millstream.testing import CallTool, ScriptedModel, call, check_records
from tests.suspending import ASK, LOOK, WIPE, A, B, C, World, of, results, state_of

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


# --- going on ---


async def test_a_resumed_run_goes_on_under_its_id_with_the_next_number() -> None:
    world, journal = World(), MemoryJournal()
    agent = world.agent([WIPE, LOOK], [LOOK], "Done.", journal=journal)
    first = await agent.run("Go.", run_id="r")
    assert first.state is not None
    second = await agent.run(resume=first.state, answers={A: Approve()})
    assert second.run_id == "r"
    assert second.output == "Done."
    records = journal.records("r")
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    kinds = [type(record.event) for record in records]
    assert [kind for kind in kinds if kind in (RunStarted, RunSuspended, RunResumed, RunFinished)] == [
        RunStarted,
        RunSuspended,
        RunResumed,
        RunFinished,
    ]
    assert of(records, TurnStarted)[1].answers == (A, B)
    assert check_records(records) == []
    assert check_records(records[kinds.index(RunResumed) :]) == []
    assert second.usage.input_tokens > first.usage.input_tokens > 0
    ended = records[-1].event
    assert isinstance(ended, RunFinished)
    assert ended.usage.total_tokens == second.usage.total_tokens


async def test_the_idempotency_key_is_the_same_in_the_other_process() -> None:
    keys: list[str] = []

    @tool(needs_approval=True)
    async def pay(ctx: ToolContext[str]) -> str:
        """Pay."""
        keys.append(ctx.idempotency_key)
        return ctx.deps

    agent = Agent(ScriptedModel([[call("pay")], "Paid."]), [pay])
    first = await agent.run("Go.", run_id="r")
    second = await agent.run(resume=state_of(first), answers={A: Approve()}, deps="these")
    assert keys == [f"r:{A}"]
    assert second.calls[A].result == "these"


async def test_calls_are_answered_bit_by_bit() -> None:
    world = World()
    agent = world.agent([WIPE, LOOK, ASK], "Done.")
    first = await agent.run("Go.")
    again = await agent.run(resume=state_of(first))
    assert [one.id for one in again.pending] == [A, C]
    assert [type(record.event) for record in again.records] == [RunResumed, RunSuspended]
    third = await agent.run(resume=state_of(again), answers={C: Answer("so")})
    assert [one.id for one in third.pending] == [A]
    last = await agent.run(resume=state_of(third), answers={A: Deny("never")})
    assert last.output == "Done."
    assert world.did == ["saw sdb"]
    denied = "wipe was not run: it was denied: never."
    assert results(last.transcript) == [(A, False, denied), (B, True, "saw sdb"), (C, True, "so")]
    assert last.transcript.unasked == last.transcript.unanswered == ()
    parts = [first, again, third, last]
    assert check_records([record for part in parts for record in part.records]) == []
    assert [check_records(part.records) for part in parts] == [[], [], [], []]


async def test_a_resumed_run_is_answered_live_as_well() -> None:
    agent = World().agent([WIPE, ASK], "Done.")
    first = await agent.run("Go.")
    async with agent.stream(resume=state_of(first), answers={A: Approve()}) as run:
        async for event in run:
            if isinstance(event, CallReturned) and event.call.id == A:
                run.answer(B, 7)
    assert run.output == "Done."
    assert check_records([*first.records, *run.records]) == []


async def test_the_terms_of_the_tools_hold_for_what_is_approved_later() -> None:
    did: list[str] = []

    async def work(disk: str) -> None:
        did.append(disk)

    tools = [tool(name=f"p{n}", needs_approval=True, exclusive="door", priority=n)(work) for n in range(3)]
    agent = Agent(ScriptedModel([[call(f"p{n}", disk=f"sd{n}") for n in range(3)], "Done."]), tools)
    first = await agent.run("Go.")
    result = await agent.run(resume=state_of(first), answers=dict.fromkeys((A, B, C), Approve()))
    assert result.output == "Done."
    assert did == ["sd0", "sd2", "sd1"], "the first answer starts the first, then the higher priority goes first"
    assert check_records([*first.records, *result.records]) == []


async def test_an_approver_is_asked_about_what_is_left() -> None:
    world = World()
    first = await world.agent([WIPE, WIPE]).run("Go.")
    asked: list[str] = []

    async def approver(call_: Call, args: JsonValue) -> Approve:
        asked.append(call_.id)
        return Approve(args)

    agent = world.agent("Done.", approver=approver)
    second = await agent.run(resume=state_of(first), answers={A: Deny()})
    assert asked == [B]
    assert second.output == "Done."
    assert check_records([*first.records, *second.records]) == []


async def test_edited_arguments_run_and_are_what_was_approved() -> None:
    world = World()
    first = await world.agent([WIPE]).run("Go.")
    second = await world.agent("Done.").run(resume=state_of(first), answers={A: Approve({"disk": "sdy"})})
    assert world.did == ["wiped sdy"]
    started, resolved = of(second.records, CallStarted)[0], of(second.records, ApprovalResolved)[0]
    assert started.digest == resolved.digest != of(first.records, ApprovalRequested)[0].digest


async def test_a_plain_approval_may_be_given_the_result() -> None:
    world = World()
    first = await world.agent([WIPE]).run("Go.")
    second = await world.agent("Done.").run(resume=state_of(first), answers={A: Answer({"wiped": False})})
    assert world.did == []
    assert of(second.records, ApprovalResolved)[0].answer == "answered"
    assert second.calls[A].result == {"wiped": False}


async def test_free_text_is_approved_and_edited_as_text() -> None:
    ran: list[str] = []

    @tool(free_text=True, needs_approval=True)
    async def shell(command: str) -> str:
        """Run a command."""
        ran.append(command)
        return "done"

    steps = [CallTool("shell", raw=text, kind="custom") for text in ("rm -rf /tmp/x", "ls")]
    agent = Agent(ScriptedModel([steps, "Done."]), [shell])
    first = await agent.run("Go.")
    second = await agent.run(resume=state_of(first), answers={A: Approve("ls /tmp/x"), B: Approve()})
    assert sorted(ran) == ["ls", "ls /tmp/x"]
    assert second.output == "Done."


async def test_turns_before_the_suspension_count_for_the_limit() -> None:
    agent = World().agent([WIPE], [LOOK], "Done.", limits=Limits(max_turns=2))
    first = await agent.run("Go.")
    with pytest.raises(TurnLimit, match="after 2 turns"):
        await agent.run(resume=state_of(first), answers={A: Approve()})


async def test_a_run_may_suspend_in_a_later_turn_and_behind_a_history() -> None:
    world = World()
    before = await world.agent([LOOK], "Seen.").run("Look.")
    agent = world.agent([LOOK], [WIPE], "Done.", limits=Limits(max_turns=3))
    first = await agent.run("Go.", history=before.transcript)
    assert [one.turn for one in first.pending] == [4]
    second = await agent.run(resume=state_of(first), answers={first.pending[0].id: Approve()})
    assert second.output == "Done."
    assert second.transcript.entries[: len(before.transcript)] == before.transcript.entries
    assert check_records([*first.records, *second.records]) == []


async def test_leaving_a_resumed_run_cancels_what_waits_still() -> None:
    agent = World().agent([WIPE, ASK])
    first = await agent.run("Go.")
    async with agent.stream(resume=state_of(first), answers={A: Approve()}) as run:
        async for event in run:
            if isinstance(event, CallReturned):
                break
    assert run.calls[B].failure == Cancelled("the run ended")
    assert run.transcript.unanswered == ()
    assert check_records([*first.records, *run.records]) == []


async def test_the_live_view_of_a_resumed_call_is_whole() -> None:
    agent = World().agent([WIPE], "Done.")
    first = await agent.run("Go.")
    async with agent.stream(resume=state_of(first)) as run:
        async for _ in run:
            pass
        handle = run.calls[A]
        assert (handle.state, handle.args, handle.args_text) == ("asked", {"disk": "sda"}, '{"disk":"sda"}')
        assert handle.partial["disk"].final
        assert run.text == ""


# --- what changed meanwhile ---


@tool(name="wipe", needs_approval=True)
async def other_wipe(disk: int) -> str:
    """Wipe a disk by its number."""
    return f"wiped {disk}"


@pytest.mark.parametrize("tools", [[], [other_wipe]], ids=["gone", "takes other arguments"])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [(None, Rejected), (Approve(), Rejected), (Deny("no"), Denied), (Answer("as if"), None)],
)
async def test_a_call_whose_tool_changed_is_answered_and_never_run(
    tools: list[Tool[..., Any]], answer: AnyAnswer | None, expected: type[Any] | None
) -> None:
    first = await World().agent([WIPE]).run("Go.")
    agent = Agent(ScriptedModel(["Done."]), tools)
    second = await agent.run(resume=state_of(first), answers={} if answer is None else {A: answer})
    assert second.output == "Done."
    failure = second.calls[A].failure
    assert failure is None if expected is None else isinstance(failure, expected)
    assert of(second.records, CallStarted) == []
    assert check_records([*first.records, *second.records]) == []


async def test_the_arguments_that_run_are_those_that_were_shown() -> None:
    """The state names other arguments than its digest: nothing runs."""
    state = state_of(await World().agent([WIPE]).run("Go."))
    changed = replace(state.calls[A], args={"disk": "sdz"})
    with pytest.raises(UsageError, match="the arguments of call-1-0 are not those shown"):
        World().agent().stream(resume=replace(state, calls={A: changed}), answers={A: Approve()})
