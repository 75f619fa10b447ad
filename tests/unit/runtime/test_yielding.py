"""Every value that a generator yields is passed on; where nobody takes them it waits, wherever its body runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from millstream import Agent, Limits, MediaPart, UsageError, tool
from millstream.events import Call, CallFailed, CallYielded, Raised, TimedOut
from millstream.runtime.weight import weight
from millstream.runtime.yielding import Left, Yields
from millstream.testing import ScriptedModel, call, check_records
from tests.unit.runtime.outlets import Kept

pytestmark = pytest.mark.anyio
CALL = Call("call-1-0", 1, 0, "work", "x")


def values(kept: Kept) -> list[Any]:
    return [event.value for event in kept.said if isinstance(event, CallYielded)]


async def until(true: Callable[[], bool]) -> None:
    """Let others go on until it is so."""
    with anyio.fail_after(20):
        while not true():
            await anyio.lowlevel.checkpoint()


async def turns(number: int) -> None:
    """Let others go on for so many turns of the event loop."""
    for _ in range(number):
        await anyio.lowlevel.checkpoint()


async def test_on_the_loop_a_generator_waits_for_room() -> None:
    kept = Kept()
    kept.crowded_after = 3
    yields = Yields(CALL, kept, Limits())

    async def work() -> None:
        for n in range(5):
            await yields.on_loop(n)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        await anyio.wait_all_tasks_blocked()
        assert values(kept) == [0, 1, 2]
        kept.make_room()
        await anyio.wait_all_tasks_blocked()
    assert values(kept) == [0, 1, 2, 3, 4]


async def test_in_a_thread_it_is_never_far_ahead_of_the_loop_and_waits_for_room() -> None:
    kept = Kept()
    kept.crowded_after = 40
    yields = Yields(CALL, kept, Limits())
    ended: list[str] = []

    def work() -> None:
        for n in range(200):
            yields.in_thread(n)
        ended.append("yes")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, work)
        await until(lambda: len(kept.said) >= 40)
        await turns(20)  # whatever it has sent on its way arrives
        assert len(kept.said) < 40 + 17
        assert not ended
        kept.make_room()
    assert values(kept) == list(range(200))
    assert ended


async def test_a_thread_that_nobody_waits_for_is_told_so() -> None:
    yields = Yields(CALL, Kept(), Limits())
    yields.in_thread(1)
    yields.close()
    with pytest.raises(Left):
        yields.in_thread(2)


async def test_inline_it_can_not_wait_and_is_stopped_before_it_fills_the_memory() -> None:
    kept = Kept()
    yields = Yields(CALL, kept, Limits(max_buffered_chars=1000))
    for _ in range(10):
        yields.inline("x" * 36)
    with pytest.raises(UsageError, match=r"leave executor=\"inline\" out"):
        yields.inline("x" * 36)
    assert len(kept.said) == 10


async def test_a_value_is_what_a_result_would_be() -> None:
    kept = Kept()
    await Yields(CALL, kept, Limits()).on_loop([MediaPart("image/png", base64="eA==")])
    assert values(kept) == [[{"type": "media", "media_type": "image/png", "base64": "eA=="}]]


def test_nothing_weighs_something_too() -> None:
    assert weight(CallYielded(CALL, None)) == weight(CallYielded(CALL, 7)) > 0
    assert weight(CallYielded(CALL, "x" * 100)) == weight(CallYielded(CALL, None)) + 100
    assert weight(CallYielded(CALL, {"a": "x" * 100})) > weight(CallYielded(CALL, None)) + 100


# --- whole runs ---

COUNT = 3000
LIMITS = Limits(max_buffered_chars=5000)


@tool(name="work")
def in_thread() -> Iterator[int]:
    """Count."""
    yield from range(COUNT)


@tool(name="work")
async def on_loop() -> AsyncIterator[int]:
    """Count."""
    for n in range(COUNT):
        yield n


@pytest.mark.parametrize("work", [in_thread, on_loop])
async def test_a_consumer_that_comes_late_finds_every_value_and_no_more_than_the_bound_was_waiting(work: Any) -> None:
    agent = Agent(ScriptedModel([[call("work")], "Done."]), [work], limits=LIMITS)
    async with agent.stream("Go") as run:
        await until(lambda: len(run.records) >= 60)
        await turns(200)
        waiting = [record.event for record in run.records if isinstance(record.event, CallYielded)]
        assert sum(map(weight, waiting)) < LIMITS.max_buffered_chars + 20 * weight(waiting[0])
        told = [event.value async for event in run if isinstance(event, CallYielded)]
    assert told == list(range(COUNT))
    assert check_records(run.records) == []


@pytest.mark.parametrize("work", [in_thread, on_loop])
async def test_a_consumer_that_never_comes_is_waited_for_as_long_as_the_tool_may_take(work: Any) -> None:
    limits = Limits(max_buffered_chars=5000, tool_timeout_s=0.2)
    agent = Agent(ScriptedModel([[call("work")], "Done."]), [work], limits=limits)
    async with agent.stream("Go") as run:
        await until(lambda: any(isinstance(record.event, CallFailed) for record in run.records))
        async for _ in run:
            pass
    (failed,) = [record.event for record in run.records if isinstance(record.event, CallFailed)]
    assert failed.failure in (TimedOut(0.2), TimedOut(0.2, stopped=False))  # a thread may not have ended yet
    assert check_records(run.records) == []


async def test_leaving_a_run_while_a_generator_waits_leaves_nothing_behind() -> None:
    agent = Agent(ScriptedModel([[call("work")], "Done."]), [in_thread], limits=LIMITS)
    begun = anyio.current_time()
    async with agent.stream("Go") as run:
        await until(lambda: len(run.records) >= 60)
    assert anyio.current_time() - begun < LIMITS.cancel_grace_s / 2


async def test_too_many_values_of_code_that_can_not_wait_are_the_tools_failure() -> None:
    @tool(executor="inline")
    def work() -> Iterator[int]:
        """Count."""
        yield from range(COUNT)

    result = await Agent(ScriptedModel([[call("work")], "Done."]), [work], limits=LIMITS).run("Go")
    (failed,) = [record.event for record in result.records if isinstance(record.event, CallFailed)]
    assert isinstance(failed.failure, Raised)
    assert failed.failure.error == "UsageError"
    assert check_records(result.records) == []
