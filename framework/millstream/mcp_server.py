"""Your tools served to others over MCP: the same checks, limits, progress and failures as in a run of your own.

Each call is judged by the tool's assembler and run as an attempt of a run. With `runtime.mcp` the home of the package
mcp, which is imported when a server is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anyio

from millstream.arguments.assembler import canonical, json_text
from millstream.errors import ModelRetry, UsageError
from millstream.events import Call, CallLogged, JsonValue, Problem, Rejected
from millstream.events.values import is_object
from millstream.failures import explain
from millstream.limits import Limits
from millstream.policy import Policy, Retry
from millstream.runtime.attempt import AttemptFailed, Body, RunContext
from millstream.runtime.executors.hold import Hold
from millstream.runtime.mcp.places import Places
from millstream.runtime.mcp.said import Said
from millstream.runtime.mcp.transports import load
from millstream.runtime.outcomes import cut
from millstream.runtime.retry import retrying
from millstream.toolbox.output import Output, parts_of
from millstream.toolbox.signature import BoundArguments
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import JsonPart, MediaPart, Part, TextPart

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel.server import Server
    from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams
    from mcp_types import Tool as Described
    from starlette.applications import Starlette


class MCPTools:
    """Tools as an MCP server: `serve()` them over standard input and output, or mount `app()` in an ASGI server.

        MCPTools([search, read_note], name="notes").serve()

    Args:
        tools: functions, tools or toolboxes.
        name: what the server is called.
        deps: handed to tools as `ToolContext.deps`.
        limits: caps and deadlines of each call; `max_concurrent_tools` holds for all calls together.
        policy: whether arguments are coerced, and what is told of exceptions.

    Raises:
        UsageError: a tool needs approval, which nobody could give here; or the package mcp is not installed.
        ToolDefinitionError: two tools have one name, or a function can not be a tool.
    """

    def __init__(
        self,
        tools: Toolbox | Iterable[Callable[..., Any] | Tool[..., Any] | Toolbox],
        *,
        name: str = "millstream",
        deps: Any = None,
        limits: Limits | None = None,
        policy: Policy | None = None,
    ) -> None:
        load()
        from mcp.server.lowlevel.server import Server

        self.toolbox: Toolbox = Toolbox(tools)
        if self.toolbox.sources:
            raise UsageError("an MCPServer can not be served on: give its address to who wants its tools")
        asked = next((tool.name for tool in self.toolbox.values() if tool.options.needs_approval), None)
        if asked is not None:
            raise UsageError(f"{asked} needs approval, and nobody can be asked here: serve toolbox.exclude({asked!r})")
        self._shared = RunContext(uuid4().hex, limits or Limits(), policy or Policy(), deps)
        self._served: Server[Any] = Server(name, on_list_tools=self._list, on_call_tool=self._call)
        self._places = Places(self.toolbox, self._shared.limits.max_concurrent_tools)

    def serve(self) -> None:
        """Serve over standard input and output until the client closes them. Prints of tools go to standard error."""
        anyio.run(self.serve_async)

    async def serve_async(self) -> None:
        """As `serve`, within an event loop."""
        from mcp.server.stdio import stdio_server

        async with stdio_server() as (read, write):
            await self._served.run(read, write, self._served.create_initialization_options())

    def app(self, path: str = "/mcp", *, host: str = "127.0.0.1") -> Starlette:
        """An ASGI application that serves them over streamable HTTP.

        Args:
            path: where in its URL space.
            host: the name under which it is reached; with that of this machine, requests that name another host are
                refused, so that no page in a browser can reach it by a name of its own. It asks nobody for a password:
                put what does so before it.
        """
        return self._served.streamable_http_app(streamable_http_path=path, host=host)

    async def _list(self, context: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        from mcp_types import ListToolsResult

        del context, params
        return ListToolsResult(tools=[_described(tool) for tool in self.toolbox.values()])

    async def _call(self, context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        name, shared = params.name, self._shared
        arguments = self.toolbox.open_arguments(
            name, "function", limits=shared.limits, coerce=shared.policy.coerce, custom_tools=False
        )
        if isinstance(arguments, Problem):
            return self._answer(f"{arguments.message}.", ok=False)
        arguments.feed(json_text(params.arguments or {}))
        outcome = arguments.close()
        if isinstance(outcome, Rejected):
            return self._answer(explain(outcome, name), ok=False)
        assert isinstance(outcome.bound, BoundArguments), "the arguments of a sealed call are bound"
        call = Call(f"call-{uuid4().hex}", 1, 0, name, str(context.request_id))
        async with Said(context) as said, self._places.of(self.toolbox[name]):
            key = f"{shared.run_id}:{call.id}"
            hold = Hold(shared.limits)
            body = Body(call, self.toolbox[name], outcome.bound, outcome.value, hold, said, key)
            try:
                output = await self._attempts(body)
            except AttemptFailed as failed:
                return self._answer(explain(failed.failure, name), ok=False)
        if output.media:
            return _with_media(parts_of(output), self._shared.limits)
        return self._answer(output.value, ok=True)

    async def _attempts(self, body: Body) -> Output:
        """Run a call, again where its tool says that it may be."""
        retry = body.tool.options.retry or Retry(attempts=1)

        def may_retry(error: BaseException) -> bool:
            cause = error.cause if isinstance(error, AttemptFailed) else None
            return isinstance(cause, retry.on) and not isinstance(cause, ModelRetry)

        async def attempt(number: int) -> Output:
            return await body.run(number, self._shared)

        def on_retry(number: int, pause_s: float, error: BaseException) -> None:
            del error
            body.outlet.say(CallLogged(body.call, f"attempt {number} failed, another in {pause_s:.1f} s"))

        return await retrying(attempt, retry, may_retry=may_retry, on_retry=on_retry)

    def _answer(self, result: JsonValue, *, ok: bool) -> CallToolResult:
        from mcp_types import CallToolResult, TextContent

        whole = result if isinstance(result, str) else canonical(result)
        text = cut(whole, self._shared.limits.max_result_chars)
        content: list[Any] = [TextContent(type="text", text=text)]
        if isinstance(result, str) or text != whole:
            return CallToolResult(content=content, is_error=not ok)
        structured = result if is_object(result) else {"result": result}  # it must be an object
        return CallToolResult(content=content, structured_content=structured, is_error=not ok)


def _with_media(parts: Sequence[Part], limits: Limits) -> CallToolResult:
    from mcp_types import AudioContent, CallToolResult, ImageContent, TextContent

    content: list[Any] = []
    for part in parts:
        match part:
            case MediaPart(media_type=kind, base64=str(data)) if kind.startswith("image/"):
                content.append(ImageContent(type="image", data=data, mime_type=kind))
            case MediaPart(media_type=kind, base64=str(data)) if kind.startswith("audio/"):
                content.append(AudioContent(type="audio", data=data, mime_type=kind))
            case MediaPart(media_type=kind, url=url, name=name):
                content.append(TextContent(type="text", text=f"[{' '.join(filter(None, (kind, name, url)))}]"))
            case TextPart(text=text):
                content.append(TextContent(type="text", text=cut(text, limits.max_result_chars)))
            case JsonPart(value=value):
                content.append(TextContent(type="text", text=cut(canonical(value), limits.max_result_chars)))
    return CallToolResult(content=content)


def _described(tool: Tool[..., Any]) -> Described:
    from mcp_types import Tool as Described
    from mcp_types import ToolAnnotations

    options = tool.options
    hints = ToolAnnotations(read_only_hint=options.read_only, idempotent_hint=options.repeatable)
    return Described(
        name=tool.name, description=tool.description, input_schema=dict(tool.parameters), annotations=hints
    )
