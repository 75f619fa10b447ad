"""The sources of tools that a run or an entered agent has opened, and the toolbox of each turn that comes of them."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeAlias

import anyio
from anyio.abc import TaskGroup

from millstream.errors import RunError
from millstream.events import JsonObject
from millstream.limits import Limits
from millstream.runtime.groups import leave
from millstream.runtime.mcp.connection import CannotConnect
from millstream.runtime.mcp.open_server import OpenServer
from millstream.runtime.mcp.transports import load
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox

Tell: TypeAlias = Callable[[str, JsonObject], None]
"""Takes the name of something that happened, and its facts: they become a `ProviderEvent`."""


def check_sources(toolbox: Toolbox) -> None:
    """Have the packages ready that the sources of a toolbox need.

    Raises:
        UsageError: one is not installed.
    """
    if toolbox.sources:
        load()


class Sources:
    """The sources of a toolbox, opened by `async with` and closed at its end, with whatever they started.

    Raises, from entering:
        RunError: a server could not be started or reached; the message names it.
    """

    def __init__(self, toolbox: Toolbox, limits: Limits) -> None:
        self._static = toolbox
        self._limits = limits
        self._tasks: TaskGroup | None = None
        self._servers: tuple[OpenServer, ...] = ()

    async def __aenter__(self) -> Self:
        if not self._static.sources:
            return self
        self._tasks = tasks = anyio.create_task_group()
        await tasks.__aenter__()
        try:
            servers = tuple(OpenServer(source, self._limits, tasks) for source in self._static.sources)
            async with anyio.create_task_group() as opening:
                for server in servers:
                    opening.start_soon(_open, server)
        except BaseException as error:
            await leave(tasks, type(error), error, error.__traceback__)
            leaf = _first(error)
            if isinstance(error, Exception) and isinstance(leaf, RunError):
                raise leaf from leaf.__cause__
            raise
        self._servers = servers
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._tasks is not None:
            await leave(self._tasks, kind, error, traceback)

    async def toolbox(self, tell: Tell = lambda _name, _data: None) -> Toolbox:
        """The tools there are now: those of the toolbox first, then those of the servers in the order given.

        A tool that has the name of one before it is left out, and so are those of a server that is not there; `tell`
        hears of it each time.
        """
        if not self._servers:
            return self._static
        tools: dict[str, Tool[..., Any]] = dict(self._static)
        for server in self._servers:
            label = server.source.server.label
            try:
                listing = await server.listing()
            except CannotConnect as error:
                tell("tools.unavailable", {"server": label, "why": str(error)})
                continue
            for left_out in listing.left_out:
                tell("tools.left_out", {"server": label, "tool": left_out.name, "why": left_out.why})
            for tool in listing.tools:
                if tool.name in tools:
                    why = "another tool has that name: give the server a prefix="
                    tell("tools.left_out", {"server": label, "tool": tool.name, "why": why})
                else:
                    tools[tool.name] = tool
        return Toolbox(tools.values())


async def _open(server: OpenServer) -> None:
    try:
        await server.open()
    except CannotConnect as error:
        label = server.source.server.label
        raise RunError(f"the MCP server {label} can not be used: {error}") from error


def _first(error: BaseException) -> BaseException:
    """The first of several failures: the servers were opened at once."""
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return _first(inner[0]) if inner else error
