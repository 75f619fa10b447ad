"""Tools of free text in a run: on both wires of OpenAI, over HTTP, and where a server knows functions only."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from millstream import Agent, Approve, Grammar, Model, Result, Settings, UseTool, tool
from millstream.events import ApprovalRequested, ArgsDelta, CallFailed, CallSealed, CallStarted, JsonObject, Rejected
from millstream.testing import CallTool, FakeProvider, Finish, Say, Scenario, ScriptedModel, assert_records, call
from millstream.transcript import CallItem, Reply
from millstream.wire.dialects import DIALECTS

Api = Literal["openai-responses", "openai-chat"]
GRAMMAR = Grammar("lark", 'start: "ls" | "pwd"')
_FIRST = "call-1-0"
SCRIPT = 'print("one",\n      "two")\n{"not": json'

pytestmark = pytest.mark.anyio
both_wires = pytest.mark.parametrize("api", ["openai-responses", "openai-chat"])


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@tool(free_text=True)
async def run(code: str) -> str:
    """Run a program."""
    return f"{len(code)} characters"


@tool(free_text=GRAMMAR)
async def shell(command: str) -> str:
    """Run a command."""
    return f"of {command}"


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather."""
    return f"21 °C in {city}"


def outputs(body: JsonObject) -> list[str]:
    """The answers to calls in a request."""
    items = body["input"] if "input" in body else body["messages"]
    return [one.get("output", one.get("content")) for one in items if "output" in one or one.get("role") == "tool"]


def check(result: Result, text: str, kind: str) -> None:
    assert_records(result.records)
    events = [record.event for record in result.records]
    assert "".join(event.text for event in events if isinstance(event, ArgsDelta) and event.call.id == _FIRST) == text
    (sealed,) = [event for event in events if isinstance(event, CallSealed) and event.call.id == _FIRST]
    assert sealed.call.kind == kind
    assert sealed.args == (SCRIPT if kind == "custom" else {"input": SCRIPT})


@both_wires
async def test_the_body_gets_the_text_as_it_was_written(api: Api) -> None:
    calls = [CallTool("run", raw=SCRIPT, kind="custom"), call("weather", city="Paris")]
    model = ScriptedModel([[Say("Well."), *calls, CallTool("shell", raw="ls", kind="custom")], "Done."], api=api)
    result = await Agent(model, [run, shell, weather]).run("Go.")
    check(result, SCRIPT, "custom")
    assert next(handle.preview() for handle in result.calls.values()) == SCRIPT
    assert outputs(model.requests[1]) == [f"{len(SCRIPT)} characters", "21 °C in Paris", "of ls"]
    types = [one["type"] for one in model.requests[0]["tools"]]
    assert types == ["custom", "custom", "function"]


@both_wires
async def test_over_http(api: Api) -> None:
    with FakeProvider(Scenario.of([CallTool("run", raw=SCRIPT, kind="custom")], "Done.")) as provider:
        prefix = "openai" if api == "openai-responses" else "openai-chat"
        settings = Settings(tool_choice=UseTool("run"))
        model = Model(f"{prefix}:gpt", base_url=provider.base_url, api_key="key", lenient=False, settings=settings)
        result = await Agent(model, [run, shell]).run("Go.")
        first, second = (request.body for request in provider.requests)
    check(result, SCRIPT, "custom")
    assert result.text == "Done."
    named = {"name": "run"} if api == "openai-responses" else {"custom": {"name": "run"}}
    assert first["tool_choice"] == {"type": "custom"} | named
    assert "tool_choice" not in second
    assert outputs(second) == [f"{len(SCRIPT)} characters"]


async def test_where_a_server_knows_functions_only_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DIALECTS, "openai-chat", DIALECTS["deepseek"])  # as at that prefix
    model = ScriptedModel([[call("run", input=SCRIPT)], [call("shell", input="rm")], "Done."], api="openai-chat")
    result = await Agent(model, [run, shell]).run("Go.")
    text = CallTool("run", {"input": SCRIPT}).text
    check(result, text, "function")
    assert outputs(model.requests[2]) == [f"{len(SCRIPT)} characters", "of rm"]  # nobody enforces a grammar there
    assert [one["type"] for one in model.requests[0]["tools"]] == ["function", "function"]
    described = model.requests[0]["tools"][1]["function"]["parameters"]["properties"]["input"]["description"]
    assert GRAMMAR.definition in described


async def test_a_conversation_goes_on_at_a_server_that_knows_functions_only(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ScriptedModel([[CallTool("run", raw=SCRIPT, kind="custom")], "Done."], api="openai-chat")
    said = await Agent(first, [run]).run("Go.")
    monkeypatch.setitem(DIALECTS, "openai-chat", DIALECTS["deepseek"])  # as at that prefix
    second = ScriptedModel(["Again."], api="openai-chat")
    await Agent(second, [run]).run("And?", history=said.transcript)
    (written,) = [one for message in second.requests[0]["messages"] for one in message.get("tool_calls", ())]
    assert written["function"] == {
        "name": "run",
        "arguments": CallTool("run", {"input": SCRIPT}).text.replace(":", ": ", 1),
    }
    (item,) = [
        item
        for entry in said.transcript
        if isinstance(entry, Reply)
        for item in entry.items
        if isinstance(item, CallItem)
    ]
    assert (item.call.kind, item.args_text) == ("custom", SCRIPT)  # the transcript keeps what was said


@both_wires
async def test_a_call_of_the_other_kind_is_refused_and_the_model_is_told(api: Api) -> None:
    wrong = [call("run", code="x"), CallTool("weather", raw="Paris", kind="custom")]
    model = ScriptedModel([wrong, "Sorry."], api=api)
    result = await Agent(model, [run, weather]).run("Go.")
    assert_records(result.records)
    failures = [handle.failure for handle in result.calls.values()]
    assert all(isinstance(failure, Rejected) for failure in failures)
    told = outputs(model.requests[1])
    assert "run takes free text, not JSON arguments" in told[0]
    assert "weather takes JSON arguments, not free text" in told[1]


@both_wires
async def test_a_cut_text_never_runs(api: Api) -> None:
    model = ScriptedModel(
        [[CallTool("run", raw=SCRIPT, kind="custom", seal=False), Finish("length")], "Sorry."], api=api
    )
    result = await Agent(model, [run]).run("Go.")
    events = [record.event for record in result.records]
    assert_records(result.records)
    assert not any(isinstance(event, CallStarted) for event in events)
    assert [event.failure.type for event in events if isinstance(event, CallFailed)] == ["Truncated"]


@both_wires
async def test_approval_is_asked_with_the_text_and_may_change_it(api: Api) -> None:
    asked: list[Any] = []

    def dangerous(args: Any) -> bool:
        asked.append(dict(args))
        return "rm" in args["command"]

    @tool(free_text=True, needs_approval=dangerous)
    async def careful(command: str) -> str:
        """Run a command."""
        return f"of {command}"

    async def approver(_call: object, args: object) -> Approve:
        asked.append(args)
        return Approve("ls -l")

    calls = [CallTool("careful", raw=text, kind="custom") for text in ("ls", "rm -r /")]
    model = ScriptedModel([calls, "Done."], api=api)
    result = await Agent(model, [careful], approver=approver).run("Go.")
    assert_records(result.records)
    assert asked == [{"command": "ls"}, {"command": "rm -r /"}, "rm -r /"]
    requested = [record.event for record in result.records if isinstance(record.event, ApprovalRequested)]
    assert [event.args for event in requested] == ["rm -r /"]
    assert outputs(model.requests[1]) == ["of ls", "of ls -l"]


@pytest.mark.parametrize(
    ("as_function", "edited", "told"),
    [
        (False, {"command": "ls"}, "the approver's arguments are not valid: careful takes one text"),
        (True, "ls", "of ls"),
        (True, {"input": "ls"}, "of ls"),
        (True, {"command": "ls"}, "the approver's arguments are not valid"),
    ],
)
async def test_what_an_approver_may_write_instead(
    as_function: bool, edited: Any, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if as_function:
        monkeypatch.setitem(DIALECTS, "openai-chat", DIALECTS["deepseek"])  # as at that prefix

    @tool(free_text=True, needs_approval=True)
    async def careful(command: str) -> str:
        """Run a command."""
        return f"of {command}"

    async def approver(_call: object, _args: object) -> Approve:
        return Approve(edited)

    called = call("careful", input="rm") if as_function else CallTool("careful", raw="rm", kind="custom")
    model = ScriptedModel([[called], "Done."], api="openai-chat")
    result = await Agent(model, [careful], approver=approver).run("Go.")
    assert told in outputs(model.requests[1])[0]
    assert_records(result.records)
