"""Threads for synchronous tools: so many at a time in an event loop, all runs together.

A thread can not be stopped. Whoever is cancelled waits for it a while, so that nothing goes on behind the back of who
left; then it is left to end by itself, and keeps its place until then: a tool that gets stuck again and again must not
fill the process with threads. It knows nothing of tools.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Final, TypeVar

import anyio
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from millstream.runtime.executors.hold import Hold
from millstream.runtime.wake import LoopThread

T = TypeVar("T")


class _Pool:
    """The places of one event loop."""

    def __init__(self, size: int) -> None:
        self.places = anyio.CapacityLimiter(size)
        self.unlimited = anyio.CapacityLimiter(math.inf)  # anyio's own on asyncio lets go of a thread that goes on


_pools: Final[RunVar[_Pool]] = RunVar("millstream_threads")


async def in_thread(function: Callable[[], T], hold: Hold) -> T:
    """Call `function` in a thread of a pool of `max_threads` or, if some run asked for more, of more.

    Who is cancelled meanwhile leaves when it has ended, after `cancel_grace_s` at the latest; at once where it is
    `hold.time_limit` that cancels, for then the model waits to be told.
    """
    limits = hold.limits
    pool = _pools.get(None)
    if pool is None:
        pool = _Pool(limits.max_threads)
        _pools.set(pool)
    pool.places.total_tokens = max(pool.places.total_tokens, limits.max_threads)
    place = _Place(pool)
    await pool.places.acquire_on_behalf_of(place)

    def work() -> tuple[T]:
        place.begin()
        try:
            return (function(),)  # in a tuple, because trio refuses a coroutine
        finally:
            place.end()

    try:
        (result,) = await run_sync(work, abandon_on_cancel=True, limiter=pool.unlimited)
        return result
    finally:
        hold.on_left()
        if not await place.leave(0.0 if hold.time_limit.cancel_called else limits.cancel_grace_s):
            hold.let_go = True


class _Left(Exception):
    """Nobody waits for the thread any more, and it has not begun."""


class _Place:
    """The place of one call: taken before its thread begins, and free again once that has ended or never will begin."""

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._loop = LoopThread()
        self._lock = threading.Lock()
        self._begun = self._left = False
        self._ended = anyio.Event()

    def begin(self) -> None:
        """In the thread: the work begins, unless nobody waits for it any more."""
        with self._lock:
            if self._left:
                raise _Left
            self._begun = True

    def end(self) -> None:
        """In the thread: the work is over."""
        self._loop.do(self._free)

    async def leave(self, grace_s: float) -> bool:
        """In the event loop: nobody waits any more, but `grace_s` for work that has begun. Whether nothing goes on."""
        with self._lock:
            self._left = True
            begun = self._begun
        if not begun:
            self._free()
        elif grace_s and not self._ended.is_set():
            with anyio.move_on_after(grace_s, shield=True):
                await self._ended.wait()
        return not begun or self._ended.is_set()

    def _free(self) -> None:
        self._pool.places.release_on_behalf_of(self)
        self._ended.set()
