"""Responses in the background: read on over another connection where one breaks, stopped where nobody reads them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import anyio
import pytest

from millstream import Agent, Limits, Model, Policy, WireError
from millstream.events import (
    CallReturned,
    CallStarted,
    RunFinished,
    TextDelta,
    TurnEnded,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
)
from millstream.testing import CallTool, Cut, Delivery, FakeProvider, Finish, Response, Say, Scenario, check_records
from millstream.testing.provider.steps import Pause
from millstream.wire.openai_responses import OpenAIResponses
from millstream.wire.resuming import Cursor
from tests.alive import no_task_left, nothing_left
from tests.faults.talking import Talk, follow, looking, saving, told
from tests.faults.test_websocket_leaving import MOST_STEPS, PATIENCE_S, Cancelling
from tests.property.deterministic import BACKENDS, Backend, run_in_loop

pytestmark = pytest.mark.anyio
IN_BACKGROUND = {"background": True, "store": True}
SAVE = CallTool("save", {"at": "it"})


def model_of(provider: FakeProvider, **keywords: Any) -> Model:
    facts: dict[str, Any] = {"base_url": provider.base_url, "api_key": "sk-secret-key", "settings": IN_BACKGROUND}
    return Model("openai:fake", **facts | keywords)


@asynccontextmanager
async def talking(*script: Any, model: dict[str, Any] | None = None, **options: Any) -> AsyncGenerator[Talk]:
    """An agent that is entered and asks in the background; afterwards nothing of it may be left."""
    with nothing_left(), FakeProvider(Scenario.of(*script)) as provider:
        did: list[str] = []
        agent = Agent(model_of(provider, **model or {}), [looking(did), saving(did)], **options)
        async with no_task_left(), agent:
            yield Talk(provider, agent, did)


def paths(talk: Talk) -> list[str]:
    """What was asked for, the id of the response left out."""
    return [_general(request.path) for request in talk.requests]


def _general(path: str) -> str:
    head, slash, tail = path.removeprefix("/v1/responses").lstrip("/").partition("?" if "?" in path else "/")
    return f"{'ID' if head else ''}{slash}{tail}"


@pytest.mark.parametrize("how", ["eof", "close", "reset"])
async def test_a_response_that_breaks_is_read_on_behind_its_last_event(how: Any) -> None:
    """Trap 24."""
    script = [Say("One, "), Pause(0.1), Cut(how), Say("two, "), SAVE, Pause(0.1), Cut(how), Say("three.")]
    async with talking(script, "Done.") as talk:
        run = talk.agent.stream("Go.")
        events = await follow(run)
    assert isinstance(events[-1], RunFinished)
    resumed = told(events, "request.resumed")
    assert len(resumed) == 2
    assert [path.partition("after=")[0] for path in paths(talk)[:3]] == [
        "",
        "ID?stream=true&starting_",
        "ID?stream=true&starting_",
    ]
    assert [str(facts.data["after"]) for facts in resumed] == [path.partition("after=")[2] for path in paths(talk)[1:3]]
    text = "".join(event.text for event in events if isinstance(event, TextDelta) and event.turn == 1)
    assert text == "One, two, three."
    assert talk.did == ["it"]
    kinds = (TurnStarted, CallStarted, CallReturned, TurnEnded, TurnTorn, TurnRestarted)
    assert sorted(type(event).__name__ for event in events if isinstance(event, kinds)) == sorted(
        ["TurnStarted", "CallStarted", "CallReturned", "TurnEnded", "TurnStarted", "TurnEnded"]
    )


@pytest.mark.parametrize("piece_bytes", [1, 7, 100])
async def test_a_cut_within_an_event_loses_nothing(piece_bytes: int) -> None:
    """Half an event is no event: it comes again whole."""
    script = Response((Say("One, two, three."),), delivery=Delivery(piece_bytes=piece_bytes))
    with nothing_left(), FakeProvider(Scenario((script,))) as provider:
        async with _cutting(provider, at_bytes=2500) as url:
            agent = Agent(model_of(provider, base_url=url))
            run = agent.stream("Go.")
            events = await follow(run)
    assert run.text == "One, two, three."
    assert len(told(events, "request.resumed")) == 1


async def test_events_that_are_sent_again_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that begins from the start whatever it is asked for."""

    def from_the_start(_: OpenAIResponses, cursor: Cursor) -> str:
        return f"/responses/{cursor.response_id}?stream=true"

    monkeypatch.setattr(OpenAIResponses, "resume_path", from_the_start)
    async with talking([Say("One, "), Pause(0.1), Cut("eof"), Say("two.")]) as talk:
        assert (await talk.agent.run("Go.")).text == "One, two."
    assert len(talk.requests) == 2


async def test_after_some_tries_without_a_word_the_policy_decides() -> None:
    """And the provider is told to stop."""
    script = [Say("One, "), Pause(0.1), *[Cut("eof")] * 10]
    async with talking(script, "Again.", limits=Limits(request_attempts=2)) as talk:
        events = await follow(talk.agent.stream("Go."))
    assert len(told(events, "request.resumed")) == 2
    assert [event for event in events if isinstance(event, TurnRestarted)]
    assert paths(talk)[3] == "ID/cancel"
    assert isinstance(events[-1], RunFinished)


async def test_what_the_provider_does_not_know_any_more_is_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(_: OpenAIResponses, cursor: Cursor) -> str:
        return f"/responses/resp_other?stream=true&starting_after={cursor.after}"

    monkeypatch.setattr(OpenAIResponses, "resume_path", elsewhere)
    async with talking([Say("One, "), Pause(0.1), Cut("eof")], limits=Limits(request_attempts=1)) as talk:
        with pytest.raises(WireError, match="not found") as caught:
            await talk.agent.run("Go.")
    assert caught.value.status == 404


async def test_only_background_responses_are_read_on() -> None:
    script = [Say("One, "), Pause(0.1), Cut("eof"), Say("two.")]
    async with talking(script, "Again.", model={"settings": {"store": True}}) as talk:
        events = await follow(talk.agent.stream("Go."))
    assert not told(events, "request.resumed")
    assert paths(talk) == ["", ""]


async def test_a_response_with_a_bad_end_is_not_read_on() -> None:
    async with talking([Say("One"), Finish("failed")], limits=Limits(request_attempts=1)) as talk:
        with pytest.raises(WireError):
            await talk.agent.run("Go.")
    assert paths(talk) == [""]


async def test_a_run_that_is_left_stops_its_response() -> None:
    async with talking([Say("On"), Pause(30.0), Say("and on.")]) as talk, talk.agent.stream("Go.") as run:
        async for event in run:
            if isinstance(event, TextDelta):
                break
    assert paths(talk) == ["", "ID/cancel"]


async def test_a_response_given_up_after_a_rejected_call_is_stopped() -> None:
    wrong = CallTool("save", {"at": 7}, seal=False)
    async with talking([wrong, Pause(30.0)], "Done.", policy=Policy(on_reject="abort", coerce=False)) as talk:
        await talk.agent.run("Go.")
    assert paths(talk) == ["", "ID/cancel", ""]


async def test_over_websocket_it_is_http_all_the_same() -> None:
    script = [Say("One, "), Pause(0.1), Cut("eof"), Say("two.")]
    async with talking(script, model={"transport": "websocket"}) as talk:
        assert (await talk.agent.run("Go.")).text == "One, two."
    assert not any(talk.by_websocket)


@pytest.mark.parametrize("backend", BACKENDS)
def test_9_cancelled_at_any_step_nothing_is_left(backend: Backend) -> None:
    script: list[Any] = [
        Say("One, "),
        Cut("eof"),
        Say("two, "),
        CallTool("look", {"at": "it"}),
        Cut("close"),
        Say("three."),
    ]
    with nothing_left(), FakeProvider(Scenario.of(script, "Done.", pick="history")) as provider:
        step = 0
        for step in count(1):
            cancelling = Cancelling(step)

            async def main(cancelling: Cancelling = cancelling) -> None:
                with anyio.fail_after(PATIENCE_S):
                    async with no_task_left():
                        run = Agent(model_of(provider), [looking([])]).stream("Go.")
                        with anyio.CancelScope() as scope:
                            cancelling.scope = scope
                            async with run:
                                async for _ in run:
                                    pass
                        cancelling.scope = None
                        assert not check_records(run.records)

            run_in_loop(backend, main, cancelling.on_step)
            if not cancelling.came:
                break
            assert step < MOST_STEPS
        assert step > 10


@asynccontextmanager
async def _cutting(provider: FakeProvider, at_bytes: int) -> AsyncGenerator[str]:
    """The URL of a proxy that ends its first connection after so many bytes of the answer."""
    connections = count()
    host, _, port = provider.base_url.removeprefix("http://").removesuffix("/v1").partition(":")

    async def handle(client: Any) -> None:
        left = at_bytes if next(connections) == 0 else 10**9
        async with client, await anyio.connect_tcp(host, int(port)) as server, anyio.create_task_group() as tasks:

            async def up() -> None:
                try:
                    async for piece in client:
                        await server.send(piece)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(up)
            async for piece in server:
                await client.send(piece[:left])
                left -= len(piece)
                if left <= 0:
                    break
            tasks.cancel_scope.cancel()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        address: Any = listener.extra(anyio.abc.SocketAttribute.local_port)
        yield f"http://127.0.0.1:{address}/v1"
        tasks.cancel_scope.cancel()
