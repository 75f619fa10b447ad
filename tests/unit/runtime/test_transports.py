"""The transports of a run: opened when first asked for, once a model, and closed with the run, each in its own task."""

from __future__ import annotations

from typing import Any, Self

import anyio
import pytest

from millstream import Model
from millstream.runtime.transports import Transports

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


class _Scoped:
    """A transport with a task group of its own, which must be left in the task and in the order it was entered in."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.entered = 0
        self.left = 0
        self.fails = fails
        self._tasks: Any = None

    async def __aenter__(self) -> Self:
        self.entered += 1
        await anyio.lowlevel.checkpoint()
        if self.fails is not None:
            raise self.fails
        self._tasks = await anyio.create_task_group().__aenter__()
        self._tasks.start_soon(anyio.sleep_forever)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._tasks.cancel_scope.cancel()
        self.left += 1
        await self._tasks.__aexit__(None, None, None)

    def open(self, request: Any) -> Any:
        raise NotImplementedError


def model(transport: _Scoped) -> Model:
    return Model("openai:gpt-5.1", api_key="k", transport=transport)


async def test_each_is_opened_once_when_asked_for_and_closed_at_the_end() -> None:
    first, second, unused = _Scoped(), _Scoped(), _Scoped()
    one, other, _ = model(first), model(second), model(unused)
    async with anyio.create_task_group() as tasks:
        async with Transports(tasks) as transports:
            assert first.entered == 0
            async with anyio.create_task_group() as tools:  # left before what was opened within it
                tools.start_soon(transports.of, one)
                assert await transports.of(one) is first
                assert await transports.of(other) is second
            assert (first.entered, second.entered, first.left) == (1, 1, 0)
        assert (first.left, second.left) == (1, 1)
    assert unused.entered == 0


async def test_those_that_somebody_else_keeps_stay_open() -> None:
    kept = _Scoped()
    its = model(kept)
    async with anyio.create_task_group() as tasks, Transports(tasks, {its: kept}) as transports:
        assert await transports.of(its) is kept
    assert (kept.entered, kept.left) == (0, 0)


async def test_what_entering_raises_goes_to_who_asked_and_it_may_be_tried_again() -> None:
    broken = _Scoped(ValueError("not here"))
    its = model(broken)
    async with anyio.create_task_group() as tasks, Transports(tasks) as transports:
        with pytest.raises(ValueError, match="not here"):
            await transports.of(its)
        broken.fails = None
        assert await transports.of(its) is broken
    assert (broken.entered, broken.left) == (2, 1)


async def test_who_is_cancelled_while_it_is_used_can_still_use_it() -> None:
    held = _Scoped()
    its = model(held)
    async with anyio.create_task_group() as tasks:
        tasks.cancel_scope.deadline = anyio.current_time() + 60
        async with Transports(tasks) as transports:
            await transports.of(its)
            tasks.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                for _ in range(5):
                    await anyio.lowlevel.checkpoint()
                assert held.left == 0
    assert held.left == 1
