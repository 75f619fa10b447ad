"""Calls that are stopped, wherever they run and whatever they are at; and tools that take no notice of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from typing import Any

import anyio
import anyio.to_thread
import pytest

from millstream import Agent, Approve, Limits, Retry, Tool, ToolContext, tool
from millstream.events import (
    ApprovalRequested,
    CallFailed,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallStarted,
    Cancelled,
    Event,
    Raised,
    RunCancelled,
    RunFinished,
    TimedOut,
)
from millstream.executors import Work
from millstream.runtime.executors.processes import CHILDREN
from millstream.testing import ScriptedModel, call, check_records
from tests.alive import no_task_left
from tests.unit.runtime.executors.pieces import is_there
from tests.unit.runtime.executors.process_tools import never as in_a_process
from tests.unit.runtime.executors.process_tools import pid

pytestmark = pytest.mark.anyio
EXECUTORS = ["inline", "thread", "process", "own"]


@pytest.fixture(autouse=True)
def _no_children_left() -> Iterator[None]:
    yield
    CHILDREN.close()


class Own:
    """An executor that runs nothing, and remembers what it was told to stop."""

    def __init__(self) -> None:
        self.stopped: list[str] = []

    async def submit(self, work: Work) -> Any:
        work.context.progress(1)
        await anyio.sleep_forever()

    async def cancel(self, work: Work) -> None:
        self.stopped.append(work.context.call.id)


class Endless:
    """A tool that says it has begun and never ends by itself, wherever it runs."""

    def __init__(self, executor: str, **options: Any) -> None:
        self.end = threading.Event()
        self.own = Own()
        self.tool = self._tool(executor, options)

    def _tool(self, executor: str, options: Any) -> Tool[..., Any]:
        if executor == "inline":

            @tool(name="work", **options)
            async def inline(ctx: ToolContext) -> str:
                """Work."""
                ctx.progress(1)
                await anyio.sleep_forever()
                return "never"

            return inline
        if executor == "process":
            return tool(name="work", executor="process", **options)(in_a_process.function)

        @tool(name="work", executor="thread" if executor == "thread" else self.own, **options)
        def other(ctx: ToolContext) -> str:
            """Work."""
            ctx.progress(1)
            self.end.wait(30)
            return "late"

        return other


@tool
async def other() -> str:
    """Do something else."""
    return "done"


Then = Callable[[Any], Awaitable[Any]]


async def follow(agent: Agent, when: Callable[[Event], bool], then: Then) -> tuple[Any, list[Event]]:
    """A run to its end; at the first event as wanted something is done. And its events."""
    events: list[Event] = []
    done = False
    async with no_task_left():
        async with agent.stream("Go.") as run:
            with anyio.fail_after(60):
                async for event in run:
                    events.append(event)
                    if when(event) and not done:
                        done = True
                        await then(run)
        assert done
    assert check_records(run.records) == []
    return run, events


def told(run: Any, index: int) -> str:
    """What the model reads of a call."""
    return str(run.transcript.entries[2 + index].parts[0].text)


def first(kind: type[Event]) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, kind)


async def cancel_first(run: Any) -> None:
    assert run.cancel("call-1-0", "not this one")


SCRIPT: list[Any] = [[call("work"), call("other")], "I see."]


@pytest.mark.parametrize("executor", EXECUTORS)
async def test_one_call_at_work_is_cancelled(executor: str) -> None:
    endless = Endless(executor)
    threading.Timer(0.5, endless.end.set).start()  # a thread stops when it does
    run, events = await follow(Agent(ScriptedModel(SCRIPT), [endless.tool, other]), first(CallProgress), cancel_first)
    assert isinstance(events[-1], RunFinished)
    (failed,) = [event for event in events if isinstance(event, CallFailed)]
    assert failed.failure == Cancelled("not this one")
    assert told(run, 0) == "work was cancelled: not this one. It may have had part of its effect."
    assert run.calls["call-1-1"].result == "done"
    assert endless.own.stopped == (["call-1-0"] if executor == "own" else [])
    if executor == "process":
        (progress,) = [event for event in events if isinstance(event, CallProgress)]
        assert not is_there(progress.data[0])


@pytest.mark.parametrize("executor", EXECUTORS)
async def test_one_call_that_waits_for_a_place_is_cancelled(executor: str) -> None:
    endless = Endless(executor, exclusive="one")

    @tool(exclusive="one")
    async def holder() -> str:
        """Hold the place."""
        await go_on.wait()
        return "held"

    go_on = anyio.Event()

    async def cancel(run: Any) -> None:
        assert run.calls["call-1-1"].state == "sealed"
        assert run.cancel("call-1-1", "not this one")
        go_on.set()

    run, events = await follow(
        Agent(ScriptedModel([[call("holder"), call("work")], "I see."]), [endless.tool, holder]),
        lambda event: isinstance(event, CallQueued) and "holder" in event.why,
        cancel,
    )
    assert isinstance(events[-1], RunFinished)
    assert [event.call.name for event in events if isinstance(event, CallStarted)] == ["holder"]
    assert told(run, 0) == "held"
    assert told(run, 1).startswith("work was cancelled: not this one.")


@pytest.mark.parametrize("executor", EXECUTORS)
async def test_one_call_that_a_person_is_asked_about_is_cancelled(executor: str) -> None:
    endless = Endless(executor, needs_approval=True)

    async def approver(_: Any, __: Any) -> Approve:
        await anyio.sleep_forever()
        return Approve()

    run, events = await follow(
        Agent(ScriptedModel(SCRIPT), [endless.tool, other], approver=approver), first(ApprovalRequested), cancel_first
    )
    assert isinstance(events[-1], RunFinished)
    assert [event.call.name for event in events if isinstance(event, CallStarted)] == ["other"]
    assert told(run, 0).startswith("work was cancelled: not this one.")


@pytest.mark.parametrize("executor", ["inline", "thread"])
async def test_one_call_between_two_attempts_is_cancelled(executor: Any) -> None:
    @tool(executor=executor, idempotent=True, retry=Retry(attempts=3, first_wait_s=60))
    def work() -> str:
        """Work."""
        raise OSError("not now")

    run, events = await follow(Agent(ScriptedModel(SCRIPT), [work, other]), first(CallRetrying), cancel_first)
    assert isinstance(events[-1], RunFinished)
    assert len([event for event in events if isinstance(event, CallStarted)]) == 2
    assert run.calls["call-1-0"].failure == Cancelled("not this one")
    assert told(run, 0).startswith("work was cancelled: not this one.")


@pytest.mark.parametrize("executor", EXECUTORS)
async def test_the_time_of_a_call_is_over(executor: str) -> None:
    endless = Endless(executor, timeout_s=0.1)
    agent = Agent(ScriptedModel(SCRIPT), [endless.tool, other])
    async with agent.stream("Go.") as run:
        events = [event async for event in run]
    endless.end.set()
    assert isinstance(events[-1], RunFinished)
    stopped = executor != "thread"
    assert run.calls["call-1-0"].failure == TimedOut(0.1, stopped=stopped)
    assert told(run, 0).startswith("work did not finish within 0.1 s" + (" and was stopped." if stopped else ". It "))
    assert check_records(run.records) == []


@pytest.mark.parametrize("how", ["break", "cancel"])
@pytest.mark.parametrize("executor", EXECUTORS)
async def test_the_run_is_left(executor: str, how: str) -> None:
    """Nothing goes on behind it; of a thread, which can not be stopped, the log says so."""
    endless = Endless(executor)
    limits = Limits(cancel_grace_s=0.05 if executor == "thread" else 20)
    with anyio.fail_after(60):
        async with no_task_left(), Agent(ScriptedModel(SCRIPT), [endless.tool], limits=limits).stream("Go.") as run:
            async for event in run:
                if isinstance(event, CallProgress):
                    if how == "break":
                        break
                    run.cancel()
    endless.end.set()
    assert isinstance(run.records[-1].event, RunCancelled)
    failure = run.calls["call-1-0"].failure
    assert isinstance(failure, Cancelled)
    assert failure.stopped is (executor != "thread")
    assert check_records(run.records) == []


# --- async tools that take no notice ---


class Stubborn:
    """An async tool that swallows its cancellation, or shields itself, until it is told to end."""

    def __init__(self, how: str, **options: Any) -> None:
        self.end, self.ended = anyio.Event(), anyio.Event()

        @tool(**options)
        async def work(ctx: ToolContext) -> str:
            """Work."""
            ctx.progress(1)
            with anyio.CancelScope(shield=how == "shields"):
                while not self.end.is_set():
                    try:
                        await self.end.wait()
                    except anyio.get_cancelled_exc_class():
                        if how == "shields":
                            raise
            self.ended.set()
            ctx.log("too late")
            return "late"

        self.tool = work

    async def stop(self) -> None:
        self.end.set()
        with anyio.fail_after(5):
            await self.ended.wait()
        await anyio.wait_all_tasks_blocked()


@pytest.mark.parametrize("how", ["shields", "swallows"])
@pytest.mark.parametrize("end", ["one", "time", "cancel", "break", "raise"])
async def test_an_async_tool_that_takes_no_notice_is_left(how: str, end: str) -> None:
    """Everybody else goes on; its call has its end, which says that it may be at work still."""
    stubborn = Stubborn(how, timeout_s=0.05 if end == "time" else None)
    agent = Agent(ScriptedModel(SCRIPT), [stubborn.tool, other], limits=Limits(cancel_grace_s=0.05))

    async def consume(run: Any) -> None:
        async for event in run:
            if isinstance(event, CallProgress):
                match end:
                    case "one":
                        run.cancel("call-1-0", "enough")
                    case "cancel":
                        run.cancel(reason="enough")
                    case "break":
                        return
                    case "raise":
                        raise KeyError("mine")
                    case _:
                        pass  # its time will be over

    run = agent.stream("Go.")
    with anyio.fail_after(30), pytest.raises(KeyError) if end == "raise" else nullcontext():
        async with run:
            await consume(run)
    count = len(run.records)
    failure = run.calls["call-1-0"].failure
    if end == "time":
        assert failure == TimedOut(0.05, stopped=False)
    else:
        assert isinstance(failure, Cancelled)
        assert not failure.stopped
    over = end in ("one", "time")
    assert isinstance(run.records[-1].event, RunFinished if over else RunCancelled)
    assert "It could not be stopped: it may be at work still" in told(run, 0)
    assert check_records(run.records) == []
    await stubborn.stop()
    assert len(run.records) == count, "its late words are dropped"


async def test_a_tool_that_cancels_the_task_it_runs_in(anyio_backend_name: str) -> None:
    if anyio_backend_name != "asyncio":
        pytest.skip("a task of trio has no such method")

    @tool
    async def work() -> str:
        """Work."""
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await anyio.sleep_forever()
        return "never"

    agent = Agent(ScriptedModel(SCRIPT), [work, other])
    async with no_task_left(), agent.stream("Go.") as run:
        events = [event async for event in run]
    assert isinstance(events[-1], RunFinished)
    failure = run.calls["call-1-0"].failure
    assert isinstance(failure, Raised)
    assert failure.error == "CancelledError"
    assert run.calls["call-1-1"].result == "done"


async def test_a_tool_that_leaks_a_task(anyio_backend_name: str) -> None:
    """Nobody can prevent it; its task goes on, its late words are dropped."""
    if anyio_backend_name != "asyncio":
        pytest.skip("trio has no tasks without an owner")
    go_on = asyncio.Event()
    leaked: list[asyncio.Task[None]] = []

    async def later(ctx: ToolContext) -> None:
        await go_on.wait()
        ctx.log("too late")

    @tool
    async def work(ctx: ToolContext) -> str:
        """Work."""
        leaked.append(asyncio.create_task(later(ctx)))
        return "returned"

    agent = Agent(ScriptedModel(SCRIPT), [work, other])
    async with agent.stream("Go.") as run:
        events = [event async for event in run]
    assert isinstance(events[-1], RunFinished)
    assert run.calls["call-1-0"].result == "returned"
    count = len(run.records)
    go_on.set()
    await leaked[0]
    assert len(run.records) == count
    assert check_records(run.records) == []


# --- what is at work at once, and what it finds ---


async def test_8_blocking_tools_of_one_response_are_at_work_at_once() -> None:
    """All have entered before any returns."""
    barrier = threading.Barrier(8, timeout=30)

    @tool
    def work() -> int:
        """Work."""
        return barrier.wait()

    agent = Agent(ScriptedModel([[call("work")] * 8, "Done."]), [work])
    async with agent.stream("Go.") as run:
        events = [event async for event in run]
    assert sorted(event.result for event in events if isinstance(event, CallReturned)) == list(range(8))
    assert check_records(run.records) == []


async def test_the_context_is_found_in_threads_that_a_tool_starts() -> None:
    def deep() -> str:
        ToolContext.current().progress(1, 1)
        return ToolContext.current().call.name

    @tool
    async def work() -> list[str]:
        """Work."""
        names = [await anyio.to_thread.run_sync(deep)]
        if anyio.get_cancelled_exc_class() is asyncio.CancelledError:
            names.append(await asyncio.to_thread(deep))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, lambda: names.append(deep()))
        return names

    agent = Agent(ScriptedModel([[call("work")], "Done."]), [work], limits=Limits(progress_interval_s=0))
    async with agent.stream("Go.") as run:
        events = [event async for event in run]
    (returned,) = [event for event in events if isinstance(event, CallReturned)]
    assert set(returned.result) == {"work"}
    assert len([event for event in events if isinstance(event, CallProgress)]) == len(returned.result) >= 2


async def test_a_process_that_dies_fails_its_call_only() -> None:
    from tests.unit.runtime.executors.process_tools import dies

    script: list[Any] = [[call("dies", how="segv"), call("pid"), call("dies", how="_exit")], [call("pid")], "Done."]
    agent = Agent(ScriptedModel(script), [dies, pid])
    async with agent.stream("Go.") as run:
        events = [event async for event in run]
    assert isinstance(events[-1], RunFinished)
    failures = [event.failure for event in events if isinstance(event, CallFailed)]
    assert {failure.error for failure in failures if isinstance(failure, Raised)} == {"ProcessDied"}
    assert len(failures) == 2
    assert "killed by SIGSEGV" in told(run, 0)
    assert isinstance(run.calls["call-2-0"].result, int)
    assert check_records(run.records) == []
