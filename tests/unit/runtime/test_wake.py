from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import anyio
import anyio.lowlevel
import pytest

from millstream.runtime.wake import Bell, LoopThread, Wake, loop_clock

pytestmark = pytest.mark.anyio


async def test_the_waiter_goes_on_once_it_is_set() -> None:
    wake = Wake()
    times = 0

    async def wait() -> None:
        nonlocal times
        while True:
            await wake.wait()
            times += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        for expected in range(1, 4):
            await anyio.wait_all_tasks_blocked()
            wake.set()
            await anyio.wait_all_tasks_blocked()
            assert times == expected
        tasks.cancel_scope.cancel()


async def test_a_set_without_a_waiter_is_remembered_once() -> None:
    wake = Wake()
    wake.set()
    wake.set()
    await wake.wait()
    with anyio.move_on_after(0) as scope:
        await wake.wait()
    assert scope.cancelled_caught


async def test_a_waiter_that_left_does_not_take_the_news_along() -> None:
    wake = Wake()
    with anyio.move_on_after(0):
        await wake.wait()
    wake.set()
    await wake.wait()


async def test_the_clock_is_that_of_the_loop() -> None:
    clock = loop_clock()
    assert clock() == pytest.approx(anyio.current_time(), abs=0.5)
    await anyio.sleep(0.01)
    assert clock() >= anyio.current_time() - 0.5


async def test_on_its_own_thread_things_are_done_at_once() -> None:
    done: list[int] = []
    LoopThread().do(lambda: done.append(1))
    assert done == [1]


async def test_from_another_thread_things_are_done_on_the_loop_and_in_order() -> None:
    loop = LoopThread()
    here = threading.get_ident()
    done: list[tuple[int, int]] = []

    def note(n: int) -> Callable[[], None]:
        return lambda: done.append((n, threading.get_ident()))

    def work() -> None:
        for n in range(100):
            loop.do(note(n))

    await anyio.to_thread.run_sync(work)
    with anyio.fail_after(5):
        while len(done) < 100:
            await anyio.lowlevel.checkpoint()
    assert done == [(n, here) for n in range(100)]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_word_for_a_loop_that_has_ended_is_dropped(backend: str) -> None:
    async def main() -> LoopThread:
        return LoopThread()

    loop = anyio.run(main, backend=backend)
    thread = threading.Thread(target=loop.do, args=(lambda: None,))
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_the_clock_can_be_read_in_a_callback_of_the_loop() -> None:
    """Words of tools in threads are stamped there, where there is no current task."""

    async def main() -> float:
        clock = loop_clock()
        read: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: read.set_result(clock()))
        return await read

    assert anyio.run(main, backend="asyncio") <= time.monotonic() + 1


async def test_a_bell_wakes_all_that_wait_and_a_ring_that_nobody_hears_is_forgotten() -> None:
    bell = Bell()
    woken: list[int] = []
    bell.ring()

    async def wait(number: int) -> None:
        await bell.wait()
        woken.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(wait, number)
        await anyio.wait_all_tasks_blocked()
        assert woken == []
        bell.ring()
        await anyio.wait_all_tasks_blocked()
        assert sorted(woken) == [0, 1, 2]
