"""Where the body of a tool runs: on the event loop, or in a thread of a bounded pool."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from functools import partial
from typing import Any

from millstream.limits import Limits
from millstream.runtime.threads import in_thread
from millstream.toolbox.final import Final as FinalValue
from millstream.toolbox.tool import Tool


async def execute(
    tool: Tool[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], say: Callable[[Any], None], limits: Limits
) -> Any:
    """Run a tool's body once and give what it returned; `say` gets each partial result of a generator."""
    inline = tool.options.executor == "inline"
    match tool.body:
        case "async":
            return await tool.function(*args, **kwargs)
        case "async generator":
            return await _drain_async(tool.function(*args, **kwargs), say)
        case "sync":
            if inline:
                return tool.function(*args, **kwargs)
            return await in_thread(partial(tool.function, *args, **kwargs), limits.max_threads)
        case "generator":
            drain = partial(_drain, tool.function(*args, **kwargs), say)
            return drain() if inline else await in_thread(drain, limits.max_threads)


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
