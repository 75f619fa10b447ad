"""Runs a tool's body once, where the tool says, and gives what it returned."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias

import anyio

from millstream.runtime.executors.hold import Hold
from millstream.runtime.executors.processes import in_process
from millstream.runtime.executors.tasks import in_task
from millstream.runtime.executors.threads import in_thread
from millstream.toolbox.executor import Executor, Work
from millstream.toolbox.final import Final

OnLoop: TypeAlias = Callable[[Any], Awaitable[None]]


async def execute(work: Work, hold: Hold, on_loop: OnLoop | None = None) -> Any:
    """Run a tool's body once and give what it returned.

    `on_loop` takes what an async generator yields instead of `work.yielded`; where that waits, the generator waits.

    Cancelled, it is left once the body has ended, or after `cancel_grace_s` without it: then `hold.let_go` says so.
    """
    executor = work.tool.options.executor
    if executor == "process":
        return await in_process(work, hold)
    if executor is not None and not isinstance(executor, str):
        return await _submitted(executor, work, hold)
    if work.tool.body == "async":
        return await in_task(work.function, hold, work.tool.name)
    if work.tool.body == "async generator":
        return await in_task(partial(_drain, work, on_loop), hold, work.tool.name)
    result = work.run() if executor == "inline" else await in_thread(work.run, hold)
    if not isawaitable(result):
        return result

    async def wait() -> Any:
        return await result  # of a plain function that calls an async one

    return await in_task(wait, hold, work.tool.name)


async def _submitted(executor: Executor, work: Work, hold: Hold) -> Any:
    name = work.tool.name
    try:
        return await in_task(partial(executor.submit, work), hold, name)
    except anyio.get_cancelled_exc_class() as cancelled:
        try:
            with anyio.CancelScope(shield=True), anyio.fail_after(hold.limits.cancel_grace_s):
                await in_task(partial(executor.cancel, work), hold, name)
        except Exception as error:
            hold.let_go = True
            raise cancelled from error  # whatever the executor raises, the call was cancelled
        raise


async def _drain(work: Work, on_loop: OnLoop | None) -> Any:
    result: Any = None
    generator: AsyncGenerator[Any, Any] = work.function()
    async with aclosing(generator):
        async for value in generator:
            if isinstance(value, Final):
                return value.value
            result = value
            if on_loop is None:
                work.yielded(value)
            else:
                await on_loop(value)
    return result
