"""Where the body of a tool runs: on the event loop, or in a thread of a bounded pool."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import anyio
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from millstream.limits import Limits
from millstream.toolbox.final import Final as FinalValue
from millstream.toolbox.tool import Tool

_threads: Final[RunVar[anyio.CapacityLimiter]] = RunVar("millstream_threads")


async def execute(
    tool: Tool[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], say: Callable[[Any], None], limits: Limits
) -> Any:
    """Run a tool's body once and give what it returned; `say` gets each partial result of a generator.

    A thread can not be stopped: where the body is cancelled in one, the thread is left to end by itself, and keeps its
    place in the pool until then.
    """
    inline = tool.options.executor == "inline"
    match tool.body:
        case "async":
            return await tool.function(*args, **kwargs)
        case "async generator":
            return await _drain_async(tool.function(*args, **kwargs), say)
        case "sync":
            if inline:
                return tool.function(*args, **kwargs)
            return await _in_thread(partial(tool.function, *args, **kwargs), limits)
        case "generator":
            drain = partial(_drain, tool.function(*args, **kwargs), say)
            return drain() if inline else await _in_thread(drain, limits)


async def _in_thread(function: Callable[[], Any], limits: Limits) -> Any:
    """Run in a thread of our own pool, one for each event loop: asyncio's default has six threads on two cores."""
    pool = _threads.get(None)
    if pool is None:
        pool = anyio.CapacityLimiter(limits.max_threads)
        _threads.set(pool)
    pool.total_tokens = max(pool.total_tokens, limits.max_threads)
    return await run_sync(function, abandon_on_cancel=True, limiter=pool)


async def _drain_async(generator: AsyncGenerator[Any, Any], say: Callable[[Any], None]) -> Any:
    result: Any = None
    async with aclosing(generator):
        async for value in generator:
            if isinstance(value, FinalValue):
                return value.value
            result = value
            say(value)
    return result


def _drain(generator: Generator[Any, Any, Any], say: Callable[[Any], None]) -> Any:
    result: Any = None
    try:
        for value in generator:
            if isinstance(value, FinalValue):
                return value.value
            result = value
            say(value)
    finally:
        generator.close()
    return result
