"""How many calls of served tools may be at work: all together, of one tool, and of one exclusive group."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio

from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox


class Places:
    """The places of a toolbox's calls; a call waits for those of its group and its tool before it takes one of all."""

    def __init__(self, toolbox: Toolbox, max_concurrent: int) -> None:
        options = {tool.name: tool.options for tool in toolbox.values()}
        self._all = anyio.CapacityLimiter(max_concurrent)
        self._tools = {name: anyio.CapacityLimiter(one.limit) for name, one in options.items() if one.limit}
        self._groups = {one.exclusive: anyio.CapacityLimiter(1) for one in options.values() if one.exclusive}

    @asynccontextmanager
    async def of(self, tool: Tool[..., Any]) -> AsyncGenerator[None]:
        """Have the places that a call of a tool needs."""
        async with AsyncExitStack() as held:
            for limiter in (self._groups.get(tool.options.exclusive or ""), self._tools.get(tool.name), self._all):
                if limiter is not None:
                    await limiter.acquire_on_behalf_of(held)
                    held.callback(limiter.release_on_behalf_of, held)
            yield
