"""What agents and tools can do, two of it at a time: each pair was once forgotten somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from millstream import Agent, Approve, ArgStream, GuardBlocked, Policy, RunState, UsageError, tool
from millstream.events import Call, CallStarted, Denied, JsonValue
from millstream.guards import Block, Guards
from millstream.sessions import Session, SqliteSessions
from millstream.so_far import SoFar
from millstream.stop import after_turns
from millstream.testing import Say, ScriptedModel, assert_records, call
from millstream.transcript import Reply, ToolResult, UserMessage

pytestmark = pytest.mark.anyio

TRIP = '{"city":"Rome","days":3}'
KEY = "a key of 16 bytes"


class Trip(BaseModel):
    """A trip."""

    city: str
    days: int


@tool(read_only=True)
async def search(q: str) -> str:
    """Search."""
    return f"3 about {q}"


@tool(needs_approval=True)
def wipe(disk: str) -> str:
    """Wipe a disk."""
    return f"wiped {disk}"


@tool
async def write(name: str, text: ArgStream[str]) -> str:
    """Write a text."""
    return f"{name}: {''.join([piece async for piece in text])}"


async def test_a_typed_agent_hands_over_to_one_that_answers_in_text() -> None:
    texter = Agent(ScriptedModel(["Just text."]), name="texter")
    agent = Agent(ScriptedModel([[call("transfer_to_texter")]]), output_type=Trip, handoffs=[texter])
    result = await agent.run("Go.")
    output: object = result.output
    assert output == "Just text."
    assert result.agent is texter
    assert_records(result.records)


async def test_an_agent_hands_over_to_a_typed_one() -> None:
    planner = Agent(ScriptedModel([TRIP]), output_type=Trip, name="planner")
    result = await Agent(ScriptedModel([[call("transfer_to_planner")]]), handoffs=[planner]).run("Go.")
    output: object = result.output
    assert output == Trip(city="Rome", days=3)
    assert_records(result.records)


async def test_the_output_of_a_typed_sub_agent_is_the_result_of_its_call() -> None:
    plan = Agent(ScriptedModel([TRIP]), output_type=Trip).as_tool("plan", "Plan a trip.")
    result = await Agent(ScriptedModel([[call("plan", prompt="Rome")], "Planned."]), [plan]).run("Go.")
    assert [handle.result for handle in result.calls.values()] == [{"city": "Rome", "days": 3}]
    assert_records(result.records)


async def test_a_session_remembers_a_suspended_run_once_it_has_gone_on(tmp_path: Path) -> None:
    chat = Session("ada", SqliteSessions(tmp_path / "chats.db"))
    script: list[Any] = ["Hello.", [call("wipe", disk="sda"), call("search", q="disks")], "Done."]
    agent = Agent(ScriptedModel(script), [wipe, search])
    await agent.run("Hi.", history=chat)
    asked = await agent.run("Wipe it.", history=chat)
    assert [entry.type for entry in await chat.transcript()] == ["user", "reply"]
    assert asked.state is not None
    state = RunState.load(asked.state.dump(KEY), KEY)
    done = await agent.run(resume=state, answers={asked.pending[0].id: Approve()}, history=chat)
    assert done.output == "Done."
    kinds = [UserMessage, Reply, UserMessage, Reply, ToolResult, ToolResult, Reply]
    assert [type(entry) for entry in await chat.transcript()] == kinds
    assert_records(done.records)


async def test_a_guard_judges_arguments_that_a_person_edited_while_the_run_was_suspended() -> None:
    async def not_sdb(its: Call, args: JsonValue, run: SoFar[Any]) -> Block | None:
        return Block("not sdb") if its.name == "wipe" and args["disk"] == "sdb" and run.run_id else None

    agent = Agent(ScriptedModel([[call("wipe", disk="sda")], "Done."]), [wipe], guards=Guards(call=not_sdb))
    asked = await agent.run("Go.")
    done = await agent.run(resume=asked.state, answers={asked.pending[0].id: Approve({"disk": "sdb"})})
    assert [handle.failure for handle in done.calls.values()] == [Denied("not sdb")]
    assert_records(done.records)


def pass_all(*_: object) -> None:
    """Let every call pass."""


@pytest.mark.parametrize(
    ("options", "state"),
    [({}, "streaming"), ({"guards": Guards(call=pass_all)}, "safe"), ({"policy": Policy(start="safe")}, "safe")],
    ids=["alone", "guarded", "policy"],
)
async def test_a_tool_reads_while_it_is_written_unless_somebody_must_see_all_of_it(
    options: dict[str, Any], state: str
) -> None:
    script: list[Any] = [[call("write", name="a", text="Hello, mill"), Say("So.")], "Done."]
    result = await Agent(ScriptedModel(script), [write], **options).run("Go.")
    assert [handle.result for handle in result.calls.values()] == ["a: Hello, mill"]
    assert [one.event.state for one in result.records if isinstance(one.event, CallStarted)] == [state]
    assert_records(result.records)


async def test_a_stop_rule_leaves_a_typed_agent_without_an_output() -> None:
    script: list[Any] = [[call("search", q="k")], TRIP]
    result = await Agent(ScriptedModel(script), [search], output_type=Trip, stop=after_turns(1)).run("Go.")
    output: object = result.output
    assert output is None
    assert_records(result.records)


async def no_keys(text: str, run: SoFar[Any]) -> Block | None:
    return Block("a key") if "sk-" in text and run.run_id else None


async def test_guards_and_settings_of_the_agent_that_was_asked_hold_after_a_handoff() -> None:
    there = ScriptedModel(["The key is sk-1."])
    billing = Agent(there, name="billing")
    desk = Agent(ScriptedModel([[call("transfer_to_billing")]]), handoffs=[billing], guards=Guards(text=no_keys))
    with pytest.raises(GuardBlocked, match="the guard no_keys blocked the answer: a key"):
        await desk.run("Go.", settings={"max_output_tokens": 77})
    assert there.requests[0]["max_output_tokens"] == 77


def agrees(its: Call, args: JsonValue) -> Approve:
    return Approve(args if its.name == "wipe" else None)


async def test_an_approver_may_be_a_plain_function() -> None:
    agent = Agent(ScriptedModel([[call("wipe", disk="sda")], "Done."]), [wipe], approver=agrees)
    result = await agent.run("Go.")
    assert [handle.result for handle in result.calls.values()] == ["wiped sda"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"limits": 8}, r"limits=8 are none: write Limits\(max_turns="),
        ({"policy": "retry"}, r"policy='retry' is none: write Policy\("),
        ({"observer": print}, "observes nothing"),
    ],
)
def test_terms_of_another_kind_are_told_where_they_are_given(given: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Agent(ScriptedModel(["Hi."]), **given)


@pytest.mark.parametrize("history", [[{"role": "user", "content": "Hi."}], "Hi."])
def test_a_history_of_another_kind_is_told_where_it_is_given(history: Any) -> None:
    with pytest.raises(UsageError, match="history= takes a Transcript or a Session, not"):
        Agent(ScriptedModel(["Hi."])).stream("Go.", history=history)
