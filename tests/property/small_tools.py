"""Small tools, one of each kind, that take some turns of the event loop and never wait for a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from anyio.lowlevel import checkpoint

from millstream import Retry, ToolContext, tool


@tool(read_only=True)
async def work(turns: int, ctx: ToolContext[Any]) -> str:
    """Work for some turns of the event loop."""
    for turn in range(turns):
        ctx.progress(turn, turns)
        await checkpoint()
    return "worked"


@tool(name="alone", exclusive=True)
async def alone(turns: int) -> str:
    """Work, with nothing else at work beside it."""
    for _ in range(turns):
        await checkpoint()
    return "worked alone"


@tool(needs_approval=True)
async def wipe(disk: str) -> str:
    """Wipe a disk."""
    await checkpoint()
    return f"wiped {disk}"


@tool(deferred=True)
def ask_user(question: str) -> str:
    """Ask the user."""
    raise AssertionError(f"nobody calls this, to ask {question}")


@tool(read_only=True)
async def parts(count: int) -> AsyncIterator[str]:
    """Give parts."""
    for part in range(count):
        yield f"part {part} of many"
        await checkpoint()


@tool(read_only=True)
def parts_in_thread(count: int) -> Iterator[str]:
    """Give parts, from a thread."""
    for part in range(count):
        yield f"part {part} of many"


@tool(idempotent=True, start="eager", retry=Retry(attempts=3, first_wait_s=0, max_wait_s=0, jitter_s=0))
async def flaky(until: int, ctx: ToolContext[Any]) -> str:
    """Fail until some attempt."""
    await checkpoint()
    if ctx.attempt < until:
        raise OSError("not yet")
    return "at last"
