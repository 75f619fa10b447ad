"""Agents that ask other agents, and a look into the log of what they did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from millstream import Agent, ToolContext, tool
from millstream.events import Event, Record
from millstream.testing import Say, ScriptedModel, call


@tool
async def look(where: str, ctx: ToolContext[Any]) -> str:
    """Look somewhere."""
    ctx.log(f"looking {where}")
    return f"{ctx.deps} in {where} for {ctx.idempotency_key}"


def researcher(*more: Any, **options: Any) -> Agent:
    """An agent that looks once, then answers."""
    script = more or ([Say("I look. "), call("look", where="books")], "Mills grind.")
    return Agent(ScriptedModel(list(script)), [look], **options)


def asks(*tools: Any, times: int = 1, **options: Any) -> Agent:
    """An agent that asks its first tool, then answers."""
    asked = [call(tools[0].name, prompt=f"mills {number}?") for number in range(times)]
    return Agent(ScriptedModel([[Say("I ask. "), *asked], "So they say."]), tools, **options)


def within(records: Sequence[Record], *scope: str) -> list[Event]:
    return [record.event for record in records if record.scope == scope]


def only(records: Sequence[Record], kind: type[Any]) -> list[Any]:
    return [record.event for record in records if isinstance(record.event, kind)]
