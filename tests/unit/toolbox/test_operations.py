"""Toolboxes made of others: fewer tools, other names; and the tools of one turn."""

from __future__ import annotations

from typing import Any

import pytest

from millstream import Agent, MCPServer, Toolbox, ToolDefinitionError, UsageError, tool
from millstream.events import Rejected
from millstream.testing import ScriptedModel, assert_records, call
from millstream.toolbox.turn_tools import TurnContext


@tool(read_only=True)
def read(path: str) -> str:
    return "in " + path


@tool
def write(path: str) -> str:
    return "wrote " + path


BOX = Toolbox([read, write])


def test_fewer_tools() -> None:
    assert list(BOX.only("write")) == ["write"]
    assert list(BOX.only("write", "read")) == ["read", "write"]
    assert list(BOX.only()) == []
    assert list(BOX.exclude("write")) == ["read"]
    assert list(BOX) == ["read", "write"], "it stays as it is"


def test_other_names() -> None:
    renamed = BOX.rename({"read": "cat"})
    assert list(renamed) == ["cat", "write"]
    assert renamed["cat"].name == "cat"
    assert renamed["cat"].options.read_only
    assert read.name == "read", "the tool stays as it is"
    assert list(BOX.prefix("fs_").exclude("fs_write")) == ["fs_read"]
    assert list(Toolbox([BOX.prefix("a_"), BOX.prefix("b_")])) == ["a_read", "a_write", "b_read", "b_write"]
    assert list(BOX.rename({"read": "write", "write": "read"})) == ["write", "read"]


@pytest.mark.parametrize(
    "make", [lambda: BOX.only("reed"), lambda: BOX.exclude("reed"), lambda: BOX.rename({"reed": "x"})]
)
def test_a_name_that_is_not_there(make: Any) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert str(caught.value) == 'there is no tool named "reed"; there are: read, write'


def test_names_that_can_not_be() -> None:
    with pytest.raises(ToolDefinitionError, match='two tools are named "write"'):
        BOX.rename({"read": "write"})
    with pytest.raises(ToolDefinitionError, match="can not be the name of a tool"):
        BOX.prefix("my files/")


def test_the_tools_of_a_server_are_changed_once_they_are_known() -> None:
    changed = Toolbox([MCPServer("uvx notes"), read]).only("read", "find").rename({"find": "search"}).prefix("n_")
    (source,) = changed.sources
    assert list(changed) == ["n_read"]
    assert [source.name(name) for name in ("find", "search", "other")] == ["n_search", None, None]


@pytest.mark.anyio
async def test_a_renamed_tool_runs() -> None:
    result = await Agent(ScriptedModel([[call("fs_read", path="a")], "Done."]), [BOX.prefix("fs_")]).run("Go.")
    assert [handle.result for handle in result.calls.values()] == ["in a"]
    assert_records(result.records)


# --- the tools of one turn ---


def told(model: ScriptedModel) -> list[list[str]]:
    return [[one["name"] for one in request.get("tools", ())] for request in model.requests]


@pytest.mark.anyio
async def test_a_tool_that_is_left_out_this_turn_is_refused_and_there_the_next() -> None:
    seen: list[tuple[int, int, Any]] = []

    def choose(context: TurnContext) -> list[str]:
        seen.append((context.turn, len(context.transcript), context.deps))
        return [*context.toolbox] if context.turn > 1 else ["read"]

    model = ScriptedModel([[call("write", path="a")], [call("write", path="a")], "Done."])
    result = await Agent(model, [BOX], tools_for_turn=choose).run("Go.", deps="me")
    refused, done = result.calls.values()
    assert isinstance(refused.failure, Rejected)
    assert refused.failure.problems[0].message == 'there is no tool named "write"; there are: read'
    assert done.result == "wrote a"
    assert told(model) == [["read"], ["read", "write"], ["read", "write"]]
    assert seen == [(1, 1, "me"), (2, 3, "me"), (3, 5, "me")]
    assert_records(result.records)


@pytest.mark.anyio
async def test_the_choice_may_wait_and_may_be_a_toolbox_or_everything() -> None:
    async def choose(context: TurnContext) -> Toolbox | None:
        return context.toolbox.exclude("write").prefix("fs_") if context.turn == 1 else None

    model = ScriptedModel([[call("fs_read", path="a")], "Done."])
    result = await Agent(model, [BOX], tools_for_turn=choose).run("Go.")
    assert told(model) == [["fs_read"], ["read", "write"]]
    assert [handle.result for handle in result.calls.values()] == ["in a"]
    assert_records(result.records)


@pytest.mark.anyio
async def test_the_choice_of_a_tool_that_is_not_there() -> None:
    with pytest.raises(UsageError, match='there is no tool named "reed"'):
        await Agent(ScriptedModel(["Done."]), [BOX], tools_for_turn=lambda _: "reed").run("Go.")
