"""Streaming tool-call orchestration: your tools start while the model is still writing.

    from millstream import Agent, tool

    @tool(read_only=True)
    async def weather(city: str) -> str:
        "Look up the weather of a city."
        return "21 °C, clear"

    agent = Agent("openai:gpt-5.1", tools=[weather])
    async with agent.stream("What should I wear in Paris?") as run:
        async for event in run: ...

Events are in `millstream.events`, what tests need in `millstream.testing`.
"""

from __future__ import annotations

from millstream.agent import Agent
from millstream.answers import Approve, Deny
from millstream.errors import (
    ArgsAborted,
    MillstreamError,
    ModelError,
    ModelRetry,
    ModerationBlocked,
    RunClosed,
    RunError,
    ToolDefinitionError,
    ToolError,
    TurnLimit,
    UsageError,
    WireError,
)
from millstream.limits import Limits
from millstream.models import Model
from millstream.policy import Policy, Retry
from millstream.runner import ToolRunner
from millstream.runtime.run import Result, Run
from millstream.settings import OutputSchema, Settings, UseTool
from millstream.toolbox.argstream import ArgStream
from millstream.toolbox.context import ToolContext
from millstream.toolbox.decorator import tool
from millstream.toolbox.final import Final
from millstream.toolbox.free_text import Grammar
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import Transcript

__all__ = (
    "Agent",
    "Approve",
    "ArgStream",
    "ArgsAborted",
    "Deny",
    "Final",
    "Grammar",
    "Limits",
    "MillstreamError",
    "Model",
    "ModelError",
    "ModelRetry",
    "ModerationBlocked",
    "OutputSchema",
    "Policy",
    "Result",
    "Retry",
    "Run",
    "RunClosed",
    "RunError",
    "Settings",
    "Tool",
    "ToolContext",
    "ToolDefinitionError",
    "ToolError",
    "ToolRunner",
    "Toolbox",
    "Transcript",
    "TurnLimit",
    "UsageError",
    "UseTool",
    "WireError",
    "tool",
)
