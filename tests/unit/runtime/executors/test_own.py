"""Executors of one's own: what they are given, and how they are told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import anyio.to_thread
import pytest

from millstream import Final, Limits, Tool, ToolContext, UsageError, tool
from millstream.executors import Executor, Work
from millstream.runtime.executors.execute import execute
from millstream.runtime.executors.hold import Hold
from tests.unit.runtime.executors.pieces import Heard, work_of

pytestmark = pytest.mark.anyio


class Here:
    """Calls plain functions in a thread, and remembers what it was asked to cancel."""

    def __init__(self, cancel_s: float = 0.0, error: Exception | None = None) -> None:
        self.asked: list[Work] = []
        self.cancelled: list[Work] = []
        self.begun = anyio.Event()
        self._cancel_s = cancel_s
        self._error = error

    async def submit(self, work: Work) -> Any:
        self.asked.append(work)
        self.begun.set()
        return await anyio.to_thread.run_sync(work.run)

    async def cancel(self, work: Work) -> None:
        await anyio.sleep(self._cancel_s)  # not cancelled by what it is about
        self.cancelled.append(work)
        if self._error is not None:
            raise self._error


class Never(Here):
    """Runs nothing."""

    async def submit(self, work: Work) -> Any:
        self.asked.append(work)
        self.begun.set()
        await anyio.sleep_forever()


def words_tool(executor: Executor) -> Tool[..., Any]:
    @tool(executor=executor)
    def words(n: int) -> Iterator[Any]:
        """Say words."""
        ToolContext.current().log(f"{n} words")
        yield "one"
        yield Final("result")

    return words


async def test_it_is_given_all_that_is_to_be_run() -> None:
    here, heard = Here(), Heard()
    words = words_tool(here)
    assert await execute(work_of(words, heard, n=3), Hold(Limits())) == "result"
    (work,) = here.asked
    assert work.tool is words
    assert (work.context.run_id, work.context.call.id, work.context.attempt) == ("run", "call-1-0", 1)
    assert heard.yielded == ["one"]
    assert [getattr(event, "text", None) for event in heard.said] == ["3 words"]


async def test_work_of_an_async_tool_can_not_be_run_in_a_thread() -> None:
    @tool(executor=Here())
    async def asynchronous() -> str:
        """Work."""
        return "never"

    with pytest.raises(UsageError, match=r"asynchronous is async: await work.function"):
        await execute(work_of(asynchronous), Hold(Limits()))


@pytest.mark.parametrize(
    ("executor", "let_go"),
    [
        (Never, False),
        (lambda: Never(cancel_s=0.01), False),
        (lambda: Never(cancel_s=60), True),
        (lambda: Never(error=OSError("no way")), True),
    ],
)
async def test_it_is_told_to_stop_and_the_call_says_whether_it_did(executor: Any, let_go: bool) -> None:
    never = executor()
    hold = Hold(Limits(cancel_grace_s=0.2))
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(execute, work_of(words_tool(never), n=1), hold)
            await never.begun.wait()
            tasks.cancel_scope.cancel()
    assert hold.let_go is let_go
    assert len(never.cancelled) == (0 if let_go and never._cancel_s else 1)


class Pool:
    """The one of the documentation."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(2)

    async def submit(self, work: Work) -> object:
        return await asyncio.wrap_future(self.threads.submit(work.run))

    async def cancel(self, work: Work) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_one_of_the_documentation() -> None:
    pool = Pool()
    heard = Heard()
    assert await execute(work_of(words_tool(pool), heard, n=3), Hold(Limits())) == "result"
    assert heard.yielded == ["one"]
    pool.threads.shutdown()
