"""`millstream mcp`: your tools as an MCP server that an editor or another agent starts."""

from __future__ import annotations

from collections.abc import Sequence

from millstream.cli.chat import load_tools
from millstream.mcp_server import MCPTools


def serve_tools(names: Sequence[str], name: str) -> None:
    """Serve until the client closes standard input.

    Raises:
        UsageError: a tool can not be used as named, or not be served.
    """
    MCPTools([tool for one in names for tool in load_tools(one)], name=name).serve()
