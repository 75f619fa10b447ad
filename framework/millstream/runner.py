"""For people who own their loop: tools run while your own client's response streams, and you send the next request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import anyio
from anyio.abc import TaskGroup

from millstream.answers import Approver
from millstream.errors import RunClosed, UsageError
from millstream.limits import Limits
from millstream.policy import Policy
from millstream.reachable import check_sub_agents
from millstream.runtime.attempt import RunContext, check_approver
from millstream.runtime.conversation import tool_schemas
from millstream.runtime.drive import Drive
from millstream.runtime.executors.orders import check_deps, check_processes
from millstream.runtime.groups import leave
from millstream.runtime.sources import Sources, check_sources
from millstream.toolbox.mcp import MCPServer
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox
from millstream.transport.sdk import ForeignStream, Stream
from millstream.wire.custom import as_function
from millstream.wire.formats import CUSTOM_TOOLS, format_named

_STYLES = {
    "openai": "openai-responses",
    "anthropic": "anthropic-messages",
    "bedrock": "bedrock-converse",
    "cohere": "cohere-v2",
    "gemini": "gemini-generate",
    "ollama": "ollama-native",
}


class ToolRunner:
    """Runs the tool calls of responses that you ask for yourself.

        async with ToolRunner([weather]) as runner:
            while not runner.finished:
                stream = client.responses.create(model=…, input=items, tools=runner.schemas("openai"), stream=True)
                async for event in runner.drive(stream): ...
                items += runner.items()

    Args:
        tools: functions, tools, toolboxes or MCP servers; the latter tell their tools when the runner is entered.
        policy: what to do when a model, a stream or a tool does not behave.
        limits: caps and deadlines.
        deps: handed to tools as `ToolContext.deps`.
        approver: asked before a tool that needs approval starts.

    Raises:
        ToolDefinitionError: two tools have one name, or a function can not be a tool.
        UsageError: a tool needs approval and there is no approver, or a tool is deferred: unlike an agent's run, a loop
            of your own can not be suspended; or it can not be found by the process it asks for, or asks for `deps`
            there that can not be sent.
    """

    def __init__(
        self,
        tools: Iterable[Callable[..., Any] | Tool[..., Any] | Toolbox | MCPServer],
        *,
        policy: Policy | None = None,
        limits: Limits | None = None,
        deps: Any = None,
        approver: Approver | None = None,
    ) -> None:
        self.toolbox: Toolbox = Toolbox(tools)
        check_sources(self.toolbox)
        check_approver(self.toolbox, approver)
        check_processes(self.toolbox.values())
        check_deps(self.toolbox.values(), deps)
        check_sub_agents(self.toolbox, approver)
        self._shared = RunContext(uuid4().hex, limits or Limits(), policy or Policy(), deps, approver)
        self._tasks: TaskGroup | None = None
        self._sources: Sources
        self._drives: list[Drive] = []

    async def __aenter__(self) -> Self:
        if self._tasks is not None:
            raise RunClosed("a ToolRunner is entered once: make another one")
        sources = Sources(self.toolbox, self._shared.limits)
        self.toolbox = await (await sources.__aenter__()).toolbox()
        try:
            check_approver(self.toolbox, self._shared.approver)
        except UsageError as error:
            await sources.__aexit__(type(error), error, error.__traceback__)
            raise
        self._sources = sources
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._tasks is not None, "exit follows enter"
        try:
            await leave(self._tasks, kind, error, traceback)
        finally:
            await self._sources.__aexit__(None, None, None)

    @property
    def finished(self) -> bool:
        """Whether the last response called no tool and was not interrupted: the model has said what it had to say."""
        last = self._drives[-1] if self._drives else None
        return last is not None and last.over and not (last.calls or last.goes_on)

    def schemas(self, style: str = "openai") -> list[dict[str, Any]]:
        """The tools as a provider is told of them.

        Args:
            style: "openai" for Responses, "openai-chat" for Chat Completions, "anthropic", "bedrock", "cohere",
                "ollama", "gemini" for the function declarations of one of Gemini's tools,
                `{"function_declarations": runner.schemas("gemini")}`, or the name of a wire format.
        """
        format_ = format_named(_STYLES.get(style, style))
        schemas = tool_schemas(self.toolbox)
        told = schemas if format_.name in CUSTOM_TOOLS else map(as_function, schemas)
        return [format_.tool(schema) for schema in told]

    def drive(self, stream: Stream, *, api: str | None = None) -> Drive:
        """Read a response and run its calls while it streams; iterate over the events.

        Args:
            stream: the body's bytes, messages that are already JSON, or the event objects of the SDKs of OpenAI,
                Anthropic and Google; also what their `create(…, stream=True)` returned, awaited or not.
            api: the wire format; told from the first message where that is no plain bytes.

        Raises:
            RunClosed: the runner was not entered.
            UsageError: the response before this one is still being driven.
        """
        if self._tasks is None:
            raise RunClosed("enter the runner first: async with ToolRunner(tools) as runner: …")
        if self._drives and not self._drives[-1].over:
            raise UsageError("one response at a time: iterate over the last drive() to its end first")
        taken = frozenset(call.provider_id for drive in self._drives for call in drive.calls)
        drive = Drive(ForeignStream(stream), api, len(self._drives) + 1, taken)
        drive.start(self._tasks, self.toolbox, self._shared)
        self._drives.append(drive)
        return drive

    def items(self) -> list[dict[str, Any]]:
        """What the last response adds to your request: the model's items or message, then the answers to its calls.

        Append them to `input` (Responses, Interactions), to `messages` (Chat, Anthropic) or to `contents` (Gemini).

        Raises:
            UsageError: no response was driven to its end.
        """
        if not self._drives or not self._drives[-1].over:
            raise UsageError("there is nothing to send yet: iterate over drive(stream) to its end first")
        return self._drives[-1].items
