"""What the user says while a run goes on: told at once where the wire can, with the next request everywhere else."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from millstream import Agent, Model, RunClosed, UsageError, tool
from millstream.events import CallReturned, CallStarted, Event, RunFinished, RunSteered, TextDelta, TurnEnded
from millstream.runtime.run import Run
from millstream.testing import CallTool, Cut, FakeProvider, Finish, Pause, Response, Say, Scenario
from millstream.testing.provider.websocket.terms import WebSocketTerms
from millstream.transcript import UserMessage
from tests.alive import no_task_left, nothing_left
from tests.faults.talking import talking, told
from tests.laws import assert_lawful

pytestmark = pytest.mark.anyio

LOOK = CallTool("look", {"at": "it"})


async def steered(run: Run, at: type[Event], *words: str) -> list[Event]:
    """Follow a run, and say something at the first event of that kind."""
    events: list[Event] = []
    async with run:
        async for event in run:
            if isinstance(event, at) and not any(isinstance(one, at) for one in events):
                assert all(run.steer(word) for word in words)
            events.append(event)
    assert_lawful(run.records)
    return events


def said(events: list[Event]) -> list[tuple[str | None, int]]:
    return [(event.text, event.turn) for event in events if isinstance(event, RunSteered)]


def kinds(run: Run) -> list[str]:
    return [type(entry).__name__ for entry in run.transcript]


def users(body: dict[str, Any]) -> list[str]:
    return [item["content"] for item in body["input"] if item.get("role") == "user"]


async def test_a_response_is_cut_short_and_the_one_that_follows_is_not_asked_for() -> None:
    slow = Response((Say("I begin and"), Pause(0.3), Finish("steered")))
    async with talking([slow, "Shorter."]) as talk:
        run = talk.agent.stream("Go.")
        events = await steered(run, TextDelta, "Shorter!")
        assert said(events) == [("Shorter!", 2)]
        assert [event.reason for event in events if isinstance(event, TurnEnded)] == ["steered", "completed"]
        assert [request.data["accepted"] for request in told(events, "request.steered")] == [True]
        assert kinds(run) == ["UserMessage", "Reply", "UserMessage", "Reply"]
        assert run.output == "Shorter."
        assert [body["type"] for body in talk.sent] == ["response.create", "response.successor"]
        assert users(talk.sent[1]) == ["Shorter!"]


async def test_what_follows_a_steered_response_can_be_gone_on_from() -> None:
    slow = Response((Say("I begin and"), Pause(0.3), Finish("steered")))
    async with talking([slow, "Shorter.", "More."]) as talk:
        run = talk.agent.stream("Go.")
        await steered(run, TextDelta, "Shorter!")
        assert (await talk.agent.run("More?", history=run.transcript)).text == "More."
        assert talk.connections == 1
        assert users(talk.sent[2]) == ["More?"]


async def test_a_response_that_ends_by_itself_is_followed_all_the_same() -> None:
    async with talking([Response((Say("A"), Pause(0.3), Say("ll."))), "Shorter."]) as talk:
        run = talk.agent.stream("Go.")
        events = await steered(run, TextDelta, "Shorter!")
        assert said(events) == [("Shorter!", 2)]
        assert [body["type"] for body in talk.sent] == ["response.create", "response.successor"]


async def test_while_calls_are_outstanding_the_provider_keeps_what_was_said() -> None:
    """It goes before the results of the calls, and is not sent twice."""
    slow = Response((Say("I look."), LOOK, Pause(0.3)))
    async with talking([slow, "Done."]) as talk:
        run = talk.agent.stream("Go.")
        events = await steered(run, TextDelta, "Shorter!")
        assert said(events) == [("Shorter!", 2)]
        assert [event.result for event in events if isinstance(event, CallReturned)] == ["nothing at it"]
        assert [item["type"] for item in talk.sent[1]["input"]] == ["function_call_output"]
        assert talk.sent[1]["type"] == "response.create"
        assert kinds(run) == ["UserMessage", "Reply", "ToolResult", "UserMessage", "Reply"]
        assert talk.connections == 1


@pytest.mark.parametrize("terms", [WebSocketTerms(steering=False), None], ids=["no steering", "no WebSocket"])
async def test_where_it_is_not_taken_it_goes_with_the_next_request(terms: WebSocketTerms | None) -> None:
    async with talking([Response((Say("A"), Pause(0.3), Say("ll."))), "Shorter."], terms=terms) as talk:
        run = talk.agent.stream("Go.")
        events = await steered(run, TextDelta, "Shorter!", "Please!")
        assert said(events) == [("Shorter!", 2), ("Please!", 2)]
        assert [body.get("type", "response.create") for body in talk.sent] == ["response.create"] * 2
        assert users(talk.sent[1])[-2:] == ["Shorter!", "Please!"]
        assert run.output == "Shorter."


async def test_two_messages_are_taken_one_after_the_other() -> None:
    async with talking([Response((Say("A"), Pause(0.4), Finish("steered"))), "Shorter."]) as talk:
        run = talk.agent.stream("Go.")
        events = await steered(run, TextDelta, "Shorter!", "Please!")
        assert said(events) == [("Shorter!", 2), ("Please!", 2)]
        assert users(talk.sent[1]) == ["Shorter!", "Please!"]
        assert len(talk.sent) == 2


async def test_a_broken_response_is_asked_again_with_what_was_said() -> None:
    async with talking([Response((Say("A"), Pause(0.2), Cut("eof"))), "Shorter."]) as talk:
        run = talk.agent.stream("Go.")
        events = await steered(run, TextDelta, "Shorter!")
        assert said(events) == [("Shorter!", 2)]
        assert users(talk.sent[-1]) == ["Go.", "Shorter!"]
        assert run.output == "Shorter."


async def test_a_run_that_is_left_after_steering_leaves_nothing() -> None:
    slow = Response((Say("I begin and"), Pause(0.2), Finish("steered")))
    long = Response((Say("On and on. " * 50),), tokens_per_s=50)
    async with talking([slow, long, "Again."]) as talk:
        async with talk.agent.stream("Go.") as run:
            async for event in run:
                if isinstance(event, TextDelta) and event.turn == 1:
                    run.steer("Shorter!")
                if isinstance(event, TextDelta) and event.turn == 2:
                    break
        assert (await talk.agent.run("Again?")).text == "Again."


async def test_a_run_cancelled_between_a_steered_response_and_the_next_leaves_nothing() -> None:
    slow = Response((Say("I begin and"), Pause(0.2), Finish("steered")))
    long = Response((Say("On and on. " * 50),), tokens_per_s=50)
    async with talking([slow, long, "Again."]) as talk:
        async with talk.agent.stream("Go.") as run:
            async for event in run:
                if isinstance(event, TextDelta) and event.turn == 1:
                    run.steer("Shorter!")
                if isinstance(event, TurnEnded):
                    break
        assert (await talk.agent.run("Again?")).text == "Again."


async def test_words_after_the_end_are_not_taken() -> None:
    async with talking(["All."]) as talk:
        run = talk.agent.stream("Go.")
        with pytest.raises(RunClosed):
            run.steer("Too early.")
        async with run:
            async for event in run:
                if isinstance(event, RunFinished):
                    assert not run.steer("Too late.")
        assert not run.steer("Much too late.")
        assert run.output == "All."


async def test_a_flood_of_words_is_refused() -> None:
    async with talking([Response((Say("A"), Pause(0.3), Say("ll."))), "Done."], terms=None) as talk:
        async with talk.agent.stream("Go.") as run:
            async for event in run:
                if isinstance(event, TextDelta) and event.turn == 1 and event.text == "A":
                    for _ in range(64):
                        assert run.steer("More!")
                    with pytest.raises(UsageError, match="64 messages wait"):
                        run.steer("More!")
        assert len([entry for entry in run.transcript if isinstance(entry, UserMessage)]) == 65


WIRES = ["openai", "openai-chat", "anthropic", "gemini", "ollama", "cohere", "gemini-interactions"]


@pytest.mark.parametrize("prefix", WIRES)
async def test_said_while_tools_work_it_follows_their_results(prefix: str) -> None:
    heard = anyio.Event()

    @tool(read_only=True)
    async def look(at: str) -> str:
        """Look at something, for as long as nobody has said more."""
        await heard.wait()
        return f"nothing at {at}"

    with nothing_left(), FakeProvider(Scenario.of([Say("I look."), LOOK], "Done.")) as provider:
        model = Model(f"{prefix}:fake", base_url=provider.url_for(prefix), api_key="sk-secret-key")
        async with no_task_left(), Agent(model, [look]).stream("Go.") as run:
            async for event in run:
                if isinstance(event, CallStarted):
                    assert run.steer("Shorter!")
                    heard.set()
    assert_lawful(run.records)
    assert said([record.event for record in run.records]) == [("Shorter!", 2)]
    assert kinds(run) == ["UserMessage", "Reply", "ToolResult", "UserMessage", "Reply"]
    assert run.output == "Done."
