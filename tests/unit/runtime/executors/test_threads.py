from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.lowlevel
import pytest

from millstream.limits import Limits
from millstream.runtime.executors import threads
from millstream.runtime.executors.hold import Hold

T = TypeVar("T")

pytestmark = pytest.mark.anyio


def limits(max_threads: int, cancel_grace_s: float = 0.0) -> Limits:
    return Limits(max_threads=max_threads, cancel_grace_s=cancel_grace_s)


async def in_thread(work: Callable[[], T], limits: Limits) -> T:
    return await threads.in_thread(work, Hold(limits))


WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


class Stuck:
    """Work that goes on until it is told to end."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.end = threading.Event()
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self.begun += 1
        assert self.end.wait(20)
        with self._lock:
            self.ended += 1
        return "late"


async def until(reached: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not reached():  # noqa: ASYNC110  threads tell no event loop
            await anyio.sleep(0.001)


async def test_it_returns_and_raises_what_the_function_does() -> None:
    assert await in_thread(lambda: 7, limits(1)) == 7

    def fail() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await in_thread(fail, limits(1))
    assert await in_thread(lambda: 8, limits(1)) == 8, "the place is free again"


async def test_the_context_is_that_of_the_caller() -> None:
    WHO.set("me")
    assert await in_thread(WHO.get, limits(1)) == "me"


async def test_the_event_loop_can_be_called_back() -> None:
    async def answer() -> int:
        await anyio.lowlevel.checkpoint()
        return 7

    assert await in_thread(lambda: anyio.from_thread.run(answer), limits(1)) == 7


async def test_so_many_at_a_time() -> None:
    work = Stuck()
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(in_thread, work, limits(2))
        await until(lambda: work.begun == 2)
        await anyio.sleep(0.02)
        assert work.begun == 2
        work.end.set()
    assert work.ended == 5


async def test_the_pool_is_as_large_as_the_largest_run_asked_for() -> None:
    barrier = threading.Barrier(3, timeout=10)
    assert await in_thread(lambda: 1, limits(1)) == 1
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(in_thread, barrier.wait, limits(3))


async def test_a_thread_that_is_left_keeps_its_place_until_it_ends() -> None:
    work = Stuck()
    ended_before: list[int] = []
    with anyio.move_on_after(5) as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(in_thread, work, limits(1))
            await until(lambda: work.begun == 1)
            scope.cancel()
    assert scope.cancelled_caught
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(in_thread, lambda: ended_before.append(work.ended), limits(1))
        await anyio.sleep(0.05)
        assert ended_before == []
        work.end.set()
    assert ended_before == [1]


async def test_many_that_get_stuck_are_not_many_threads() -> None:
    work = Stuck()
    before = threading.active_count()
    for _ in range(20):
        with anyio.move_on_after(0.005):
            await in_thread(work, limits(3))
    assert work.begun == 3
    assert threading.active_count() <= before + 3
    work.end.set()
    await until(lambda: work.ended == 3)
    assert await in_thread(lambda: 7, limits(3)) == 7


async def test_who_leaves_while_waiting_for_a_place_takes_none() -> None:
    work = Stuck()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(in_thread, work, limits(1))
        await until(lambda: work.begun == 1)
        for _ in range(3):
            with anyio.move_on_after(0.001):
                await in_thread(lambda: 7, limits(1))
        work.end.set()
    assert await in_thread(lambda: 7, limits(1)) == 7


async def test_who_is_cancelled_before_the_thread_begins_takes_no_place() -> None:
    for _ in range(20):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await in_thread(lambda: 7, limits(1))
        assert scope.cancelled_caught
    with anyio.fail_after(5):
        assert await in_thread(lambda: 7, limits(1)) == 7


async def test_leaving_at_any_moment_loses_no_place() -> None:
    for n in range(100):
        with anyio.move_on_after(n * 0.00002):
            await in_thread(lambda: sum(range(2000)), limits(2))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            barrier = threading.Barrier(2, timeout=4)
            for _ in range(2):
                tasks.start_soon(in_thread, barrier.wait, limits(2))


async def test_who_is_cancelled_waits_for_the_thread_to_end() -> None:
    work = Stuck()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(in_thread, work, limits(1, cancel_grace_s=20))
        await until(lambda: work.begun == 1)
        threading.Timer(0.02, work.end.set).start()
        tasks.cancel_scope.cancel()
    assert work.ended == 1


async def test_who_is_cancelled_does_not_wait_for_ever() -> None:
    work = Stuck()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(in_thread, work, limits(1, cancel_grace_s=0.01))
        await until(lambda: work.begun == 1)
        tasks.cancel_scope.cancel()
    assert work.ended == 0
    work.end.set()
    await until(lambda: work.ended == 1)


async def test_after_its_time_nobody_waits_for_a_thread() -> None:
    work = Stuck()
    with anyio.fail_after(5):
        with anyio.move_on_after(0.02) as time_limit:
            await threads.in_thread(work, Hold(limits(1, cancel_grace_s=20), time_limit))
    assert time_limit.cancelled_caught
    assert (work.begun, work.ended) == (1, 0)
    work.end.set()
    await until(lambda: work.ended == 1)
