"""The tools of a played conversation: every kind of body, which do what the arguments of a call say.

`how` is what a call comes to, `turns` how many turns of the event loop it takes: so calls end in any order, and none
waits for a clock. A body tells its stage when it begins and when it ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Protocol

import anyio
from anyio.lowlevel import checkpoint

from millstream import ArgsAborted, ArgStream, ModelRetry, Retry, Tool, ToolContext, ToolError, tool
from millstream.events import Call, JsonObject
from tests.property.scripts import How, Kind, ToolPlan

BIG = 600
STUCK_S = 0.001


class Stage(Protocol):
    """What is told of the bodies; `deps` of the run."""

    returned: set[str]
    undone: int

    def begin(self, call: Call, attempt: int, args: JsonObject) -> None:
        """A body began."""

    def end(self, call: Call) -> None:
        """A body ended."""


@cache
def tool_of(plan: ToolPlan) -> Tool[..., Any]:
    """The tool of a plan, for any stage: that is the `deps` of the run."""
    repeated = Retry(attempts=plan.attempts, first_wait_s=plan.pause_s, max_wait_s=plan.pause_s, jitter_s=0)
    made: Tool[..., Any] = tool(
        name=plan.name,
        read_only=plan.read_only,
        idempotent=not plan.read_only and plan.attempts > 1,
        start=plan.start,
        needs_approval=plan.approval,
        timeout_s=STUCK_S if plan.kind == "stuck" else None,
        retry=repeated if plan.attempts > 1 else None,
        limit=plan.limit,
        exclusive=plan.exclusive,
        executor="inline" if plan.kind == "inline" else None,
    )(_FUNCTIONS[plan.kind])
    return made


async def _async(key: str, how: How, turns: int, context: ToolContext[Stage]) -> Any:
    """Do what is asked."""
    with _noted(key, how, turns, context):
        for _ in range(turns):
            await checkpoint()
        return _do(key, how, context)


async def _stuck(key: str, how: How, turns: int, context: ToolContext[Stage]) -> Any:
    """Wait for ever, and clean up in peace."""
    with _noted(key, how, turns, context):
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await checkpoint()


async def _nested(key: str, how: How, turns: int, context: ToolContext[Stage]) -> Any:
    """Do what is asked, in tasks of its own that clean up in peace."""

    async def part() -> None:
        try:
            for _ in range(turns):
                await checkpoint()
        finally:
            with anyio.CancelScope(shield=True):
                await checkpoint()
                await checkpoint()

    with _noted(key, how, turns, context):
        async with anyio.create_task_group() as parts:
            parts.start_soon(part)
            parts.start_soon(part)
        return _do(key, how, context)


async def _async_generator(key: str, how: How, turns: int, context: ToolContext[Stage]) -> AsyncIterator[Any]:
    """Do what is asked, piece by piece."""
    with _noted(key, how, turns, context):
        for part in range(turns):
            yield f"part {part} of {key}"
            await checkpoint()
        yield _do(key, how, context)


async def _reading(how: How, turns: int, key: ArgStream[str], context: ToolContext[Stage]) -> Any:
    """Read what is asked, do it, and undo in peace what was begun if that was not all."""
    read: list[str] = []
    try:
        async for piece in key:
            read.append(piece)
            await checkpoint()
    except ArgsAborted:
        await checkpoint()
        context.deps.undone += 1
        raise
    return await _async("".join(read), how, turns, context)


def _sync(key: str, how: How, turns: int, context: ToolContext[Stage]) -> Any:
    """Do what is asked."""
    with _noted(key, how, turns, context):
        return _do(key, how, context)


def _generator(key: str, how: How, turns: int, context: ToolContext[Stage]) -> Iterator[Any]:
    """Do what is asked, piece by piece."""
    with _noted(key, how, turns, context):
        for part in range(turns):
            yield f"part {part} of {key}"
        yield _do(key, how, context)


_FUNCTIONS: Final[Mapping[Kind, Callable[..., Any]]] = {
    "async": _async,
    "stuck": _stuck,
    "nested": _nested,
    "async generator": _async_generator,
    "thread": _sync,
    "inline": _sync,
    "generator": _generator,
    "reading": _reading,
}


@contextmanager
def _noted(key: str, how: How, turns: int, context: ToolContext[Stage]) -> Generator[None]:
    context.deps.begin(context.call, context.attempt, {"key": key, "how": how, "turns": turns})
    try:
        yield
    finally:
        context.deps.end(context.call)


def _do(key: str, how: How, context: ToolContext[Stage]) -> Any:
    """What a call comes to; only what returns says "did"."""
    match how:
        case "tool_error":
            raise ToolError(f"{key} failed")
        case "model_retry":
            raise ModelRetry(f"{key} wants to be called again")
        case "raise":
            raise ValueError(f"secret of {key}")
        case "exit":
            raise SystemExit(1)
        case "once" if context.attempt == 1:
            raise OSError(f"secret of {key}")
        case "no json":
            return object()
        case "say":
            context.progress(1, 2, f"half of {key}")
            context.log(f"log of {key}")
        case _:
            pass
    context.deps.returned.add(key)
    return f"did {key}" + (" and on" * (BIG // 7) if how == "big" else "")
