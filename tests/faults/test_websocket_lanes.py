"""Several runs of one agent at the same time share one WebSocket, each on a lane of its own."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from millstream import Limits, Run
from millstream.events import CallReturned, RunFinished, TextDelta, TurnTorn
from millstream.testing import CallTool, Cut, Response, Say, Scenario
from millstream.testing.provider.steps import Pause
from millstream.testing.provider.websocket.terms import WebSocketTerms
from tests.faults.talking import follow, talking, told

pytestmark = pytest.mark.anyio


async def runs(talk: Any, count: int) -> list[Run]:
    """So many runs at the same time, each to its end."""
    made = [talk.agent.stream(f"Go {i}.") for i in range(count)]
    async with anyio.create_task_group() as tasks:
        for run in made:
            tasks.start_soon(follow, run)
    return made


def slow(*texts: str) -> Response:
    """A response that takes long enough for others to come between."""
    return Response(tuple(Say(text) for text in texts), tokens_per_s=200)


async def test_events_of_two_lanes_interleave_and_are_kept_apart() -> None:
    """Trap 18: on `stream_id` first, then per response."""
    first, second = (Response((CallTool("look", {"at": at * 40}),), tokens_per_s=400) for at in ("a", "b"))
    async with talking(Scenario((first, second, slow("A" * 80), slow("B" * 80)))) as talk:
        made = await runs(talk, 2)
    assert sorted(talk.did) == ["a" * 40, "b" * 40]
    assert sorted(run.text for run in made) == ["A" * 80, "B" * 80]
    assert talk.connections == 1
    lanes = [body.get("stream_id") for body in talk.sent]
    assert sorted(lanes[:2], key=str) == [None, "lane-1"]
    assert talk.parents == [False, False, True, True]
    assert sorted(lanes[2:], key=str) == [None, "lane-1"]
    by_lane = {body.get("stream_id"): body["input"] for body in talk.sent[2:]}
    for lane, body in zip(lanes[:2], talk.sent[:2], strict=True):
        assert body["input"][0]["type"] == "message"
        assert [item["type"] for item in by_lane[lane]] == ["function_call_output"]


async def test_a_run_keeps_its_lane_while_its_tools_are_at_work() -> None:
    """A lane whose response waits for results is left alone: its parent stays in the provider's memory."""
    scenario = Scenario.of([CallTool("look", {"at": "a"})], "Between.", "Done.")
    async with talking(scenario) as talk:
        run = talk.agent.stream("Go.")
        async with run:
            async for event in run:
                if isinstance(event, CallReturned):
                    break
            other = talk.agent.stream("Between.")
            await follow(other)
            async for _ in run:
                pass
    assert {run.text, other.text} == {"Done.", "Between."}
    assert all(request.status == 200 for request in talk.requests)


async def test_more_than_16_at_once_take_another_connection() -> None:
    answers = [slow("x" * 200)] * 17
    async with talking(answers) as talk:
        made = await runs(talk, 17)
    assert all(run.text == "x" * 200 for run in made)
    assert talk.connections == 2
    named = [body["stream_id"] for body in talk.sent if "stream_id" in body]
    assert len(named) == 15


async def test_names_are_used_again_and_never_more_than_32() -> None:
    answers = [slow("x" * 4)] * 60
    async with talking(answers) as talk:
        for _ in range(6):
            await runs(talk, 10)
    assert talk.connections == 1
    assert len({body["stream_id"] for body in talk.sent if "stream_id" in body}) == 9


async def test_a_server_without_lanes_gets_a_connection_for_each_run_at_once() -> None:
    answers = [slow("x" * 100)] * 4
    async with talking(answers, terms=WebSocketTerms(with_lanes=False)) as talk:
        made = await runs(talk, 2)
        assert talk.connections == 2
        made += await runs(talk, 2)
    assert all(run.text == "x" * 100 for run in made)
    refused = [request for request in talk.requests if request.status == 400]
    assert len(refused) == 1
    assert talk.connections == 2


async def test_one_that_is_left_while_others_go_on_is_read_to_its_end_by_nobody() -> None:
    """The connection stays; what is still written for it reaches no other run, and its lane rests until then."""
    left = Response((Say("left " * 40),), tokens_per_s=100)
    other = Response((Say("other " * 60),), tokens_per_s=100)
    third = Response((Say("third"),))
    async with talking(Scenario((left, other, third))) as talk:
        async with talk.agent.stream("Go.") as leaving:
            async for event in leaving:
                if isinstance(event, TextDelta):
                    break
            staying = talk.agent.stream("Go.")
            async with staying:
                async for event in staying:
                    if isinstance(event, TextDelta):
                        break
                leaving.cancel()
                async for _ in leaving:
                    pass
                assert (await talk.agent.run("Go.")).text == "third"
                async for _ in staying:
                    pass
        assert staying.text == "other " * 60
    assert talk.connections == 1
    assert [body.get("stream_id") for body in talk.sent] == [None, "lane-1", "lane-2"]


async def test_a_cut_ends_all_responses_of_the_connection_and_all_are_asked_for_again() -> None:
    cut = Response((Say("a" * 40), Pause(0.3), Cut("close")))
    other = Response((Say("b" * 400),), tokens_per_s=100)
    async with talking(Scenario((cut, other, *[slow("again")] * 2))) as talk:
        made = await runs(talk, 2)
    assert [run.text for run in made] == ["again", "again"]
    torn = [event for run in made for event in run.records if isinstance(event.event, TurnTorn)]
    assert len(torn) == 2
    assert talk.connections == 2
    assert talk.parents == [False] * 4


async def test_a_consumer_that_stands_still_stops_the_connection_and_loses_nothing() -> None:
    """Invariant 12: nothing is buffered without bound."""
    text = "x" * 32_000_000
    flood = Response((Say(text),), chunk_chars=200_000)
    async with talking(Scenario((flood,)), limits=Limits(max_message_bytes=64_000_000)) as talk:
        run = talk.agent.stream("Go.")
        async with run:
            async for event in run:
                if isinstance(event, TextDelta):
                    break
            await anyio.sleep(0.3)
            (request,) = talk.requests
            assert request.bytes_sent < 20_000_000
            async for _ in run:
                pass
    assert run.text == text


async def test_a_run_at_a_time_never_names_a_lane() -> None:
    async with talking([[CallTool("look", {"at": "a"})], "Done."] * 3) as talk:
        for _ in range(3):
            events = await follow(talk.agent.stream("Go."))
            assert isinstance(events[-1], RunFinished)
            assert not told(events, "request.retrying")
    assert not any("stream_id" in body for body in talk.sent)
    assert talk.connections == 1
