"""Where the body of a tool runs: on the event loop, or in a thread of a bounded pool."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from functools import partial
from inspect import isawaitable
from typing import Any

from anyio import CancelScope

from millstream.limits import Limits
from millstream.runtime.threads import in_thread
from millstream.toolbox.final import Final as FinalValue
from millstream.toolbox.tool import Tool


async def execute(
    tool: Tool[..., Any], call: Callable[[], Any], say: Callable[[Any], None], limits: Limits, time_limit: CancelScope
) -> Any:
    """Run a tool's body once and give what it returned.

    Args:
        tool: whose body it is.
        call: calls the tool's function with its arguments.
        say: gets each partial result of a generator.
        limits: those of the run.
        time_limit: the scope that this runs in, which is cancelled when the time of the tool is over.
    """
    match tool.body:
        case "async":
            return await call()
        case "async generator":
            return await _drain_async(call(), say)
        case "sync":
            work = call
        case "generator":
            work = partial(_drain, call, say)
    result = work() if tool.options.executor == "inline" else await in_thread(work, limits, time_limit)
    return await result if isawaitable(result) else result  # of a plain function that calls an async one


async def _drain_async(generator: AsyncGenerator[Any, Any], say: Callable[[Any], None]) -> Any:
    result: Any = None
    async with aclosing(generator):
        async for value in generator:
            if isinstance(value, FinalValue):
                return value.value
            result = value
            say(value)
    return result


def _drain(call: Callable[[], Generator[Any, Any, Any]], say: Callable[[Any], None]) -> Any:
    result: Any = None
    generator = call()
    try:
        for value in generator:
            if isinstance(value, FinalValue):
                return value.value
            result = value
            say(value)
    finally:
        generator.close()
    return result
