"""What sub-agents are given, and what can not be a tool."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from pydantic import BaseModel

from millstream import Agent, Model, Retry, ToolContext, ToolDefinitionError, ToolError, ToolRunner, UsageError, tool
from millstream.events import CallReturned, JsonValue, Raised, RunFinished, RunStarted, TextDelta, TurnStarted
from millstream.runtime.groups import only_leaf
from millstream.testing import Pause, Say, ScriptedModel, call, check_records
from millstream.transcript import ToolResult

from .agents import asks, only, researcher, within

pytestmark = pytest.mark.anyio


async def test_the_deps_of_the_run_are_passed_on_or_made_of_them() -> None:
    for deps, seen in ((None, "outer"), (str.upper, "OUTER")):
        research = researcher().as_tool("research", "Research.", deps=deps)
        async with asks(research).stream("Go.", deps="outer", run_id="run") as run:
            async for _ in run:
                pass
        inner = run.calls["call-1-0"].run
        assert inner is not None
        # the key is the call's own: another run's calls have other keys
        assert inner.calls["call-1-0"].result == f"{seen} in books for run:call-1-0:call-1-0"


class Question(BaseModel):
    topic: str
    years: list[int]


async def test_a_function_makes_the_prompt_of_typed_parameters() -> None:
    async def ask(question: Question, ctx: ToolContext[str], depth: int = 1) -> str:
        """Ask.

        Args:
            question: What is asked.
            ctx: Not the model's.
            depth: How deep.
        """
        return f"{ctx.deps}: {question.topic} {sum(question.years)} {depth}"

    model = ScriptedModel(["An answer."])
    research = Agent(model).as_tool("research", "Research it.", prompt=ask)
    assert research.parameters["properties"]["depth"]["description"] == "How deep."
    assert list(research.parameters["properties"]) == ["question", "depth"]
    asked = call("research", question={"topic": "mills", "years": [1, 2]})
    result = await Agent(ScriptedModel([asked, "So."]), [research]).run("Go.", deps="deps")
    assert check_records(result.records) == []
    assert model.requests[0]["input"][-1]["content"] == "deps: mills 3 1"


async def test_by_default_the_model_writes_the_prompt() -> None:
    research = researcher().as_tool("research", "Research it.")
    assert (research.name, research.description) == ("research", "Research it.")
    assert research.parameters["required"] == ["prompt"]
    assert "nothing of this conversation is seen" in research.parameters["properties"]["prompt"]["description"]
    assert research.options.timeout_s == math.inf


async def test_what_it_leaves_is_what_the_model_reads() -> None:
    outer = asks(researcher().as_tool("research", "Research."))
    result = await outer.run("Go.")
    (answer,) = (entry for entry in result.transcript if isinstance(entry, ToolResult))
    assert answer.ok
    assert answer.parts[0] == type(answer.parts[0])("Mills grind.")


async def test_called_outside_of_a_run_it_runs_by_itself() -> None:
    assert await researcher().as_tool("research", "Research.")(prompt="mills?") == "Mills grind."


async def test_a_tool_may_call_it_one_run_after_the_other_in_its_own_scope() -> None:
    research = researcher("One.", "Two.").as_tool("research", "Research.")

    @tool
    async def both(ctx: ToolContext) -> list[str]:
        """Research twice."""
        return [await research(prompt=f"{ctx.call.id} a"), await research(prompt="b")]

    result = await Agent(ScriptedModel([call("both"), "So."]), [both]).run("Go.", run_id="run")
    assert check_records(result.records) == []
    assert result.calls["call-1-0"].result == ["One.", "Two."]
    ids = [event.run_id for event in within(result.records, "call-1-0") if isinstance(event, RunStarted)]
    assert ids == ["run:call-1-0", "run:call-1-0:2"]


async def test_two_at_the_same_time_within_one_call_are_refused() -> None:
    research = researcher([Say("One."), Pause(0.01)], "Two.").as_tool("research", "Research.")

    @tool
    async def both() -> str:
        """Research twice."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(research, "a")
            tasks.start_soon(research, "b")
        return "done"

    result = await Agent(ScriptedModel([call("both"), "So."]), [both]).run("Go.")
    assert check_records(result.records) == []
    error = result.calls["call-1-0"].exception
    assert isinstance(error, BaseException)
    assert "both runs two sub-agents at the same time" in str(only_leaf(error))


async def test_an_entered_agent_keeps_its_connection_between_the_calls() -> None:
    class Counted(ScriptedModel):
        opened = 0

        def transport(self) -> Any:
            self.opened += 1
            return super().transport()

    model = Counted(["One.", "Two."])
    async with Agent(model) as inner:
        result = await asks(inner.as_tool("work", "Work."), times=2).run("Go.")
    assert [handle.ok for handle in only(result.records, CallReturned)]
    assert model.opened == 1


async def test_in_a_loop_of_ones_own_it_is_seen_by_its_calls_result_only() -> None:
    research = researcher().as_tool("research", "Research.")
    function = {"name": "research", "arguments": '{"prompt": "mills?"}'}
    asked = {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": function}]}

    async def stream() -> AsyncIterator[JsonValue]:
        for delta, end in ((asked, None), ({}, "tool_calls")):
            choice = {"index": 0, "delta": delta, "finish_reason": end}
            yield {"id": "r", "object": "chat.completion.chunk", "choices": [choice]}

    async with ToolRunner([research]) as runner:
        events = [event async for event in runner.drive(stream(), api="openai-chat")]
    assert [event.result for event in events if isinstance(event, CallReturned)] == ["Mills grind."]
    assert not any(isinstance(event, RunStarted | RunFinished | TextDelta) for event in events)


def test_what_can_not_be_a_tool() -> None:
    agent = Agent(Model("openai:gpt-5.1", api_key="k"))
    with pytest.raises(ToolDefinitionError, match="'do it' can not be the name of a tool"):
        agent.as_tool("do it", "Do it.")
    with pytest.raises(ToolDefinitionError, match='the parameter "obj" has no annotation'):
        agent.as_tool("do", "Do it.", prompt=repr)
    with pytest.raises(UsageError, match="as_tool has no option executor=; there are: prompt, deps, read_only,"):
        agent.as_tool("do", "Do it.", executor="thread")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(UsageError, match="do: retry= repeats what the tool does"):
        agent.as_tool("do", "Do it.", retry=Retry())
    wrong: Any = agent
    with pytest.raises(ToolDefinitionError, match=r"is an agent: give it as a tool with .as_tool\("):
        Agent("openai:x", [wrong])
    with pytest.raises(ToolDefinitionError, match='two tools are named "do"'):
        Agent("openai:x", [agent.as_tool("do", "Do."), agent.as_tool("do", "Do.")])


async def test_a_prompt_that_fails_fails_the_call() -> None:
    def ask(prompt: str) -> str:
        raise ToolError(f"{prompt} is no question")

    result = await asks(researcher().as_tool("research", "Research.", prompt=ask)).run("Go.")
    assert check_records(result.records) == []
    assert result.calls["call-1-0"].failure == Raised("ToolError", "mills 0? is no question", where=_where(result))
    assert result.calls["call-1-0"].run is None
    assert [event for event in within(result.records) if isinstance(event, TurnStarted)][1].answers == ("call-1-0",)


def _where(result: Any) -> str:
    failure = result.calls["call-1-0"].failure
    assert isinstance(failure, Raised)
    assert failure.where.endswith("in ask")
    return failure.where
