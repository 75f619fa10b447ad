"""An agent with the tools of a server that the package mcp makes: over HTTP, and as a child process."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from millstream import Agent, Limits, MCPServer, Result, RunError, UsageError
from millstream.events import CallLogged, CallProgress, CallStarted, Cancelled, Event, ProviderEvent, Raised, Rejected
from millstream.testing import ScriptedModel, assert_records, call
from tests.alive import no_task_left
from tests.mcp_servers import NOTES, children
from tests.mcp_servers.notes import Notes
from tests.mcp_servers.serving import served

pytestmark = [
    pytest.mark.anyio,
    # logging is going to leave the protocol, and is in it
    pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning"),
    # on trio the package leaves the generators of its event streams to be finished by the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def url(notes: Notes) -> Iterator[str]:
    with served(notes.server.streamable_http_app) as base:
        yield f"{base}/mcp"


def results(result: Result) -> list[Any]:
    return [handle.result if handle.failure is None else handle.failure for handle in result.calls.values()]


def events(result: Result, *kinds: type[Event]) -> list[Any]:
    return [record.event for record in result.records if isinstance(record.event, kinds)]


async def go(script: ScriptedModel, server: MCPServer) -> Result:
    async with no_task_left():
        result = await Agent(script, [server], limits=Limits(progress_interval_s=0)).run("Go.")
    assert_records(result.records)
    return result


async def test_over_http_calls_at_the_same_time_have_each_their_progress_and_their_log(url: str) -> None:
    calls = [call("work", name="a", steps=2), call("work", name="b", steps=3), call("add", a=1, b=2)]
    made = await go(ScriptedModel([calls, "Done."]), MCPServer(url))
    assert results(made) == [{"name": "a", "steps": 2}, {"name": "b", "steps": 3}, 3]
    for index, name, steps in ((0, "a", 2), (1, "b", 3)):
        own = [event for event in events(made, CallProgress, CallLogged) if event.call.index == index]
        said = [event.message for event in own if isinstance(event, CallProgress)]
        assert said == [f"{name} {step}" for step in range(1, steps + 1)]
        lines = [event.text for event in own if isinstance(event, CallLogged)]
        assert lines == [f"{name} did {step}" for step in range(1, steps + 1)]


async def test_over_http_a_cancelled_call_is_stopped_there(url: str, notes: Notes) -> None:
    agent = Agent(ScriptedModel([[call("wait")], "Done."]), [MCPServer(url)])
    async with no_task_left(), agent.stream("Go.") as made:
        async for event in made:
            if isinstance(event, CallStarted):
                await anyio.to_thread.run_sync(notes.waiting.wait, 10)
                assert made.cancel(event.call.id, "no need")
    assert [handle.failure for handle in made.calls.values()] == [Cancelled("no need")]
    assert_records(made.records)
    assert await anyio.to_thread.run_sync(notes.stopped.wait, 10)


async def test_over_http_a_hint_counts_only_where_the_server_is_trusted(url: str) -> None:
    states: list[str] = []
    for trusted in (None, True):
        made = await go(ScriptedModel([[call("add", a=1, b=1)], "Done."]), MCPServer(url, trust_annotations=trusted))
        states += [event.state for event in events(made, CallStarted)]
    assert states == ["safe", "eager"]


async def test_over_http_a_changed_list_is_heard(url: str) -> None:
    model = ScriptedModel([[call("grow")], "Done.", [call("grown")], "Done."])
    async with no_task_left(), Agent(model, [MCPServer(url)]) as agent:
        await agent.run("Go.")
        assert agent._sources is not None
        # it comes over another connection than the answer, so maybe before the second turn of that run, maybe after it
        with anyio.fail_after(10):
            while "grown" not in await agent._sources.toolbox():  # noqa: ASYNC110
                await anyio.sleep(0.01)
        made = await agent.run("Go.")
    assert results(made) == ["taller"]


async def test_over_http_a_server_that_goes_away_and_comes_back(notes: Notes) -> None:
    turn = [call("add", a=1, b=2)]
    model = ScriptedModel([[call("wait")], "Done.", turn, "Done.", turn, "Done."])
    with ExitStack() as first, ExitStack() as second:
        base = first.enter_context(served(notes.server.streamable_http_app))
        async with no_task_left(), Agent(model, [MCPServer(f"{base}/mcp", connect_timeout_s=5)]) as agent:
            async with agent.stream("Go.") as made:
                async for event in made:
                    if isinstance(event, CallStarted):
                        await anyio.to_thread.run_sync(notes.waiting.wait, 10)
                        await anyio.to_thread.run_sync(first.close)
            (lost,) = results(made.result())
            without = await agent.run("Go.")
            second.enter_context(served(Notes().server.streamable_http_app, port=int(base.rsplit(":", 1)[1])))
            again = await agent.run("Go.")
    assert isinstance(lost, Raised)
    assert "127.0.0.1" in lost.message
    # as an event where the end of the first call was the end of the connection; else this call finds out
    (failed,) = results(without)
    assert isinstance(failed, Raised) or events(without, ProviderEvent)[0].name == "tools.unavailable"
    assert results(again) == [3]
    for result in (made, without, again):
        assert_records(result.records)


async def test_over_http_headers_are_sent_and_told_to_nobody(notes: Notes) -> None:
    seen: list[str] = []

    def guarded() -> Any:
        inner = notes.server.streamable_http_app()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            headers = dict(scope.get("headers", ()))
            seen.append(headers.get(b"authorization", b"").decode())
            await inner(scope, receive, send)

        return app

    with served(guarded) as base:
        server = MCPServer(f"{base}/mcp", headers={"Authorization": "Bearer sk-1234"})
        made = await go(ScriptedModel([[call("add", a=1, b=1)], "Done."]), server)
    assert results(made) == [2]
    assert set(seen) <= {"", "Bearer sk-1234"}
    assert "Bearer sk-1234" in seen
    assert "sk-1234" not in repr(server) + repr(made.records)


@pytest.mark.parametrize("json_response", [True, False])
async def test_over_http_an_answer_is_not_read_for_ever(notes: Notes, json_response: bool) -> None:
    with served(lambda: notes.server.streamable_http_app(json_response=json_response)) as base:
        model = ScriptedModel([[call("endless"), call("add", a=1, b=2)], "Done."])
        agent = Agent(model, [MCPServer(f"{base}/mcp")], limits=Limits(max_message_bytes=64 * 1024))
        result = await agent.run("Go.")
    failed, added = results(result)
    assert isinstance(failed, Raised)
    assert "65536" in failed.message
    assert added == 3
    assert_records(result.records)


async def test_over_http_nobody_is_there() -> None:
    with pytest.raises(RunError, match=r"MCP server 127.0.0.1 can not be used: ConnectError"):
        await go(ScriptedModel(["Done."]), MCPServer("http://127.0.0.1:9/mcp"))


async def test_as_a_child_process() -> None:
    before = children()
    calls = [call("work", name="a", steps=2), call("add", a=1, b=2), call("missing")]
    model = ScriptedModel([calls, [call("grow")], [call("grown")], "Done."])
    made = await go(model, MCPServer(NOTES, prefix=""))
    work, added, missing, _, grown = results(made)
    assert (work, added) == ({"name": "a", "steps": 2}, 3)
    assert isinstance(missing, Rejected)
    assert grown == "taller"
    assert children() == before


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MCPServer(""), "has no address"),
        (lambda: MCPServer([]), "has no address"),
        (lambda: MCPServer("ws://x/mcp"), "begins with https://"),
        (lambda: MCPServer("https://x/mcp", env={"A": "b"}), "env= and cwd= are for one that is started here"),
        (lambda: MCPServer("uvx notes", headers={"A": "b"}), "headers= are for a URL"),
        (lambda: MCPServer("uvx notes", include="add"), r"include= takes a list of names: write \['add'\]"),
    ],
)
async def test_mistakes(make: Any, words: str) -> None:
    await checkpoint()
    with pytest.raises(UsageError, match=words):
        make()
