"""What sub-agents do is seen in the log of the run around them, and held up with it."""

from __future__ import annotations

import anyio
import pytest

from millstream import Agent, Limits, UsageError
from millstream.codec import dumps, loads
from millstream.events import CallLogged, CallReturned, CallStarted, Record, RunFinished, RunStarted, TextDelta, Usage
from millstream.testing import Pause, Response, Say, ScriptedModel, call, check_records

from .agents import asks, researcher, within

pytestmark = pytest.mark.anyio


async def test_a_call_of_an_agent_is_a_run_within_the_log_of_the_run_around_it() -> None:
    outer = asks(researcher().as_tool("research", "Research."))
    async with outer.stream("Go.", run_id="run") as run:
        records = [record async for record in run.follow()]
    assert records == run.records
    assert check_records(records) == []
    (asked,) = run.calls
    inner = within(records, asked)
    assert isinstance(inner[0], RunStarted)
    assert (inner[0].run_id, inner[0].prompt) == (f"run:{asked}", "mills 0?")
    assert isinstance(inner[-1], RunFinished)
    assert run.calls[asked].result == inner[-1].output == "Mills grind."
    assert [event.text for event in inner if isinstance(event, CallLogged)] == ["looking books"]
    assert {record.scope for record in records} == {(), (asked,)}
    at = {type(record.event): place for place, record in enumerate(records) if record.scope == ()}
    places = [place for place, record in enumerate(records) if record.scope]
    assert at[CallStarted] < min(places)
    assert max(places) < at[CallReturned]


async def test_its_records_survive_the_codec() -> None:
    result = await asks(researcher().as_tool("research", "Research.")).run("Go.")
    assert [loads(dumps(record)) for record in result.records if record.scope] != []
    assert [loads(dumps(record)).scope for record in result.records] == [record.scope for record in result.records]


async def test_iterating_over_a_run_and_its_text_leave_the_sub_agent_out() -> None:
    outer = asks(researcher().as_tool("research", "Research."))
    async with outer.stream("Go.") as run:
        events = [event async for event in run]
    assert events == within(run.records)
    assert list(run.calls) == ["call-1-0"]
    outer = asks(researcher().as_tool("research", "Research."))
    async with outer.stream("Go.") as run:
        assert "".join([text async for text in run.text_stream()]) == "I ask. So they say."


async def test_sub_agents_of_sub_agents_nest_and_their_tokens_add_up() -> None:
    middle = asks(researcher().as_tool("research", "Research.")).as_tool("manage", "Manage.")
    async with asks(middle).stream("Go.") as run:
        async for _ in run:
            pass
        inner = run.calls["call-1-0"].run
        assert inner is not None
        assert inner.text == "So they say."
        innermost = inner.calls["call-1-0"].run
        assert innermost is not None
        assert innermost.calls["call-1-0"].run is None
    records = run.records
    assert check_records(records) == []
    assert {len(record.scope) for record in records} == {0, 1, 2}
    ends = {record.scope: record.event for record in records if isinstance(record.event, RunFinished)}
    assert ends[()].usage == run.usage
    assert ends["call-1-0",].usage == inner.usage
    assert ends["call-1-0", "call-1-0"].usage == innermost.usage
    own = Usage()
    for record in records:
        own += getattr(record.event, "usage", None) or Usage() if record.event.type == "TurnEnded" else Usage()
    assert run.usage == own
    assert run.usage.total_tokens > inner.usage.total_tokens > innermost.usage.total_tokens > 0


async def test_two_at_the_same_time_have_scopes_of_their_own() -> None:
    worker = Agent(ScriptedModel([[Say("One. "), Pause(0.01), Say("Two.")]] * 2))
    result = await asks(worker.as_tool("work", "Work."), times=2).run("Go.")
    assert check_records(result.records) == []
    assert [handle.result for handle in result.calls.values()] == ["One. Two.", "One. Two."]
    assert {record.scope for record in result.records} == {(), ("call-1-0",), ("call-1-1",)}


async def test_a_consumer_that_lags_stops_every_reader_and_they_all_go_on() -> None:
    text = "word " * 200
    workers = [Agent(ScriptedModel([text])).as_tool(f"work{n}", "Work.") for n in range(3)]
    asked = [call(worker.name, prompt="go") for worker in workers]
    limits = Limits(max_buffered_chars=50)
    outer = Agent(ScriptedModel([[*asked, Say(text)], "Done."]), workers, limits=limits)
    async with outer.stream("Go.") as run:
        records: list[Record] = []
        async for record in run.follow():
            records.append(record)
            await anyio.lowlevel.checkpoint()
    assert check_records(records) == []
    assert [handle.result for handle in run.calls.values()] == [text] * 3
    said = sum(len(record.event.text) for record in records if isinstance(record.event, TextDelta))
    assert said == 4 * len(text) + len("Done.")


async def test_a_frozen_consumer_holds_the_sub_agent_up() -> None:
    worker = Agent(ScriptedModel([Response((Say("word " * 2000),))])).as_tool("work", "Work.")
    outer = asks(worker, limits=Limits(max_buffered_chars=100))
    async with outer.stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallStarted):
                break
        await anyio.wait_all_tasks_blocked()
        inner = run.calls["call-1-0"].run
        assert inner is not None
        assert 0 < len(inner.text) < 1000
        async for _ in run:
            pass
        assert len(inner.text) == 10_000
    assert check_records(run.records) == []


async def test_a_sub_agent_has_no_consumer_of_its_own() -> None:
    async with asks(researcher().as_tool("research", "Research.")).stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallReturned):
                inner = run.calls["call-1-0"].run
                assert inner is not None
                with pytest.raises(UsageError, match=r"in the log of the run around it: iterate over run.follow\(\)"):
                    await anext(inner)
