"""A server that a run or an agent has opened: its connection, made again once it is lost, and the tools of its list."""

from __future__ import annotations

from typing import Any

import anyio
from anyio.abc import TaskGroup

from millstream.limits import Limits
from millstream.runtime.mcp.connection import Connection
from millstream.toolbox.context import ToolContext
from millstream.toolbox.mcp import Source
from millstream.toolbox.mcp_listing import Listing, read_listing
from millstream.toolbox.schema_tool import Caller


class OpenServer:
    """One source of tools while it is open: `open` it, then ask for `listing` before each turn.

    Args:
        source: the server and the names of its tools.
        limits: caps and deadlines.
        tasks: where its connection lives.
    """

    def __init__(self, source: Source, limits: Limits, tasks: TaskGroup) -> None:
        self.source = source
        self._limits = limits
        self._tasks = tasks
        self._connection = Connection(source.server, limits)
        self._listing = Listing()
        self._renewing = anyio.Lock()  # several runs of an agent share it

    async def open(self) -> None:
        """Connect for the first time. Raises `CannotConnect`."""
        await self._connection.open(self._tasks)
        self._read()

    async def listing(self) -> Listing:
        """The tools as they are now: connected again where the connection was lost, read again where they changed.

        Raises:
            CannotConnect: the server is not there; it is tried again the next time.
        """
        async with self._renewing:
            if self._connection.over:
                connection = Connection(self.source.server, self._limits)
                await connection.open(self._tasks)
                self._connection = connection
                self._read()
            elif self._connection.changed:
                await self._connection.refresh()
                self._read()
        return self._listing

    def _read(self) -> None:
        self._listing = read_listing(self.source, self._connection.described, self._caller)

    def _caller(self, remote_name: str) -> Caller:
        async def call(args: dict[str, Any], context: ToolContext[Any]) -> Any:
            return await self._connection.call(remote_name, args, context)

        return call
