"""An MCP server made with the package mcp: over standard input and output as a program."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp.types import ToolAnnotations

warnings.simplefilter("ignore", MCPDeprecationWarning)  # logging is going to leave the protocol, and is in it


class Notes:
    """The server and what it remembers."""

    def __init__(self) -> None:
        self.server = server = MCPServer("notes")
        self.stopped = threading.Event()
        self.waiting = threading.Event()
        server.tool(annotations=ToolAnnotations(read_only_hint=True))(self.add)
        server.tool()(self.work)
        server.tool()(self.wait)
        server.tool()(self.grow)
        server.tool()(self.endless)

    def add(self, a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    async def work(self, name: str, steps: int, ctx: Context[Any]) -> dict[str, Any]:
        """Work step by step."""
        for step in range(1, steps + 1):
            await ctx.report_progress(step, steps, f"{name} {step}")
            await ctx.info(f"{name} did {step}")  # pyright: ignore[reportDeprecated]  see above
        return {"name": name, "steps": steps}

    async def wait(self) -> str:
        """Wait until it is stopped."""
        self.waiting.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.stopped.set()
        return "never"

    def endless(self) -> str:
        """Say too much."""
        return "word " * 100_000

    async def grow(self, ctx: Context[Any]) -> str:
        """Have one tool more."""

        def grown() -> str:
            """Say how tall."""
            return "taller"

        self.server.add_tool(grown)
        await ctx.notify_tools_changed()
        return "grown"


if __name__ == "__main__":
    Notes().server.run()
