"""An agent with the tools of a server that runs as a child process, spoken to over its standard input and output."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from millstream import Agent, Approve, Limits, MCPServer, Result, RunError, Toolbox, ToolRunner, UsageError, tool
from millstream.events import (
    CallFailed,
    CallLogged,
    CallProgress,
    CallReturned,
    CallStarted,
    Cancelled,
    Event,
    ProviderEvent,
    Raised,
    Rejected,
    TimedOut,
)
from millstream.testing import CallTool, ScriptedModel, assert_records, call
from tests.alive import no_task_left, nothing_left
from tests.mcp_servers import PLAIN, children

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    before = children()
    with nothing_left():
        yield
    assert children() == before, "a server was left alive"


def server(*words: str, **options: Any) -> MCPServer:
    return MCPServer([*PLAIN, *words], **options)


async def run(*turns: CallTool | list[CallTool], tools: MCPServer | Toolbox | None = None, **options: Any) -> Result:
    """A run whose model makes these calls, a turn each, and then ends."""
    script = [turn if isinstance(turn, list) else [turn] for turn in turns]
    agent = Agent(ScriptedModel([*script, "Done."]), [tools or server()], **options)
    async with no_task_left():
        result = await agent.run("Go.")
    assert_records(result.records)
    return result


def results(result: Result) -> list[Any]:
    return [handle.result if handle.failure is None else handle.failure for handle in result.calls.values()]


def events(result: Result, *kinds: type[Event]) -> list[Any]:
    return [record.event for record in result.records if isinstance(record.event, kinds)]


async def test_results_of_every_kind() -> None:
    made = await run([call("echo", text="hö"), call("rows"), call("media"), call("steps")])
    assert results(made) == [
        "hö",
        {"rows": [1, 2]},
        [
            "seen",
            {"type": "media", "media_type": "image/png", "base64": "YWJj"},
            {"type": "media", "media_type": "application/pdf", "base64": "YWJj", "name": "a.pdf"},
            "b: file:///tmp/b.txt",
            "in c",
        ],
        "one\ntwo",
    ]


async def test_failures_are_in_the_words_of_the_server() -> None:
    made = await run([call("fail"), call("refuse"), call("lie"), call("echo", text=7), call("nothing")])
    fail, refuse, lie, wrong, nothing = results(made)
    assert isinstance(fail, Raised)
    assert (fail.error, fail.message) == ("ToolError", "the disk is full")
    assert refuse.message.endswith(": not today")
    assert "answered with what is no result of lie" in lie.message
    assert isinstance(wrong, Rejected), "the schema rules: nothing is coerced"
    assert wrong.problems[0].path == "/text"
    assert isinstance(nothing, Rejected)
    assert "there are: echo, pid" in nothing.problems[0].message


async def test_progress_and_log_lines_are_events_of_the_call() -> None:
    made = await run(call("steps"))
    progress = [(one.done, one.total, one.message) for one in events(made, CallProgress)]
    assert progress == [(1, 2, "step 1"), (2, 2, "step 2")]
    assert [one.text for one in events(made, CallLogged)] == ["line 1", "line 2"]


async def test_a_cancelled_call_is_over_at_once_and_the_server_is_told() -> None:
    agent = Agent(ScriptedModel([[call("wait")], [call("cancelled")], "Done."]), [server()])
    async with agent.stream("Go.") as made:
        async for event in made:
            if isinstance(event, CallProgress):
                assert made.cancel(event.call.id, "no need")
    waited, heard = made.calls.values()
    assert waited.failure == Cancelled("no need")
    assert json.loads(str(heard.result)) == ["caller cancelled"]
    assert_records(made.records)


async def test_a_call_has_the_time_that_the_server_is_given() -> None:
    made = await run(call("wait"), tools=server(timeout_s=0.2))
    assert results(made) == [TimedOut(0.2)]


async def test_leaving_a_run_in_the_middle_of_a_call_ends_the_server() -> None:
    async with Agent(ScriptedModel([[call("wait")]]), [server()]).stream("Go.") as made:
        async for event in made:
            if isinstance(event, CallProgress):
                break
    assert_records(made.records)


async def test_nobody_is_asked_on_behalf_of_a_server() -> None:
    assert results(await run(call("ask"))) == ["Elicitation not supported"]


async def test_a_server_that_dies_fails_its_call_and_is_started_again_for_the_next_turn() -> None:
    made = await run([call("pid")], [call("die")], [call("pid")])
    first, died, second = results(made)
    assert isinstance(died, Raised)
    assert "was lost during the call: it may have had part of its effect" in died.message
    assert first != second


async def test_a_changed_list_of_tools_is_that_of_the_next_turn() -> None:
    model = ScriptedModel([[call("grow")], [call("grown"), call("fail")], "Done."])
    made = await Agent(model, [server()]).run("Go.")
    assert_records(made.records)
    _, grown, gone = results(made)
    assert grown == "taller"
    assert isinstance(gone, Rejected)
    names = [[one["name"] for one in request["tools"]] for request in model.requests]
    assert "fail" in names[0]
    assert "grown" not in names[0]
    assert "fail" not in names[1]
    assert "grown" in names[1]


async def test_an_entered_agent_keeps_its_servers_between_runs() -> None:
    model = ScriptedModel([[call("pid")], "Done.", [call("pid")], "Done."])
    async with no_task_left(), Agent(model, [server()]) as agent:
        await agent.warm_up()
        first, second = await agent.run("Go."), await agent.run("Go.")
    assert results(first) == results(second)


async def test_runs_of_one_agent_share_a_server_that_must_be_started_again() -> None:
    pids: list[Any] = []
    model = ScriptedModel([[call("die")], "Done.", [call("pid")], [call("pid")], [call("pid")], "A.", "B.", "C."])
    async with no_task_left(), Agent(model, [server()]) as agent:
        await agent.run("Go.")

        async def one() -> None:
            pids.extend(results(await agent.run("Go.")))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(one)
    assert len(pids) == 3
    assert len(set(pids)) == 1


@pytest.mark.parametrize(("trusted", "state"), [(None, "eager"), (True, "eager"), (False, "safe")])
async def test_what_a_hint_is_worth(trusted: bool | None, state: str) -> None:
    made = await run(call("echo", text="x"), tools=server(trust_annotations=trusted))
    assert [one.state for one in events(made, CallStarted)] == [state]


async def test_which_tools_are_used_and_what_they_are_called() -> None:
    model = ScriptedModel(["Done."])
    some = server(prefix="plain_", include=["echo", "pid", "fail"], exclude=["fail"])
    await Agent(model, [Toolbox([some]).rename({"plain_pid": "who"}), server(include=["pid"])]).run("Go.")
    assert [one["name"] for one in model.requests[0]["tools"]] == ["plain_echo", "who", "pid"]


async def test_a_tool_of_a_name_that_is_taken_is_left_out_and_that_is_told() -> None:
    @tool
    def echo(text: str) -> str:
        return "mine: " + text

    model = ScriptedModel([[call("echo", text="x")], "Done."])
    made = await Agent(model, [server(include=["echo"]), echo]).run("Go.")
    assert results(made) == ["mine: x"]
    (told,) = events(made, ProviderEvent)
    assert told.name == "tools.left_out"
    assert told.data["tool"] == "echo"
    assert "prefix=" in told.data["why"]


async def test_tools_that_no_model_can_be_told_of() -> None:
    model = ScriptedModel([[call("files_read_v2_2")], "Done."])
    made = await Agent(model, [server("strange", "pages")]).run("Go.")
    assert results(made) == ["called files.read.v2"]
    told = {one.data["tool"]: one.data["why"] for one in events(made, ProviderEvent)}
    assert told.keys() == {"remote_ref", "no_schema"}
    assert "nothing is fetched" in told["remote_ref"]
    offered = {one["name"]: one for one in model.requests[0]["tools"]}
    long_name = next(name for name in offered if name.startswith("nnn"))
    assert len(long_name) == 64
    assert len(offered["wordy"]["description"]) < 10_000
    assert {"echo", "environment"} <= offered.keys(), "every page was read"


async def test_what_a_server_writes_to_its_standard_error_is_logged_and_not_shown(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "millstream.mcp"):
        await run(call("echo", text="x"), tools=server("loud"))
    assert caplog.text.count("I am here") == 10_000
    assert capfd.readouterr().err == ""


async def test_the_environment_is_what_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PROCESS", "x")
    made = await run(call("environment"), tools=server(env={"DATABASE": "here"}))
    environment = json.loads(results(made)[0])
    assert environment["DATABASE"] == "here"
    assert "SECRET_OF_THE_PROCESS" not in environment


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (MCPServer("no-such-program --x"), "MCP server no-such-program can not be used: there is no program"),
        (server("mute", connect_timeout_s=0.3), "it said nothing for 0.3 s"),
        (server("broken", prefix="db_", env={"DATABASE": "pw1234"}), "the MCP server db can not be used"),
        (server("broken", env={"DATABASE": "pw1234"}), "its last words: no database at ***"),
    ],
)
async def test_a_server_that_can_not_be_used(given: MCPServer, words: str) -> None:
    agent = Agent(ScriptedModel(["Done."]), [given])
    async with no_task_left():
        async with agent.stream("Go.") as made:
            with pytest.raises(RunError) as caught:
                async for _ in made:
                    pass
        assert words in str(caught.value)
        assert "pw1234" not in repr(made.records)
        assert_records(made.records)
        with pytest.raises(RunError, match="can not be used"):
            await agent.__aenter__()


async def test_of_two_servers_one_can_not_be_used() -> None:
    agent = Agent(ScriptedModel(["Done."]), [server(prefix="a_"), MCPServer("no-such-program")])
    async with no_task_left():
        with pytest.raises(RunError, match="no-such-program"):
            await agent.run("Go.")


async def test_a_server_that_is_gone_for_good_loses_its_tools_and_the_run_goes_on() -> None:
    given = server(connect_timeout_s=0.5)
    model = ScriptedModel([[call("die")], [call("echo", text="x")], "Done."])
    agent = Agent(model, [given])
    async with agent.stream("Go.") as made:
        async for event in made:
            if isinstance(event, CallStarted):
                object.__setattr__(given, "address", "no-such-program")
    assert_records(made.records)
    _, refused = made.calls.values()
    assert isinstance(refused.failure, Rejected)
    told = [record.event for record in made.records if isinstance(record.event, ProviderEvent)]
    assert [one.name for one in told] == ["tools.unavailable"], "told once"


async def test_tools_that_need_approval_suspend_the_run_and_another_run_connects_again() -> None:
    asked = await run(call("echo", text="x"), tools=server(needs_approval=["echo"]))
    assert [one.name for one in asked.pending] == ["echo"]
    assert asked.state is not None
    agent = Agent(ScriptedModel(["Done."]), [server(needs_approval=["echo"])])
    async with no_task_left():
        made = await agent.run(resume=asked.state, answers={one.id: Approve() for one in asked.pending})
    assert results(made) == ["x"]
    assert made.output == "Done."


async def test_in_a_loop_of_ones_own_somebody_must_be_asked_about_tools_that_need_approval() -> None:
    async def enter() -> None:
        async with no_task_left(), ToolRunner([server(needs_approval=True)]):
            pass

    with pytest.raises(UsageError, match="needs approval: pass approver="):
        await enter()


async def test_in_a_loop_of_ones_own() -> None:
    async with no_task_left(), ToolRunner([server(include=["echo"])], limits=Limits()) as runner:
        assert [schema["name"] for schema in runner.schemas()] == ["echo"]


async def test_ends_of_calls_are_in_the_log_as_of_every_tool() -> None:
    made = await run([call("echo", text="x"), call("fail")])
    assert [type(one) for one in events(made, CallReturned, CallFailed)] == [CallReturned, CallFailed]
