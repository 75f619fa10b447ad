"""Async bodies of tools, each in a task that belongs to no group, so that a run can be left without it.

No task can be killed. Whoever is cancelled cancels the body and waits for it a while; a body that takes no notice (it
swallows the cancellation, or shields itself) is then left to go on by itself, undisturbed: one that swallowed would
otherwise be cancelled again in every round of the event loop, which would never rest. What can not be helped: such a
task delays the end of the event loop itself, of `asyncio.run` or `trio.run`, until it ends; and code that never awaits
stops the event loop and everything on it.
"""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any, Final

import anyio

from millstream.runtime.executors.hold import Hold

_tasks: Final[set[asyncio.Task[None]]] = set()  # asyncio itself holds them only weakly


async def in_task(call: Callable[[], Awaitable[Any]], hold: Hold, name: str) -> Any:
    """Call `call` in a task named after the tool and wait for it; it returns and raises what that does.

    Who is cancelled meanwhile leaves when it has ended, after `cancel_grace_s` at the latest.
    """
    body = _Body(call, hold.time_limit.deadline)
    hold.body_scope = body.scope
    _start(body, f"body of {name}")
    try:
        await body.ended.wait()
    except anyio.get_cancelled_exc_class():
        if not await body.stop(hold.limits.cancel_grace_s):
            hold.let_go = True
            raise
        if body.stopped:
            raise
    if body.stopped:
        await anyio.sleep_forever()  # its time is over, and so is ours: the same deadline is about to cancel this
    return body.outcome()


def _start(body: _Body, name: str) -> None:
    if anyio.get_cancelled_exc_class() is CancelledError:
        task = asyncio.get_running_loop().create_task(body.run(), name=name)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        return
    from trio.lowlevel import spawn_system_task

    spawn_system_task(body.run, name=name, context=copy_context())


class _Body:
    """A body at work: `run` is its task, the rest is for whoever waits for it."""

    def __init__(self, call: Callable[[], Awaitable[Any]], deadline: float) -> None:
        self.ended = anyio.Event()
        self._call = call
        self.scope = anyio.CancelScope(deadline=deadline)  # the waiter's, here for the body to see
        self._within = anyio.CancelScope()
        self._value: Any = None
        self._error: BaseException | None = None

    async def run(self) -> None:
        """The task."""
        try:
            with self.scope, self._within:
                self._value = await self._call()
        except GeneratorExit:
            raise  # the event loop is gone
        except BaseException as error:  # noqa: BLE001  raised again where the body is waited for
            self._error = error
        finally:
            self.ended.set()

    async def stop(self, grace_s: float) -> bool:
        """Cancel it and wait for its end; False where it has not come."""
        self.scope.cancel()
        with anyio.move_on_after(grace_s, shield=True):
            await self.ended.wait()
        if not self.ended.is_set():
            self._within.shield = True  # not to be cancelled again and again
        return self.ended.is_set()

    @property
    def stopped(self) -> bool:
        """Whether its cancellation is what ended it."""
        return self.scope.cancelled_caught

    def outcome(self) -> Any:
        """What it returned, or raise what it raised."""
        error, self._error = self._error, None  # else the error, its frames and this would hold each other
        if error is None:
            return self._value
        try:
            raise error
        finally:
            del error
