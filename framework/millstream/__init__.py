"""Streaming tool-call orchestration: your tools start while the model is still writing.

    from millstream import Agent, tool

    @tool(read_only=True)
    async def weather(city: str) -> str:
        "Look up the weather of a city."
        return "21 °C, clear"

    agent = Agent("openai:gpt-5.1", tools=[weather])
    async with agent.stream("What should I wear in Paris?") as run:
        async for event in run: ...

Events are in `millstream.events`, guards in `millstream.guards`, stop rules in `millstream.stop`, what tests need in
`millstream.testing`.
"""

from __future__ import annotations

from millstream.agent import Agent
from millstream.answers import Answer, Approve, Deny
from millstream.errors import (
    ArgsAborted,
    GuardBlocked,
    MillstreamError,
    ModelError,
    ModelRetry,
    ModerationBlocked,
    OutputInvalid,
    RunClosed,
    RunError,
    ToolDefinitionError,
    ToolError,
    TurnLimit,
    UsageError,
    WireError,
)
from millstream.handoff import Handoff
from millstream.limits import Limits
from millstream.models import Model
from millstream.policy import Policy, Retry
from millstream.runner import ToolRunner
from millstream.runtime.result import Result
from millstream.runtime.run import Run
from millstream.runtime.state import RunState
from millstream.settings import OutputSchema, Settings, UseTool
from millstream.so_far import SoFar
from millstream.toolbox.argstream import ArgStream
from millstream.toolbox.context import ToolContext
from millstream.toolbox.decorator import tool
from millstream.toolbox.final import Final
from millstream.toolbox.free_text import Grammar
from millstream.toolbox.mcp import MCPServer
from millstream.toolbox.schema_tool import schema_tool
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import MediaPart, Transcript

__all__ = (
    "Agent",
    "Answer",
    "Approve",
    "ArgStream",
    "ArgsAborted",
    "Deny",
    "Final",
    "Grammar",
    "GuardBlocked",
    "Handoff",
    "Limits",
    "MCPServer",
    "MediaPart",
    "MillstreamError",
    "Model",
    "ModelError",
    "ModelRetry",
    "ModerationBlocked",
    "OutputInvalid",
    "OutputSchema",
    "Policy",
    "Result",
    "Retry",
    "Run",
    "RunClosed",
    "RunError",
    "RunState",
    "Settings",
    "SoFar",
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
    "schema_tool",
    "tool",
)
