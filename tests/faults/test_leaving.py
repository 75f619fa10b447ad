"""A run that is left, cancelled or broken in the middle: nothing goes on behind its back, and it can be continued."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from millstream import Agent, Limits, Policy, Run, RunClosed, ToolContext, Transcript, WireError, tool
from millstream.events import (
    CallFailed,
    CallOpened,
    CallReturned,
    CallStarted,
    Cancelled,
    Raised,
    RunCancelled,
    TextDelta,
    Truncated,
    TurnStarted,
)
from millstream.journal.memory import MemoryJournal
from millstream.testing import (
    Body,
    CallTool,
    Cut,
    FakeProvider,
    Flood,
    Pause,
    Raw,
    Response,
    Say,
    Scenario,
    ScriptedModel,
    Think,
)
from tests.alive import no_task_left, nothing_left
from tests.faults.playing import API, ARGS, Ran, follow, model_of, play, playing, response
from tests.laws import assert_lawful

pytestmark = pytest.mark.anyio


class Four:
    """Four calls of one tool: the first is quick, the others never end."""

    def __init__(self) -> None:
        self.started = 0
        self.ended = 0
        self.cleaned = 0
        self.all_started = anyio.Event()

    @property
    def tool(self) -> Any:
        @tool
        async def work(n: int) -> str:
            """Work."""
            self.started += 1
            if self.started == 4:
                self.all_started.set()
            if n == 0:
                return "quick"
            try:
                await anyio.sleep_forever()
            finally:
                self.cleaned += 1
            return "never"

        return work


async def until(reached: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not reached():  # noqa: ASYNC110  the state of a call is not an event
            await anyio.sleep(0.001)


FOUR = [CallTool("work", {"n": n}) for n in range(4)]


async def test_cancel_during_4_tools(api: API) -> None:
    """All of them are gone when the iteration ends, each with its end in the log."""
    four = Four()
    async with playing(api, [FOUR], [four.tool]) as story, anyio.create_task_group() as tasks:

        async def cancel() -> None:
            await four.all_started.wait()
            await until(lambda: story.run.calls["call-1-0"].state == "ended")
            assert story.run.cancel(reason="enough")

        tasks.start_soon(cancel)
        await follow(story)
        assert four.cleaned == 3
    assert story.error is None
    assert story.one(RunCancelled).reason == "enough"
    assert [event.call.index for event in story.all(CallReturned)] == [0]
    assert [type(failure) for failure in story.failures] == [Cancelled] * 3
    assert not story.run.transcript.unanswered


async def test_cancel_of_one_of_4(api: API) -> None:
    """The others go on, and the model is told."""
    four = Four()
    script = [FOUR, "I see."]
    async with playing(api, script, [four.tool]) as story, anyio.create_task_group() as tasks:

        async def cancel() -> None:
            await four.all_started.wait()
            assert story.run.cancel("call-1-1", "not this one")
            assert story.run.calls["call-1-2"].cancel("nor this")
            assert story.run.calls["call-1-3"].cancel()

        tasks.start_soon(cancel)
        await follow(story)
    assert story.finished
    assert four.cleaned == 3
    told = story.told()
    assert told[0] == "quick"
    assert "not this one" in told[1]
    assert "nor this" in told[2]
    assert not story.run.cancel("call-1-1"), "it has ended"
    assert not story.run.cancel("call-9-9"), "there is no such call"
    assert not story.run.cancel(), "the run has ended"


async def test_consumer_breaks_out(api: API) -> None:
    """The run stops where it is left: no tool goes on, no request follows."""
    four = Four()
    script = [[*FOUR], "never asked for"]
    async with playing(api, script, [four.tool]) as story:
        async for event in story.run:
            if isinstance(event, CallStarted):
                break
    assert four.started <= 4
    assert four.cleaned == max(0, four.started - 1)
    assert len(story.requests) == 1
    last = story.run.records[-1].event
    assert isinstance(last, RunCancelled)
    with pytest.raises(RunClosed):
        await anext(story.run)


async def test_consumer_breaks_out_of_a_response(api: API) -> None:
    async with playing(api, [[Flood()]]) as story:
        async for event in story.run:
            if isinstance(event, TextDelta):
                break
    with nothing_left():
        assert len(story.requests) == 1


async def test_the_provider_sees_that_the_consumer_left(api: API) -> None:
    with nothing_left(), FakeProvider(Scenario.of(response(Say("Well, "), Pause(60)))) as provider:
        async with Agent(model_of(provider, api)).stream("Go.") as run:
            async for event in run:
                if isinstance(event, TextDelta):
                    break
        (request,) = provider.wait_for_disconnects(1)
        assert request.status == 200


async def test_consumer_raises(api: API) -> None:
    """The consumer's own exception is what leaves the block, unwrapped."""
    four = Four()

    async def consume() -> None:
        async with playing(api, [FOUR], [four.tool]) as story:
            async for event in story.run:
                if isinstance(event, CallStarted):
                    raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await consume()
    assert four.cleaned == max(0, four.started - 1)


async def test_a_run_that_nobody_follows_is_left(api: API) -> None:
    async with playing(api, [[Say("Hello.")]]) as story:
        pass
    assert isinstance(story.run.records[-1].event, RunCancelled)


async def test_cancelled_from_outside(api: API) -> None:
    """A deadline of the caller's around the run."""
    four = Four()
    runs: list[Run] = []
    async with no_task_left():
        with anyio.move_on_after(5) as scope:
            async with playing(api, [FOUR], [four.tool]) as story:
                runs.append(story.run)
                async for _ in story.run:
                    if four.started == 4:
                        scope.cancel()
    assert scope.cancelled_caught
    assert four.cleaned == 3
    assert isinstance(runs[0].records[-1].event, RunCancelled)


async def test_cancel_between_a_break_and_what_is_done_about_it() -> None:
    """The consumer lags, so the reader waits with the broken response in hand: its open call ends all the same."""
    chunks: list[Any] = [
        {"choices": [{"index": 0, "delta": {"content": "Let me look."}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [_CUT_CALL]}}]},
        {"error": {"message": "no", "type": "server_error"}},
    ]
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
    model = ScriptedModel([Response((Raw(body),))], api="openai-chat")
    ran = Ran()
    limits = Limits(max_buffered_chars=1, request_attempts=1)
    async with Agent(model, [ran.save], limits=limits).stream("Go.") as run:
        await until(lambda: "call-1-0" in run.calls)
        await anyio.wait_all_tasks_blocked()
        assert run.cancel()
        events = [event async for event in run]
    assert isinstance(events[-1], RunCancelled)
    (failed,) = (event for event in events if isinstance(event, CallFailed))
    assert isinstance(failed.failure, Truncated)
    assert ran.calls == []
    assert_lawful(run.records)


_CUT_CALL = {"index": 0, "id": "a", "function": {"name": "save", "arguments": '{"path": "/a'}}


async def test_continue_after_cancel(api: API) -> None:
    """The history of a cancelled run is valid, finished work is kept and nothing is done again."""
    four = Four()
    script: list[Any] = [FOUR, [CallTool("work", {"n": 0})], "Done."]
    with nothing_left(), FakeProvider(Scenario.of(*script)) as provider:
        agent = Agent(model_of(provider, api), [four.tool])
        run = agent.stream("Go.")
        async with run:
            async for event in run:
                if isinstance(event, CallReturned):
                    with anyio.fail_after(5):
                        await four.all_started.wait()
                    run.cancel()
        assert not run.transcript.unanswered
        again = agent.stream("Go on.", history=run.transcript)
        async with again:
            events = [event async for event in again]
        assert again.output == "Done."
        assert four.started == 5
        assert [event.call.id for event in events if isinstance(event, CallOpened)] == ["call-2-0"]
        assert next(event.turn for event in events if isinstance(event, TurnStarted)) == 2
        assert [request.status for request in provider.requests] == [200, 200, 200]
        body: Any = provider.requests[1].body
        told = str(body)
        assert "quick" in told
        assert told.count("was cancelled") == 3
    assert_lawful(run.records)
    assert_lawful(again.records)


async def test_continue_after_a_break_in_the_middle_of_a_call(api: API) -> None:
    ran = Ran()
    steps = response(Say("Saving "), CallTool("save", ARGS), CallTool("save", ARGS, chunk_chars=1), tokens_per_s=400)
    with nothing_left(), FakeProvider(Scenario.of(steps, "Done.")) as provider:
        agent = Agent(model_of(provider, api), [ran.save])
        run = agent.stream("Go.")
        async with run:
            async for event in run:
                if isinstance(event, CallReturned):
                    break
        assert_lawful(run.records)
        result = await agent.run("Go on.", history=run.transcript)
        assert result.text == "Done."
        assert len(ran.calls) == 1
        assert [request.status for request in provider.requests] == [200, 200]
        assert str(provider.requests[1].body).count("saved /a.txt") == 1


async def test_continue_after_a_failed_run(api: API) -> None:
    ran = Ran()
    script: list[Any] = [[CallTool("save", ARGS)], Body("no", status=400), "Done."]
    with nothing_left(), FakeProvider(Scenario.of(*script)) as provider:
        agent = Agent(model_of(provider, api), [ran.save])
        with pytest.raises(WireError) as caught:
            await agent.run("Go.")
        history = caught.value.transcript
        assert history is not None
        result = await agent.run(history=history)
        assert result.text == "Done."
        assert len(ran.calls) == 1


async def test_nothing_of_a_response_that_only_reasoned_stays(api: API) -> None:
    """What led to nothing must not go back: a provider refuses reasoning without what followed it."""
    steps = response(Think("Hm. " * 20), Say("I th"), Cut("close"))
    story = await play(api, [steps], policy=Policy(on_torn="raise"))
    assert isinstance(story.error, WireError)
    assert isinstance(story.error.transcript, Transcript)
    with FakeProvider(Scenario.of("Done.")) as provider:
        result = await Agent(model_of(provider, api)).run("Well?", history=story.error.transcript)
        assert result.text == "Done."


# --- what ends the process propagates, after everything is answered ---


class Stop(BaseException):
    """As KeyboardInterrupt, but of nobody's."""


def stopping(error: type[BaseException], kind: str) -> Any:
    async def work() -> str:
        """Work."""
        raise error

    def sync_work() -> str:
        """Work."""
        raise error

    return tool(name="work", executor="inline" if kind == "inline" else None)(work if kind == "async" else sync_work)


@pytest.mark.parametrize("kind", ["async", "thread", "inline"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, Stop], ids=["tool_kbd", "tool_base"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tool_kbd_and_tool_base(api: API, error: type[BaseException], kind: str, backend: str) -> None:
    journal = MemoryJournal()

    @tool
    async def other() -> str:
        """Work."""
        await anyio.sleep_forever()
        return "never"

    async def main(provider: FakeProvider) -> None:
        agent = Agent(model_of(provider, api), [stopping(error, kind), other], journal=journal)
        await agent.run("Go.", run_id="run")

    with FakeProvider(Scenario.of([CallTool("other"), CallTool("work")])) as provider, pytest.raises(error):
        anyio.run(main, provider, backend=backend)
    records = journal.records("run")
    assert_lawful(records)
    ends = {record.event.call.name: record.event.failure for record in records if isinstance(record.event, CallFailed)}
    assert isinstance(ends["work"], Raised)
    assert ends["work"].error == error.__name__
    assert isinstance(ends["other"], Cancelled)
    assert isinstance(records[-1].event, RunCancelled)


@pytest.mark.parametrize("how", ["break", "cancel"])
async def test_a_thread_that_is_left_says_nothing_more(api: API, how: str) -> None:
    """The thread ends when it can; its late words are dropped, and the log stays as it is."""
    end, ended = threading.Event(), threading.Event()
    working = threading.Event()

    @tool
    def work() -> Any:
        """Work."""
        working.set()
        end.wait(20)
        ToolContext.current().log("too late")
        ended.set()
        return "too late"

    with nothing_left(), FakeProvider(Scenario.of([CallTool("work")])) as provider:
        agent = Agent(model_of(provider, api), [work], limits=Limits(cancel_grace_s=0.01))
        async with agent.stream("Go.") as run:
            async for event in run:
                if isinstance(event, CallStarted):
                    await anyio.to_thread.run_sync(working.wait)
                    if how == "break":
                        break
                    run.cancel()
        count = len(run.records)
        end.set()
        await anyio.to_thread.run_sync(ended.wait)
        await anyio.sleep(0.01)
        assert len(run.records) == count
    assert_lawful(run.records)
    assert isinstance(run.records[-1].event, RunCancelled)
