"""Where the body of a tool runs: on the event loop, or in a thread of a bounded pool."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from functools import partial
from inspect import isawaitable
from typing import Any, Protocol

from anyio import CancelScope

from millstream.limits import Limits
from millstream.runtime.threads import in_thread
from millstream.toolbox.final import Final as FinalValue
from millstream.toolbox.tool import Tool


class Yields(Protocol):
    """What takes the partial results of generators, for each place where their bodies run."""

    async def on_loop(self, value: Any) -> None:
        """Take one on the event loop."""
        ...

    def in_thread(self, value: Any) -> None:
        """Take one in a thread."""
        ...

    def inline(self, value: Any) -> None:
        """Take one on the event loop, of code that can not wait."""
        ...

    def close(self) -> None:
        """No more are wanted."""
        ...


async def execute(
    tool: Tool[..., Any], call: Callable[[], Any], yields: Yields, limits: Limits, time_limit: CancelScope
) -> Any:
    """Run a tool's body once and give what it returned.

    Args:
        tool: whose body it is.
        call: calls the tool's function with its arguments.
        yields: gets each partial result of a generator, which waits where that waits.
        limits: those of the run.
        time_limit: the scope that this runs in, which is cancelled when the time of the tool is over.
    """
    inline = tool.options.executor == "inline"
    match tool.body:
        case "async":
            return await call()
        case "async generator":
            return await _drain_async(call(), yields)
        case "sync":
            work = call
        case "generator":
            work = partial(_drain, call, yields.inline if inline else yields.in_thread)
    result = work() if inline else await in_thread(work, limits, time_limit, yields.close)
    return await result if isawaitable(result) else result  # of a plain function that calls an async one


async def _drain_async(generator: AsyncGenerator[Any, Any], yields: Yields) -> Any:
    result: Any = None
    async with aclosing(generator):
        async for value in generator:
            if isinstance(value, FinalValue):
                return value.value
            result = value
            await yields.on_loop(value)
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
