"""What a tool says while it runs reaches the sink, from wherever it is said."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

import anyio
import anyio.to_thread
import pytest

from millstream.errors import UsageError
from millstream.events import Call, CallEvent, CallLogged, CallProgress
from millstream.toolbox.context import CURRENT, ToolContext

CALL = Call("c1", 1, 0, "weather", "p1")


def context(said: list[CallEvent], deps: Any = None) -> ToolContext[Any]:
    return ToolContext(CALL, deps, said.append, run_id="r1", idempotency_key="k1", attempt=2)


@contextmanager
def running(ctx: ToolContext[Any]) -> Generator[None]:
    token = CURRENT.set(ctx)
    try:
        yield
    finally:
        CURRENT.reset(token)


def nested() -> None:
    ToolContext.current().log("deep down")


def test_it_knows_its_call_and_its_surroundings() -> None:
    ctx = context([], deps={"db": 1})
    assert (ctx.call, ctx.deps, ctx.run_id, ctx.idempotency_key, ctx.attempt) == (CALL, {"db": 1}, "r1", "k1", 2)


def test_progress_and_log_are_events_of_the_call() -> None:
    said: list[CallEvent] = []
    ctx = context(said)
    ctx.progress(1, 3, "fetching", data={"page": 1})
    ctx.progress(message="half way")
    ctx.log("a line")
    assert said == [
        CallProgress(CALL, 1, 3, "fetching", {"page": 1}),
        CallProgress(CALL, None, None, "half way", None),
        CallLogged(CALL, "a line"),
    ]


def test_a_nested_function_finds_it() -> None:
    said: list[CallEvent] = []
    with running(context(said)):
        nested()
    assert said == [CallLogged(CALL, "deep down")]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_and_worker_threads_find_it(backend: str) -> None:
    said: list[CallEvent] = []

    async def child() -> None:
        ToolContext.current().log("task")

    async def body() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(child)
        await anyio.to_thread.run_sync(nested)

    with running(context(said)):
        anyio.run(body, backend=backend)
    assert said == [CallLogged(CALL, "task"), CallLogged(CALL, "deep down")]


def test_asyncio_to_thread_finds_it() -> None:
    said: list[CallEvent] = []
    with running(context(said)):
        asyncio.run(asyncio.to_thread(nested))
    assert said == [CallLogged(CALL, "deep down")]


def in_a_thread(target: Callable[[], object]) -> list[UsageError]:
    raised: list[UsageError] = []

    def body() -> None:
        try:
            target()
        except UsageError as error:
            raised.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    return raised


def test_a_thread_of_ones_own_finds_it_with_its_context_copied() -> None:
    said: list[CallEvent] = []
    with running(context(said)):
        copied = copy_context()
        assert in_a_thread(lambda: copied.run(nested)) == []
    assert said == [CallLogged(CALL, "deep down")]


def test_a_thread_without_a_copied_context_is_outside() -> None:
    with running(context([])):
        (error,) = in_a_thread(nested)
    assert "outside of a tool" in str(error)


def test_two_tools_at_once_find_their_own() -> None:
    said: list[CallEvent] = []
    calls = [Call(f"c{i}", 1, i, "weather", f"p{i}") for i in range(2)]

    async def body(call: Call, mine: asyncio.Event, other: asyncio.Event) -> None:
        CURRENT.set(ToolContext(call, None, said.append, run_id="r", idempotency_key="k", attempt=1))
        mine.set()
        await other.wait()  # both have set theirs before either speaks
        ToolContext.current().log(call.id)

    async def both() -> None:
        first, second = asyncio.Event(), asyncio.Event()
        await asyncio.gather(body(calls[0], first, second), body(calls[1], second, first))

    asyncio.run(both())
    assert sorted(said, key=lambda event: event.call.index) == [CallLogged(call, call.id) for call in calls]


def test_outside_of_a_tool_is_a_mistake_of_use() -> None:
    with pytest.raises(UsageError, match=r"current\(\) outside of a tool: it exists only while a tool runs"):
        ToolContext.current()
