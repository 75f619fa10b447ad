"""Who is asked about the tools of a sub-agent."""

from __future__ import annotations

from typing import Any

import pytest

from millstream import Agent, Approve, Deny, ToolRunner, UsageError, tool
from millstream.events import Call, JsonValue
from millstream.testing import ScriptedModel, call, check_records

from .agents import asks

pytestmark = pytest.mark.anyio


@tool(needs_approval=True)
async def wipe(disk: str) -> str:
    """Wipe a disk."""
    return f"{disk} wiped"


def wiper(**options: Any) -> Agent:
    return Agent(ScriptedModel([[call("wipe", disk="sda")], "Wiped."]), [wipe], name="wiper", **options)


class _Person:
    def __init__(self) -> None:
        self.asked: list[JsonValue] = []

    async def __call__(self, asked: Call, args: JsonValue) -> Approve | Deny:
        self.asked.append((asked.name, args))
        return Approve()


async def test_the_outer_approver_is_asked_where_the_sub_agent_has_none() -> None:
    outer, own = _Person(), _Person()
    result = await asks(wiper().as_tool("clean", "Clean."), approver=outer).run("Go.")
    assert check_records(result.records) == []
    assert outer.asked == [("wipe", {"disk": "sda"})]
    result = await asks(wiper(approver=own).as_tool("clean", "Clean."), approver=outer).run("Go.")
    assert result.calls["call-1-0"].result == "Wiped."
    assert len(outer.asked) == len(own.asked) == 1


def test_nobody_to_ask_is_told_before_anything_is_sent() -> None:
    middle = asks(wiper().as_tool("clean", "Clean."))
    outer = asks(middle.as_tool("manage", "Manage."))
    with pytest.raises(UsageError, match=r"wipe of the agent wiper needs approval: pass approver=.* to that agent or"):
        outer.stream("Go.")
    with pytest.raises(UsageError, match="wipe of the agent wiper needs approval"):
        ToolRunner([wiper().as_tool("clean", "Clean.")])
    ToolRunner([wiper().as_tool("clean", "Clean.")], approver=_Person())
    asks(middle.as_tool("manage", "Manage."), approver=_Person()).stream("Go.")
