from __future__ import annotations

import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from millstream import Final, Limits, Tool, ToolContext, tool
from millstream.events import Call, CallEvent
from millstream.executors import Work
from millstream.runtime.executors.execute import execute
from millstream.runtime.executors.hold import Hold

pytestmark = pytest.mark.anyio

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")
CALL = Call("call-1-0", 1, 0, "work", "id")
SAID: list[CallEvent] = []


class Given(list[Any]):
    """Takes what a generator yields, wherever it runs."""

    async def on_loop(self, value: Any) -> None:
        self.append(value)

    def in_thread(self, value: Any) -> None:
        self.append(value)

    def inline(self, value: Any) -> None:
        self.append(value)

    def close(self) -> None:
        pass


async def run(function: Callable[..., Any], *args: Any, executor: Any = None, **kwargs: Any) -> tuple[Any, list[Any]]:
    said = Given()
    made = tool(name="work", executor=executor)(function)
    work = work_of(made, partial(made.function, *args, **kwargs), said.inline)
    return await execute(work, Hold(Limits()), said.on_loop), said


def work_of(made: Tool[..., Any], call: Callable[[], Any], yielded: Callable[[Any], None]) -> Work:
    context: ToolContext[Any] = ToolContext(CALL, None, SAID.append, run_id="run", idempotency_key="key", attempt=1)
    return Work(made, {}, call, context, SAID.append, yielded)


def where() -> str:
    """Where it runs."""
    return "loop" if threading.current_thread() is threading.main_thread() else "thread"


async def async_where() -> str:
    """Where it runs."""
    return where()


def yields_where() -> Iterator[str]:
    """Where it runs."""
    yield where()


@pytest.mark.parametrize(
    ("function", "executor", "place"),
    [
        (where, None, "thread"),
        (where, "thread", "thread"),
        (where, "inline", "loop"),
        (yields_where, None, "thread"),
        (yields_where, "inline", "loop"),
        (async_where, None, "loop"),
    ],
)
async def test_where_a_body_runs(
    function: Callable[..., Any], executor: str | None, place: str, anyio_backend_name: str
) -> None:
    if anyio_backend_name == "trio":
        place = place if place == "thread" else where()  # the test itself may run in a thread of the guest
    assert (await run(function, executor=executor))[0] == place


async def test_arguments_reach_it() -> None:
    def add(a: int, /, b: int, *, c: int = 0) -> int:
        """Add."""
        return a + b + c

    assert await run(add, 1, b=2, c=3) == (6, [])


async def test_a_plain_function_may_give_what_an_async_one_returned() -> None:
    async def answer() -> int:
        await anyio.lowlevel.checkpoint()
        return 7

    def ask() -> Any:
        """Ask."""
        return answer()

    assert (await run(ask))[0] == 7
    assert (await run(ask, executor="inline"))[0] == 7


def words(*, final: bool) -> Iterator[Any]:
    """Say words."""
    yield "one"
    yield "two"
    if final:
        yield Final("result")
    yield "three"


async def async_words(*, final: bool) -> AsyncIterator[Any]:
    """Say words."""
    for word in words(final=final):
        yield word


@pytest.mark.parametrize("function", [words, async_words])
async def test_yields_are_partial_results_and_the_last_is_the_result(function: Callable[..., Any]) -> None:
    assert await run(function, final=False) == ("three", ["one", "two", "three"])


@pytest.mark.parametrize("function", [words, async_words])
async def test_final_is_the_result_and_no_partial_one(function: Callable[..., Any]) -> None:
    assert await run(function, final=True) == ("result", ["one", "two"])


async def test_a_generator_that_yields_nothing_has_no_result() -> None:
    def nothing() -> Iterator[str]:
        """Say nothing."""
        yield from ()

    assert await run(nothing) == (None, [])


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("executor", [None, "inline"])
async def test_a_generator_is_closed_whatever_ends_it(*, asynchronous: bool, executor: str | None) -> None:
    closed: list[str] = []

    def sync() -> Iterator[Any]:
        """Say words."""
        try:
            yield Final("first")
            yield "never"
        finally:
            closed.append("yes")

    async def other() -> AsyncIterator[Any]:
        """Say words."""
        try:
            yield Final("first")
            yield "never"
        finally:
            closed.append("yes")

    function = other if asynchronous else sync
    assert (await run(function, executor=None if asynchronous else executor))[0] == "first"
    assert closed == ["yes"]


async def test_a_generator_is_closed_when_what_it_yields_can_not_be_said() -> None:
    closed: list[str] = []

    async def sick() -> AsyncIterator[Any]:
        """Say words."""
        try:
            yield "bad"
        finally:
            closed.append("yes")

    class Refusing(Given):
        async def on_loop(self, value: Any) -> None:
            raise ValueError(value)

    refusing = Refusing()
    with pytest.raises(ValueError, match="bad"):
        await execute(work_of(tool(sick), sick, refusing.inline), Hold(Limits()), refusing.on_loop)
    assert closed == ["yes"]


async def test_an_async_generator_is_closed_where_it_is_cancelled() -> None:
    closed: list[str] = []

    async def slow() -> AsyncIterator[str]:
        """Say words."""
        try:
            yield "one"
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            closed.append("yes")

    with anyio.move_on_after(0.01):
        await run(slow)
    assert closed == ["yes"]


@pytest.mark.parametrize("executor", ["thread", "inline"])
async def test_context_variables_of_the_caller_are_seen(executor: str) -> None:
    def who() -> str:
        """Who."""
        seen = WHO.get()
        WHO.set("changed")
        return seen

    WHO.set("me")
    assert (await run(who, executor=executor))[0] == "me"
    if executor == "thread":
        assert WHO.get() == "me", "what a thread sets stays there"
