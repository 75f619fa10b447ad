"""What people do with an agent: the ways to run it, what a run leaves, and how one run follows another."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from millstream import Agent, Approve, Deny, Limits, Policy, Result, ToolContext, UsageError, tool
from millstream.events import (
    ApprovalRequested,
    ApprovalResolved,
    CallFailed,
    CallReturned,
    CallStarted,
    Denied,
    Event,
    RunFinished,
    RunStarted,
    TextDelta,
)
from millstream.journal.memory import MemoryJournal
from millstream.settings import Settings
from millstream.testing import Say, ScriptedModel, assert_records, call
from millstream.transcript import JsonPart, MediaPart, Reply, TextPart, ToolResult, UserMessage


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


@tool
def whoami(ctx: ToolContext[str]) -> str:
    """Say who asks."""
    return ctx.deps


def script() -> ScriptedModel:
    """A model that asks about two cities, then answers."""
    return ScriptedModel([[Say("Let me look. "), call("weather", city="Paris"), call("weather", city="Rome")], "Warm."])


def check_result(result: Result) -> None:
    assert result.output == result.text == "Warm."
    assert [handle.result for handle in result.calls.values()] == ["21 °C in Paris", "21 °C in Rome"]
    assert result.usage.output_tokens > 0
    assert [type(entry) for entry in result.transcript] == [UserMessage, Reply, ToolResult, ToolResult, Reply]
    assert isinstance(result.records[0].event, RunStarted)
    assert isinstance(result.records[-1].event, RunFinished)
    assert result.records[-1].event.output == "Warm."
    assert_records(result.records)
    assert len(repr(result)) < 600


# --- the ways to run it ---


@pytest.mark.anyio
async def test_run() -> None:
    check_result(await Agent(script(), [weather]).run("How warm is it?"))


def test_run_sync() -> None:
    check_result(Agent(script(), [weather]).run_sync("How warm is it?"))


@pytest.mark.anyio
async def test_run_sync_within_a_running_loop() -> None:
    check_result(Agent(script(), [weather]).run_sync("How warm is it?"))


@pytest.mark.anyio
async def test_run_sync_within_a_running_loop_raises_what_the_run_raises() -> None:
    with pytest.raises(UsageError, match="the script has 0 responses"):
        Agent(ScriptedModel([])).run_sync("Go.")


@pytest.mark.anyio
async def test_stream() -> None:
    events: list[Event] = []
    async with Agent(script(), [weather]).stream("How warm is it?") as run:
        assert run.output is None
        async for event in run:
            events.append(event)  # noqa: PERF401  what the loop looks like for users
    check_result(run.result())
    assert events == [record.event for record in run.records]


@pytest.mark.anyio
async def test_follow_gives_records_with_numbers_and_times() -> None:
    async with Agent(script(), [weather]).stream("How warm is it?", run_id="my-run") as run:
        records = [record async for record in run.follow()]
    assert records == run.records
    assert [record.seq for record in records] == sorted({record.seq for record in records})
    assert [record.at_s for record in records] == sorted(record.at_s for record in records)
    assert isinstance(records[0].event, RunStarted)
    assert records[0].event.run_id == run.run_id == "my-run"


@pytest.mark.anyio
async def test_text_stream() -> None:
    async with Agent(script(), [weather]).stream("How warm is it?") as run:
        assert "".join([text async for text in run.text_stream()]) == "Let me look. Warm."
        assert run.text == "Warm."


# --- what goes in ---


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("prompt", "content"),
    [
        ("Hi", "Hi"),
        ([TextPart("Hi"), "there"], "Hi\nthere"),
        (JsonPart({"n": 1}), '{"n":1}'),
    ],
)
async def test_a_prompt_is_text_or_parts(prompt: Any, content: str) -> None:
    model = ScriptedModel(["Hello."], api="openai-chat")
    await Agent(model).run(prompt)
    said: Any = model.requests[0]["messages"]
    assert said[-1]["role"] == "user"
    text: Any = said[-1]["content"]
    assert (text if isinstance(text, str) else "\n".join(part["text"] for part in text)) == content


@pytest.mark.anyio
async def test_an_image_in_the_prompt() -> None:
    model = ScriptedModel(["A cat."])
    await Agent(model).run(["What is this?", MediaPart("image/png", "iVBORw==")])
    asked: Any = model.requests[0]["input"]
    assert [part["type"] for part in asked[-1]["content"]] == ["input_text", "input_image"]
    assert asked[-1]["content"][1]["image_url"] == "data:image/png;base64,iVBORw=="


@pytest.mark.parametrize("prompt", [42, ["Hi", None], b"Hi"])
def test_a_prompt_that_is_none(prompt: Any) -> None:
    with pytest.raises(UsageError, match=r"a prompt is text, or a list of text and parts, not (int|NoneType|bytes)"):
        Agent(ScriptedModel([])).stream(prompt)


@pytest.mark.anyio
async def test_instructions_tools_and_settings_are_in_the_request() -> None:
    model = ScriptedModel(["Hello."])
    model.settings = Settings(body={"temperature": 0})
    await Agent(model, [weather], instructions="Be brief.").run("Hi")
    (request,) = model.requests
    assert request["instructions"] == "Be brief."
    assert request["temperature"] == 0
    tools: Any = request["tools"]
    assert [one["name"] for one in tools] == ["weather"]
    assert tools[0]["parameters"]["required"] == ["city"]
    assert json.dumps(request)


@pytest.mark.anyio
async def test_deps_reach_the_tools() -> None:
    result = await Agent(ScriptedModel([[call("whoami")], "Ada."]), [whoami]).run("Who am I?", deps="Ada")
    assert [handle.result for handle in result.calls.values()] == ["Ada"]


@pytest.mark.anyio
async def test_one_run_goes_on_from_another() -> None:
    first = await Agent(script(), [weather]).run("How warm is it?")
    model = ScriptedModel(["As I said: warm."])
    second = await Agent(model, [weather]).run("Sorry?", history=first.transcript)
    assert second.transcript.entries[:-2] == first.transcript.entries
    assert len(first.transcript.entries) == 5, "a transcript does not change"
    assert second.usage.input_tokens < first.usage.input_tokens + second.usage.input_tokens
    asked: Any = model.requests[0]["input"]
    assert [item.get("type", "message") for item in asked].count("function_call_output") == 2


@pytest.mark.anyio
async def test_call_ids_of_a_run_that_goes_on_are_new_ones() -> None:
    first = await Agent(script(), [weather]).run("How warm is it?")
    second = await Agent(script(), [weather]).run("And now?", history=first.transcript)
    assert not set(first.calls) & set(second.calls)


# --- another model ---


@pytest.mark.anyio
async def test_override_changes_the_model_and_nothing_else() -> None:
    journal = MemoryJournal()
    policy, limits = Policy(tool_errors="message"), Limits(max_turns=2)
    agent = Agent("openai:gpt-5.1", [whoami], instructions="Be brief.", policy=policy, limits=limits, journal=journal)
    model = ScriptedModel([[call("whoami")], "Ada."])
    other = agent.override(model=model)
    result = await other.run("Who am I?", deps="Ada", run_id="r")
    assert result.output == "Ada."
    assert model.requests[0]["instructions"] == "Be brief."
    assert (other.policy, other.limits) == (policy, limits)
    assert [record.event.type for record in journal.records("r")][-1] == "RunFinished"
    assert agent.model.name == "openai:gpt-5.1"
    assert repr(other) == "Agent('openai:scripted', tools=[whoami])"


# --- a run in progress ---


@pytest.mark.anyio
async def test_the_live_view_of_a_call() -> None:
    seen: list[Any] = []
    shown = anyio.Event()

    @tool
    async def weather(city: str) -> str:
        """Look up the weather of a city."""
        await shown.wait()
        return f"21 °C in {city}"

    async with Agent(ScriptedModel([call("weather", city="Paris"), "Warm."]), [weather]).stream("Warm?") as run:
        async for event in run:
            if isinstance(event, CallStarted):
                handle = run.calls[event.call.id]
                seen.append((handle.state, handle.args, handle.result))
                shown.set()
            if isinstance(event, CallReturned):
                handle = run.calls[event.call.id]
                seen.append((handle.state, handle.partial.value, handle.result, handle.failure, handle.exception))
                assert handle.preview() == handle.args_text == '{"city":"Paris"}'
    assert seen == [
        ("running", {"city": "Paris"}, None),
        ("ended", {"city": "Paris"}, "21 °C in Paris", None, None),
    ]


@pytest.mark.anyio
async def test_usage_adds_up_over_the_turns() -> None:
    async with Agent(script(), [weather]).stream("How warm is it?") as run:
        totals = [run.usage async for event in run if event.type in ("CallReturned", "RunFinished")]
    assert totals[0].input_tokens < totals[-1].input_tokens == run.usage.input_tokens


@pytest.mark.anyio
async def test_an_agent_that_is_entered_serves_several_runs() -> None:
    model = ScriptedModel(["One.", "Two."])
    async with Agent(model) as agent:
        assert (await agent.run("Count.")).output == "One."
        assert (await agent.run("Go on.")).output == "Two."


@pytest.mark.anyio
async def test_runs_of_one_agent_side_by_side() -> None:
    agent = Agent(ScriptedModel(["One."] * 20), [weather])
    outputs: list[str] = []

    async def run() -> None:
        outputs.append((await agent.run("Count.")).output)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(run)
    assert outputs == ["One."] * 20


# --- approval ---


@pytest.mark.anyio
@pytest.mark.parametrize("agrees", [True, False])
async def test_an_approver_is_asked_about_the_arguments_that_would_run(agrees: bool) -> None:
    asked: list[Any] = []
    wiped: list[str] = []

    async def approver(call_: Any, args: Any) -> Approve | Deny:
        asked.append((call_.name, args))
        return Approve() if agrees else Deny("not on a Friday")

    @tool(needs_approval=True)
    def wipe(disk: str) -> str:
        """Wipe a disk."""
        wiped.append(disk)
        return "wiped"

    model = ScriptedModel([[call("wipe", disk="sda")], "I see."])
    result = await Agent(model, [wipe], approver=approver).run("Wipe it.")
    assert asked == [("wipe", {"disk": "sda"})]
    assert wiped == (["sda"] if agrees else [])
    events = [record.event for record in result.records]
    requested = next(event for event in events if isinstance(event, ApprovalRequested))
    resolved = next(event for event in events if isinstance(event, ApprovalResolved))
    assert requested.digest == resolved.digest
    if not agrees:
        failed = next(event for event in events if isinstance(event, CallFailed))
        assert failed.failure == Denied("not on a Friday")
    assert_records(result.records)


@pytest.mark.anyio
async def test_edited_arguments_are_what_runs_and_must_be_valid() -> None:
    edits: list[Any] = [{"disk": "sdb"}, {"disk": 7}]
    wiped: list[str] = []

    async def approver(call_: Any, args: Any) -> Approve | Deny:
        del call_, args
        return Approve(edits.pop(0))

    @tool(needs_approval=lambda args: args["disk"] == "sda")
    def wipe(disk: str) -> str:
        """Wipe a disk."""
        wiped.append(disk)
        return "wiped"

    steps = [call("wipe", disk="sda"), call("wipe", disk="sda"), call("wipe", disk="sdc")]
    model = ScriptedModel([[steps[0]], [steps[1]], [steps[2]], "Done."])
    result = await Agent(model, [wipe], approver=approver).run("Wipe them.")
    assert wiped == ["sdb", "sdc"], "sdc needs no approval"
    assert [type(handle.failure).__name__ for handle in result.calls.values()] == ["NoneType", "Denied", "NoneType"]
    assert_records(result.records)


# --- what is seen of text ---


@pytest.mark.anyio
async def test_text_deltas_are_the_text() -> None:
    result = await Agent(ScriptedModel(["It is warm, and it will stay so."])).run("How warm is it?")
    texts = [record.event.text for record in result.records if isinstance(record.event, TextDelta)]
    assert "".join(texts) == result.output
