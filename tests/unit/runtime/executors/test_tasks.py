from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from millstream import Limits
from millstream.runtime.executors.hold import Hold
from millstream.runtime.executors.tasks import in_task

pytestmark = pytest.mark.anyio
WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


class Stubborn:
    """Bodies that take no notice of being cancelled, until they are told to end."""

    def __init__(self) -> None:
        self.begun = anyio.Event()
        self.end = anyio.Event()
        self.ended = anyio.Event()
        self.cancelled = 0

    async def shields(self) -> str:
        with anyio.CancelScope(shield=True):
            self.begun.set()
            await self.end.wait()
        self.ended.set()
        return "late"

    async def swallows(self) -> str:
        self.begun.set()
        while not self.end.is_set():
            try:
                await self.end.wait()
            except anyio.get_cancelled_exc_class():
                self.cancelled += 1
        self.ended.set()
        return "late"


async def cancelled(body: Callable[[], Awaitable[Any]], hold: Hold, begun: anyio.Event) -> list[Any]:
    """What the waiter has of a body that it is cancelled in."""
    got: list[Any] = []

    async def wait() -> None:
        got.append(await in_task(body, hold, "work"))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await begun.wait()
            tasks.cancel_scope.cancel()
    return got


async def test_it_returns_and_raises_what_the_body_does() -> None:
    async def fails() -> None:
        raise KeyError("mine")

    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    WHO.set("me")
    assert await in_task(anyio.lowlevel.checkpoint, Hold(Limits()), "work") is None
    assert await in_task(who, Hold(Limits()), "work") == "me"
    with pytest.raises(KeyError, match="mine"):
        await in_task(fails, Hold(Limits()), "work")
    with pytest.raises(asyncio.CancelledError):
        await in_task(cancels_itself, Hold(Limits()), "work")


async def who() -> str:
    return WHO.get()


async def test_the_body_knows_its_deadline() -> None:
    async def deadline() -> float:
        return anyio.current_effective_deadline()

    with anyio.move_on_after(50) as time_limit:
        assert await in_task(deadline, Hold(Limits(), time_limit), "work") == time_limit.deadline


async def test_its_time_is_over() -> None:
    for _ in range(20):
        with anyio.fail_after(20), anyio.move_on_after(0.002) as time_limit:
            await in_task(anyio.sleep_forever, Hold(Limits(), time_limit), "work")
        assert time_limit.cancelled_caught


async def test_cancelled_before_the_body_begins() -> None:
    hold = Hold(Limits())
    with anyio.CancelScope() as scope:
        scope.cancel()
        await in_task(anyio.sleep_forever, hold, "work")
    assert scope.cancelled_caught
    assert not hold.let_go


async def test_the_body_cleans_up_before_the_waiter_leaves() -> None:
    begun = anyio.Event()
    cleaned: list[str] = []

    async def body() -> None:
        try:
            begun.set()
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
                cleaned.append("yes")

    hold = Hold(Limits())
    assert await cancelled(body, hold, begun) == []
    assert cleaned == ["yes"]
    assert not hold.let_go


async def test_a_body_may_still_return_or_raise_when_it_is_cancelled() -> None:
    begun = anyio.Event()

    async def partly() -> str:
        begun.set()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            pass
        return "what I had"

    assert await cancelled(partly, Hold(Limits()), begun) == ["what I had"]


@pytest.mark.parametrize("kind", ["shields", "swallows"])
async def test_a_body_that_takes_no_notice_is_left(kind: str) -> None:
    stubborn = Stubborn()
    hold = Hold(Limits(cancel_grace_s=0.02))
    assert await cancelled(getattr(stubborn, kind), hold, stubborn.begun) == []
    assert hold.let_go
    assert not stubborn.ended.is_set()
    await anyio.wait_all_tasks_blocked()
    count = stubborn.cancelled
    assert bool(count) == (kind == "swallows")
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
    assert stubborn.cancelled == count, "it is left alone: else the event loop would never rest"
    stubborn.end.set()
    with anyio.fail_after(5):
        await stubborn.ended.wait()
