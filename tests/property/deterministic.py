"""Runs a function in an event loop so that the same steps come in the same order each time, and can be counted.

A step is what a task does between two waits, on either backend; `on_step` is called before each one. So "cancel at the
k-th step" means the same place in every run, as long as no thread is involved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any, Final, Literal, TypeAlias, TypeVar

import anyio
import trio

from millstream.runtime.groups import only_leaf

T = TypeVar("T")
Backend: TypeAlias = Literal["asyncio", "trio"]
BACKENDS: Final[tuple[Backend, ...]] = ("asyncio", "trio")


def run_in_loop(backend: Backend, main: Callable[[], Awaitable[T]], on_step: Callable[[], object] = lambda: None) -> T:
    """Run `main` in a new event loop."""

    async def child() -> T:
        """The main function in a task of its own: those of asyncio are counted from their beginning."""
        if backend == "asyncio":
            asyncio.get_running_loop().set_task_factory(_Counting(on_step))
        results: list[T] = []

        async def work() -> None:
            results.append(await main())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
        return results[0]

    try:
        if backend == "asyncio":
            return anyio.run(child, backend="asyncio")
        with _ordered():
            return anyio.run(child, backend="trio", backend_options={"instruments": [_Steps(on_step)]})
    except BaseExceptionGroup as group:
        raise only_leaf(group) from None


class _Steps(trio.abc.Instrument):
    """Tells of trio's steps."""

    def __init__(self, on_step: Callable[[], object]) -> None:
        self._on_step = on_step

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """A task goes on."""
        del task
        self._on_step()


@contextmanager
def _ordered() -> Generator[None]:
    """Trio shuffles the tasks that can go on, from a random state of its own: here from the same state each time."""
    inner: Any = import_module("trio._core._run")
    allowed, state = inner._ALLOW_DETERMINISTIC_SCHEDULING, inner._r.getstate()
    inner._ALLOW_DETERMINISTIC_SCHEDULING = True
    inner._r.seed(0)
    try:
        yield
    finally:
        inner._ALLOW_DETERMINISTIC_SCHEDULING = allowed
        inner._r.setstate(state)


class _Counting:
    """Makes tasks of asyncio that tell of their steps."""

    def __init__(self, on_step: Callable[[], object]) -> None:
        self._on_step = on_step

    def __call__(
        self, loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, T] | Generator[Any, None, T], **options: Any
    ) -> asyncio.Task[T]:
        return asyncio.Task(_counted(coro, self._on_step), loop=loop, **options)


async def _counted(coro: Any, on_step: Callable[[], object]) -> Any:
    return await _Counted(coro, on_step)


class _Counted:
    """A coroutine whose every step is told of before it is done."""

    def __init__(self, coro: Any, on_step: Callable[[], object]) -> None:
        self._coro = coro
        self._on_step = on_step

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[], Any] = partial(self._coro.send, None)
        while True:
            self._on_step()
            try:
                waits_for = step()
            except StopIteration as stop:
                return stop.value
            try:
                value = yield waits_for
            except GeneratorExit:
                self._coro.close()
                raise
            except BaseException as error:  # noqa: BLE001  thrown into the task, so into its coroutine
                step = partial(self._coro.throw, error)
            else:
                step = partial(self._coro.send, value)
