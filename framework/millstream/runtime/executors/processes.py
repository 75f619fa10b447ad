"""Child processes for tools: so many at a time in an event loop, kept warm for the next call, killed where one is left.

A thread waits for each that is at work, so that nothing here depends on the kind of event loop. It knows tools only as
orders.
"""

from __future__ import annotations

import atexit
import math
import os
import threading
from typing import Any, Final

import anyio
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from millstream.events import CallLogged, CallProgress
from millstream.runtime.executors.child_process import ChildProcess, NotBegun, ProcessDied
from millstream.runtime.executors.hold import Hold
from millstream.runtime.executors.messages import Begun, Failed, Message, Returned, Said, Yielded
from millstream.runtime.executors.orders import order_of, outcome
from millstream.runtime.wake import LoopThread, loop_clock
from millstream.toolbox.executor import Work

_places: Final = RunVar[anyio.CapacityLimiter]("millstream_processes")
_threads: Final = RunVar[anyio.CapacityLimiter]("millstream_process_threads")


async def in_process(work: Work, hold: Hold) -> Any:
    """Run a tool's body in a child process; it returns and raises what that does.

    The tool's time counts from when its body begins. Who is cancelled meanwhile leaves when the process is gone.

    Raises:
        UsageError: the function, its arguments or its `deps` can not be sent there.
        ProcessDied: the process ended before the tool did.
    """
    places = _places.get(None)
    if places is None:
        places = anyio.CapacityLimiter(hold.limits.max_processes)
        _places.set(places)
        _threads.set(anyio.CapacityLimiter(math.inf))
    places.total_tokens = max(places.total_tokens, hold.limits.max_processes)
    hold.stop_clock()
    async with places:
        job = _Job(work, hold)
        try:
            message = await run_sync(job.work, abandon_on_cancel=True, limiter=_threads.get())
        except anyio.get_cancelled_exc_class():
            hold.on_left()
            await job.stop()
            raise
    return outcome(message)


class _Job:
    """One order, given in a thread and stopped from the event loop."""

    def __init__(self, work: Work, hold: Hold) -> None:
        self._work = work
        self._hold = hold
        self._loop = LoopThread()
        self._now = loop_clock()
        self._lock = threading.Lock()
        self._child: ChildProcess | None = None
        self._begun = self._left = False
        self._ended = anyio.Event()

    def work(self) -> Returned | Failed:
        """In a thread: have the order carried out, by another process where one is gone before it begins."""
        with self._lock:
            if self._left:
                raise _Left
            self._begun = True
        try:
            order = order_of(self._work, self._hold.limits.max_process_message_bytes)
            while True:
                child = self._taken()
                try:
                    message = child.carry_out(order, self._hear, self._hold.limits)
                except NotBegun as gone:
                    if not child.used:
                        raise ProcessDied(f"its process ended before it began ({gone})") from gone
                else:
                    CHILDREN.give_back(child, self._hold.limits.max_processes)
                    return message
        finally:
            self._loop.do(self._ended.set)

    async def stop(self) -> None:
        """In the event loop: kill the process and wait until it is gone."""
        with self._lock:
            self._left = True
            if not self._begun:
                return
            if self._child is not None:
                self._child.kill()
        with anyio.move_on_after(self._hold.limits.cancel_grace_s, shield=True):
            await self._ended.wait()
        self._hold.let_go = self._hold.let_go or not self._ended.is_set()

    def _taken(self) -> ChildProcess:
        child = CHILDREN.take(self._hold.limits.process_idle_s)
        with self._lock:
            self._child = child
            left = self._left
        if left:
            child.close()
            raise _Left
        return child

    def _hear(self, message: Message) -> None:
        match message:
            case Begun():
                self._loop.do(lambda: self._hold.start_clock(self._now()))
            case Said(event=CallProgress() | CallLogged() as event):
                self._work.say(event)
            case Yielded(value=value):
                self._work.yielded(value)
            case _:
                raise AssertionError("a tool has no other words, and the end of an order is returned")


class _Left(Exception):
    """Nobody waits any more."""


class _Children:
    """The child processes of this process that have nothing to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[ChildProcess] = []

    def take(self, idle_s: float) -> ChildProcess:
        """The one that was given back last, or a new one, which ends by itself after so long without an order."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return ChildProcess(idle_s)

    def give_back(self, child: ChildProcess, most: int) -> None:
        """It is free again; kept where there are fewer than so many."""
        with self._lock:
            if len(self._idle) < most:
                self._idle.append(child)
                return
        child.close()

    def close(self) -> None:
        """End those that have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()

    def forget(self) -> None:
        """In a fork of this process: the children are not its own."""
        self._lock = threading.Lock()
        for child in self._idle:
            child.forget()
        self._idle = []


CHILDREN: Final = _Children()
atexit.register(CHILDREN.close)
os.register_at_fork(after_in_child=CHILDREN.forget)
