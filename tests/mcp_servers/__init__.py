"""Servers that speak MCP, for tests, and what is left of them."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
PLAIN = [sys.executable, str(HERE / "plain.py")]
"""A server of the handshake's days, in a few lines of its own: quick to start, and as strange as a test needs it."""
NOTES = [sys.executable, str(HERE / "notes.py")]
"""A server made with the package mcp."""


def children() -> set[int]:
    """The processes that this one has started and that have not ended, or were not waited for."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(word) for word in (task / "children").read_text(encoding="ascii").split()}
    return found
