"""Tools that fail in every way a function can: each call has an end the model can read, and the run goes on."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest
from pydantic import BaseModel

from millstream import Limits, ModelRetry, Policy, Retry, ToolContext, ToolError, tool
from millstream.events import (
    CallFailed,
    CallLogged,
    CallProgress,
    CallReturned,
    CallStarted,
    CallYielded,
    Raised,
    TimedOut,
)
from millstream.testing import CallTool
from tests.faults.playing import API, Story, follow, play, playing

pytestmark = pytest.mark.anyio

SECRET = "sk-hunter2-hunter2"
CALL = [CallTool("work")]


async def work_of(api: API, work: Callable[..., Any], **options: Any) -> Story:
    """The model calls `work`, is told what became of it, and says a last word."""
    story = await play(api, [CALL, "I see."], [work], **options)
    assert story.finished, story.error
    assert len(story.ends) == 1
    assert len(story.told()) == 1
    return story


async def test_tool_exc(api: API, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """The text of an exception is told to nobody but the people of this process."""
    caplog.set_level(logging.DEBUG)

    @tool
    async def work() -> str:
        """Work."""
        raise ValueError(f"could not log in with {SECRET}") from KeyError(SECRET)

    story = await work_of(api, work)
    (failure,) = story.failures
    assert isinstance(failure, Raised)
    assert (failure.error, failure.message) == ("ValueError", "")
    assert failure.where.startswith("test_tools.py:")
    assert failure.where.endswith(" in work")
    assert "internal error" in story.told()[0]
    exception = story.run.calls["call-1-0"].exception
    assert isinstance(exception, ValueError)
    assert SECRET in str(exception)
    seen = [repr(story.records), str([request.body for request in story.requests]), caplog.text, *capfd.readouterr()]
    assert SECRET not in "".join(seen)


@pytest.mark.parametrize("error", [ToolError("no such city: Pari"), ModelRetry("write the city in full")])
async def test_what_a_tool_says_to_the_model(api: API, error: Exception) -> None:
    @tool
    async def work() -> str:
        """Work."""
        raise error

    story = await work_of(api, work)
    assert story.told() == [str(error)]
    assert isinstance(story.failures[0], Raised)


async def test_half_a_character_in_a_message(api: API) -> None:
    """A file name that is no UTF-8, say: it can not be sent as it is."""

    @tool
    async def work() -> str:
        """Work."""
        raise ToolError("no such file: \udcff.txt")

    story = await work_of(api, work)
    assert story.told() == ["no such file: \ufffd.txt"]


async def test_messages_may_be_shown_if_the_policy_says_so(api: API) -> None:
    @tool
    async def work() -> str:
        """Work."""
        raise ValueError("no such city: Pari")

    story = await work_of(api, work, policy=Policy(tool_errors="message"))
    assert story.told() == ["ValueError: no such city: Pari"]


async def test_tool_cancelled(api: API) -> None:
    """A tool that raises what cancels tasks is not taken for one that was cancelled."""

    @tool
    async def work() -> str:
        """Work."""
        raise asyncio.CancelledError

    story = await work_of(api, work)
    (failure,) = story.failures
    assert isinstance(failure, Raised)
    assert failure.error == "CancelledError"


async def test_tool_cancelled_in_a_thread(api: API) -> None:
    @tool
    def work() -> str:
        """Work."""
        raise asyncio.CancelledError

    story = await work_of(api, work)
    assert isinstance(story.failures[0], Raised)


async def test_tool_that_cancels_a_scope_of_its_own(api: API) -> None:
    @tool
    async def work() -> str:
        """Work."""
        with anyio.CancelScope() as scope:
            scope.cancel()
            await anyio.sleep_forever()
        return "unharmed"

    story = await work_of(api, work)
    assert story.told() == ["unharmed"]


async def test_tool_whose_own_time_runs_out(api: API) -> None:
    @tool
    async def work() -> str:
        """Work."""
        with anyio.fail_after(0.01):
            await anyio.sleep_forever()
        return "never"

    story = await work_of(api, work)
    (failure,) = story.failures
    assert isinstance(failure, Raised)
    assert failure.error == "TimeoutError"


async def async_exit() -> str:
    """Work."""
    raise SystemExit(3)


def sync_exit() -> str:
    """Work."""
    raise SystemExit(3)


def generator_exit() -> Iterator[str]:
    """Work."""
    yield "one"
    raise SystemExit(3)


async def async_generator_exit() -> AsyncIterator[str]:
    """Work."""
    yield "one"
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("function", "executor"),
    [
        (async_exit, None),
        (async_generator_exit, None),
        (sync_exit, "thread"),
        (sync_exit, "inline"),
        (generator_exit, "thread"),
        (generator_exit, "inline"),
    ],
)
async def test_tool_sysexit(api: API, function: Callable[..., Any], executor: Any) -> None:
    story = await work_of(api, tool(name="work", executor=executor)(function))
    (failure,) = story.failures
    assert isinstance(failure, Raised)
    assert failure.error == "SystemExit"


@pytest.mark.parametrize("executor", ["inline", "thread"])
async def test_tool_stop_iteration(api: API, executor: Any) -> None:
    @tool(executor=executor)
    def work() -> str:
        """Work."""
        raise StopIteration

    story = await work_of(api, work)
    assert isinstance(story.failures[0], Raised)


async def test_tool_exception_group(api: API) -> None:
    @tool
    async def work() -> str:
        """Work."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_fail, "one")
            await anyio.sleep_forever()
        return "never"

    story = await work_of(api, work)
    assert story.told() == ["one"]
    assert isinstance(story.failures[0], Raised)
    assert story.failures[0].error == "ToolError"


async def _fail(text: str) -> None:
    raise ToolError(text)


async def test_tool_never(api: API) -> None:
    @tool
    async def work() -> str:
        """Work."""
        await anyio.sleep_forever()
        return "never"

    story = await work_of(api, work, limits=Limits(tool_timeout_s=0.1))
    assert story.failures == [TimedOut(0.1)]
    assert "did not finish within 0.1 s" in story.told()[0]


async def test_tool_never_in_a_thread(api: API) -> None:
    """A thread can not be stopped: the call ends in time all the same, and the thread when it can."""
    end = threading.Event()

    @tool(timeout_s=0.1)
    def work() -> str:
        """Work."""
        end.wait(20)
        return "too late"

    begun = time.monotonic()
    async with playing(api, [CALL, "I see."], [work]) as story:
        await follow(story)
        assert time.monotonic() - begun < 5
        end.set()
    assert story.finished
    assert story.failures == [TimedOut(0.1, stopped=False)]
    assert "may be at work still" in story.told()[0]


async def test_time_out_of_its_own_is_the_tools(api: API) -> None:
    @tool(timeout_s=0.05)
    async def work() -> str:
        """Work."""
        await anyio.sleep_forever()
        return "never"

    story = await work_of(api, work, limits=Limits(tool_timeout_s=30))
    assert story.failures == [TimedOut(0.05)]


async def test_tool_huge(api: API) -> None:
    """The log has all of it, the model its head and its tail."""
    text = "head " + "x" * 5_000_000 + " tail"

    @tool
    async def work() -> str:
        """Work."""
        return text

    story = await work_of(api, work)
    (told,) = story.told()
    assert Limits().max_result_chars - 3 < len(told) <= Limits().max_result_chars
    assert told.startswith("head ")
    assert told.endswith(" tail")
    assert "characters left out here" in told
    assert story.one(CallReturned).result == text


class Odd:
    """A class of which JSON knows nothing."""


@pytest.mark.parametrize("value", [Odd(), {"a": Odd()}, float("nan"), {"a": float("inf")}, b"\xff", [lambda: 1]])
async def test_tool_unserial(api: API, value: Any) -> None:
    @tool
    async def work() -> Any:
        """Work."""
        return value

    story = await work_of(api, work)
    (failure,) = story.failures
    assert isinstance(failure, Raised)
    assert failure.error == "NotJson"
    (told,) = story.told()
    assert "is no JSON value" in told
    assert "object at 0x" not in told


async def test_tool_set(api: API) -> None:
    class City(BaseModel):
        name: str

    @tool
    async def work() -> Any:
        """Work."""
        return {"numbers": {7}, "city": City(name="Paris"), "pair": (1, 2)}

    story = await work_of(api, work)
    assert story.told() == ['{"city":{"name":"Paris"},"numbers":[7],"pair":[1,2]}']


async def test_a_result_that_contains_itself(api: API) -> None:
    loop: list[Any] = []
    loop.append(loop)

    @tool
    async def work() -> Any:
        """Work."""
        return loop

    story = await work_of(api, work)
    assert isinstance(story.failures[0], Raised)


@pytest.mark.parametrize("value", [None, "", 0, [], {}])
async def test_a_result_of_nothing_is_a_result(api: API, value: Any) -> None:
    @tool
    async def work() -> Any:
        """Work."""
        return value

    story = await work_of(api, work)
    assert story.one(CallReturned).result == value


async def test_sync_blocking_x4(api: API) -> None:
    """Four blocking tools are at work at once, and the event loop goes on meanwhile."""
    barrier = threading.Barrier(4, timeout=10)
    beats = 0
    enough = threading.Event()

    @tool
    def work() -> str:
        """Work."""
        barrier.wait()
        assert enough.wait(10), "the event loop stood still"
        return "worked"

    async with playing(api, [[CallTool("work")] * 4, "Done."], [work]) as story, anyio.create_task_group() as tasks:

        async def beat() -> None:
            nonlocal beats
            while True:
                await anyio.sleep(0.001)
                beats += barrier.n_waiting == 0 and len(story.all(CallStarted)) == 4
                if beats >= 20:
                    enough.set()

        tasks.start_soon(beat)
        await follow(story)
        tasks.cancel_scope.cancel()
    assert story.finished
    assert [event.result for event in story.all(CallReturned)] == ["worked"] * 4


async def test_threads_have_a_bound(api: API) -> None:
    most = 0
    at_work = 0
    lock = threading.Lock()

    @tool
    def work() -> str:
        """Work."""
        nonlocal most, at_work
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.02)
        with lock:
            at_work -= 1
        return "worked"

    limits = Limits(max_threads=3)
    story = await play(api, [[CallTool("work")] * 10, "Done."], [work], limits=limits)
    assert story.finished
    assert len(story.all(CallReturned)) == 10
    assert most <= 3


async def test_retry(api: API) -> None:
    """Another try with the same key; the model sees the last end only."""
    keys: list[str] = []

    @tool(idempotent=True, retry=Retry(attempts=3, first_wait_s=0.01, jitter_s=0))
    async def work(ctx: ToolContext[Any]) -> str:
        """Work."""
        keys.append(ctx.idempotency_key)
        if len(keys) < 3:
            raise OSError("the disk is tired")
        return f"worked, attempt {ctx.attempt}"

    story = await work_of(api, work)
    assert story.told() == ["worked, attempt 3"]
    assert len(set(keys)) == 1
    assert [event.attempt for event in story.all(CallStarted)] == [1, 2, 3]


async def test_a_call_that_the_model_is_to_change_is_not_tried_again(api: API) -> None:
    tries: list[int] = []

    @tool(idempotent=True, retry=Retry(attempts=3, first_wait_s=0.01))
    async def work(ctx: ToolContext[Any]) -> str:
        """Work."""
        tries.append(ctx.attempt)
        raise ModelRetry("name a day in the future")

    story = await work_of(api, work)
    assert tries == [1]
    assert "name a day in the future" in story.told()[0]


async def test_words_of_a_tool_that_are_no_json(api: API) -> None:
    """Progress is part of the log: what no log could hold fails where it is said."""

    @tool
    async def work(ctx: ToolContext[Any]) -> str:
        """Work."""
        ctx.log("half a character: \ud800")
        ctx.progress(1, 2, "half \udc00", data={"set": {1}})
        try:
            ctx.progress(data=Odd())
        except Exception as error:  # noqa: BLE001
            return f"told: {type(error).__name__}"
        return "nobody complained"

    story = await work_of(api, work)
    assert story.told() == ["told: NotJson"]
    logged, progress = story.one(CallLogged), story.one(CallProgress)
    assert logged.text.startswith("half a character: \ufffd")
    assert progress.message.startswith("half \ufffd")
    assert progress.data == {"set": [1]}
    assert (logged.text + progress.message).encode()


async def test_a_yield_that_is_no_json_ends_the_call(api: API) -> None:
    @tool
    async def work() -> AsyncIterator[Any]:
        """Work."""
        yield "one"
        yield Odd()

    story = await work_of(api, work)
    assert [event.value for event in story.all(CallYielded)] == ["one"]
    assert isinstance(story.one(CallFailed).failure, Raised)


async def test_a_million_words_do_not_stop_the_run(api: API) -> None:
    @tool
    def work(ctx: ToolContext[Any]) -> str:
        """Work."""
        for n in range(20_000):
            ctx.progress(n, 20_000)
        return "worked"

    story = await work_of(api, work)
    told = [event.done or 0 for event in story.all(CallProgress)]
    assert len(told) < 100, "newer words take the place of those nobody heard yet"
    assert (told[0], told[-1]) == (0, 19_999)
    assert told == sorted(told)
