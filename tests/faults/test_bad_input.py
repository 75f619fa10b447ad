"""What a newcomer gets wrong: each mistake is one typed error, whose words say what to do."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from pydantic import Field

from millstream import (
    Agent,
    MillstreamError,
    Model,
    ModelError,
    RunClosed,
    Toolbox,
    ToolDefinitionError,
    ToolRunner,
    Transcript,
    UsageError,
    WireError,
    tool,
)
from millstream.testing import Body, CallTool, FakeProvider, Say, Scenario, ScriptedModel, call
from tests.faults.playing import API, PREFIX, follow, model_of, once, play, playing

pytestmark = pytest.mark.anyio


async def refused(api: API, answer: Body | str, **model: Any) -> WireError:
    """A run of one request ends in one `WireError`."""
    with FakeProvider(Scenario.of(answer), **model) as provider:
        agent = Agent(model_of(provider, api), limits=once())
        with pytest.raises(WireError) as caught:
            await agent.run("Go.")
    return caught.value


# --- bodies that are no stream, with status 200 ---


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Body("<!doctype html><title>Log in</title>"), "an HTML page (Log in)"),
        (Body("<html><body>Hello"), "an HTML page"),
        (Body({"id": "chatcmpl-1", "object": "chat.completion"}), "one JSON document instead of a stream"),
        (Body("Service started."), "a body that is neither a stream nor JSON: Service started."),
    ],
)
async def test_a_body_that_is_no_stream(api: API, answer: Body, says: str) -> None:
    error = await refused(api, answer)
    assert says in str(error)
    assert "Check the base URL" in error.hint
    assert error.kind == "protocol"


async def test_an_error_with_status_200(api: API) -> None:
    error = await refused(api, Body({"error": {"message": "the model is asleep", "type": "server_error"}}))
    assert "the model is asleep" in str(error)
    assert error.retryable


async def test_an_empty_body(api: API) -> None:
    error = await refused(api, Body(""))
    assert "ended before" in str(error) or "empty body" in str(error)


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_the_page_of_a_proxy(api: API, status: int) -> None:
    error = await refused(api, Body("<html><title>Bad gateway</title></html>", status=status))
    assert error.retryable
    assert error.status == status
    assert "Bad gateway" in str(error)


async def test_an_endless_error_page(api: API) -> None:
    error = await refused(api, Body("x" * 5_000_000, status=400))
    assert error.status == 400
    assert len(str(error)) < 2000


# --- keys, models, addresses ---


async def test_wrong_key(api: API) -> None:
    error = await refused(api, "never", keys=["sk-right"])
    assert (error.status, error.phase, error.retryable) == (401, "request", False)
    assert "API key" in error.hint
    assert "sk-test" not in repr(error.__cause__)


async def test_unknown_model(api: API) -> None:
    error = await refused(api, "never", models=["other"])
    assert error.status in (400, 404)
    assert not error.retryable
    assert "fake" in str(error)
    assert "Check the model's name" in error.hint or error.status == 400


async def test_connection_refused(api: API) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    model = Model(f"{PREFIX[api]}:any", base_url=f"http://127.0.0.1:{port}/v1", api_key="any")
    with pytest.raises(WireError) as caught:
        await Agent(model, limits=once()).run("Go.")
    error = caught.value
    assert (error.phase, error.retryable) == ("connect", True)
    assert f"no connection to 127.0.0.1:{port}" in str(error)
    assert "Check the base URL" in error.hint


async def test_a_host_that_is_none(api: API) -> None:
    model = Model(f"{PREFIX[api]}:any", base_url="http://no-such-host.invalid/v1", api_key="any")
    with pytest.raises(WireError) as caught:
        await Agent(model, limits=once()).run("Go.")
    assert "no connection to no-such-host.invalid" in str(caught.value)


@pytest.mark.parametrize("url", ["", "api.openai.com/v1", "ftp://host/v1", "http://", "http:///v1", "https:host"])
def test_a_base_url_that_is_none(url: str) -> None:
    if url == "":
        assert Model("openai:any", base_url=url)  # the same as none: the provider's own
        return
    with pytest.raises(ModelError, match="write it as https://host/v1") as caught:
        Model("openai:any", base_url=url)
    assert f'"{url}"' in str(caught.value)


@pytest.mark.parametrize("url", ["http://host:port/v1", "http://[::1/v1", "http://ho st/v1"])
def test_a_base_url_that_can_not_be_read(url: str) -> None:
    with pytest.raises(ModelError, match="https://host/v1"):
        Model("openai:any", base_url=url)


@pytest.mark.parametrize("name", ["gpt-5.1", "", ":", "openai:", "opnai:gpt-5.1"])
def test_a_model_string_that_is_none(name: str) -> None:
    with pytest.raises(ModelError, match=r'write "(PROVIDER|openai):MODEL"') as caught:
        Agent(name)
    assert f'"{name}"' in str(caught.value)


async def test_a_redirect(api: API) -> None:
    """It is not followed: the key would go along."""
    error = await refused(api, Body("", status=307, headers={"location": "https://elsewhere.example/v1"}))
    assert error.status == 307
    assert "It redirects to https://elsewhere.example/v1" in error.hint
    assert "not followed" in error.hint


async def test_gzipped_whole(api: API) -> None:
    body = gzip.compress(json.dumps({"error": {"message": "no room", "type": "server_error"}}).encode())
    error = await refused(api, Body(body, headers={"content-encoding": "gzip"}))
    assert "no room" in str(error)


# httpx2 leaves what it read from to the garbage collector then, which trio reports
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_compressed_and_broken(api: API) -> None:
    error = await refused(api, Body(b"this is no gzip", headers={"content-encoding": "gzip"}))
    assert "can not be decompressed" in str(error)
    assert error.kind == "protocol"


async def test_missing_key_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("MILLSTREAM_OFFLINE", raising=False)
    with pytest.raises(ModelError, match="set OPENAI_API_KEY") as caught:
        await Agent("openai:gpt-5.1").run("Go.")
    assert "openai:gpt-5.1" in str(caught.value)


@pytest.mark.parametrize("key", ["sk-secret-7\n", "sk-secret-7\r\nx: y", "sk-secret-7\u2026", "sk-secret-7\x00", " "])
async def test_a_key_that_is_none(api: API, key: str) -> None:
    """A line break behind it, as from a file: the error does not show the key."""
    with FakeProvider(Scenario.of("never")) as provider:
        model = Model(f"{PREFIX[api]}:any", base_url=provider.base_url, api_key=key)
        run = Agent(model, limits=once()).stream("Go.")
        seen: list[Any] = []
        with pytest.raises(ModelError, match="api_key= holds what no key holds") as caught:
            await collect(run, seen)
        assert "sk-secret" not in "".join(map(repr, (caught.value, caught.value.__cause__, seen, run.records)))
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        assert provider.requests == ()


async def collect(run: Any, seen: list[Any]) -> None:
    async with run:
        async for event in run:
            seen.append(event)  # noqa: PERF401  what was seen before it raised counts


async def test_a_key_variable_that_holds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-7\n")
    monkeypatch.delenv("MILLSTREAM_OFFLINE", raising=False)
    with pytest.raises(ModelError, match="OPENAI_API_KEY holds what no key holds") as caught:
        await Agent("openai:gpt-5.1").run("Go.")
    assert "sk-secret" not in str(caught.value)


async def test_a_header_that_is_none(api: API) -> None:
    with FakeProvider(Scenario.of("never")) as provider:
        model = Model(
            f"{PREFIX[api]}:any", base_url=provider.base_url, api_key="any", headers={"x-team": "sk-secret\n"}
        )
        with pytest.raises(ModelError, match="header") as caught:
            await Agent(model, limits=once()).run("Go.")
        assert "sk-secret" not in str(caught.value)


async def test_settings_that_are_no_json(api: API) -> None:
    with FakeProvider(Scenario.of("never")) as provider:
        model = Model(
            f"{PREFIX[api]}:any", base_url=provider.base_url, api_key="any", settings={"metadata": {"at": object()}}
        )
        with pytest.raises(ModelError, match="settings="):
            await Agent(model, limits=once()).run("Go.")


async def test_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLSTREAM_OFFLINE", "1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with pytest.raises(ModelError, match=r"MILLSTREAM_OFFLINE is set and api\.openai\.com is a real model"):
        await Agent("openai:gpt-5.1").run("Go.")
    async with playing("openai-chat", ["Hello."]) as story:  # this machine is no real model
        await follow(story)
    assert story.finished


# --- tools ---


def test_two_tools_of_one_name() -> None:
    @tool
    def look() -> str:
        """Look."""
        return ""

    with pytest.raises(ToolDefinitionError, match='two tools are named "look"'):
        Agent("openai:any", [look, Toolbox([look])])


def test_a_schema_that_does_not_compile() -> None:
    def find(pattern: Annotated[str, Field(json_schema_extra={"pattern": "(["})]) -> str:
        """Find."""
        return pattern

    with pytest.raises(ToolDefinitionError, match="find: ") as caught:
        Agent("openai:any", [find])
    assert "pattern" in str(caught.value)


def test_a_parameter_without_an_annotation() -> None:
    namespace: dict[str, Any] = {}
    exec("def find(pattern): return pattern", namespace)  # a type checker would not let it pass
    with pytest.raises(ToolDefinitionError, match='the parameter "pattern" has no annotation'):
        Agent("openai:any", [namespace["find"]])


def test_a_tool_that_is_no_function() -> None:
    with pytest.raises(ToolDefinitionError, match="function"):
        Agent("openai:any", ["find"])  # type: ignore[list-item]


def test_approval_without_an_approver_in_a_loop_that_can_not_be_suspended() -> None:
    @tool(needs_approval=True)
    def wipe() -> str:
        """Wipe."""
        return ""

    with pytest.raises(UsageError, match="pass approver="):
        ToolRunner([wipe])


def test_a_deferred_tool_in_a_loop_that_can_not_be_suspended() -> None:
    @tool(deferred=True)
    def ask() -> str:
        """Ask."""
        raise NotImplementedError

    with pytest.raises(UsageError, match="ask is deferred, and a loop of your own can not wait"):
        ToolRunner([ask])


# --- runs ---


def scripted() -> Agent:
    return Agent(ScriptedModel(["Hello."]))


async def test_a_run_that_was_not_entered() -> None:
    run = scripted().stream("Go.")
    with pytest.raises(RunClosed, match="async with agent"):
        await anext(run)
    with pytest.raises(RunClosed, match="async with agent"):
        await anext(run.follow())
    with pytest.raises(RunClosed, match="async with agent"):
        async for _ in run.text_stream():
            pass


async def test_a_run_that_is_closed() -> None:
    run = scripted().stream("Go.")
    async with run:
        async for _ in run:
            pass
        with pytest.raises(StopAsyncIteration):
            await anext(run)
    with pytest.raises(RunClosed, match="within its async with block"):
        await anext(run)
    with pytest.raises(RunClosed, match="entered once"):
        await run.__aenter__()


async def test_two_consumers_of_one_run() -> None:
    """One of them would wait for ever for what the other has taken."""
    errors: list[Exception] = []
    async with scripted().stream("Go.") as run, anyio.create_task_group() as tasks:

        async def consume() -> None:
            try:
                async for _ in run:
                    await anyio.lowlevel.checkpoint()
            except UsageError as error:
                errors.append(error)

        tasks.start_soon(consume)
        tasks.start_soon(consume)
    (error,) = errors
    assert "one consumer" in str(error)


def test_no_prompt() -> None:
    with pytest.raises(UsageError, match="needs a prompt"):
        scripted().stream()
    with pytest.raises(UsageError, match="needs a prompt"):
        scripted().stream(None, history=Transcript())


async def test_a_history_with_a_call_without_an_answer() -> None:
    agent = Agent(ScriptedModel([[call("look")], "Done."]), [tool(name="look")(lambda: "nothing")])
    result = await agent.run("Go.")
    torn = type(result.transcript)(result.transcript.entries[:2])
    with pytest.raises(UsageError, match=r"without an answer \(look\)"):
        agent.stream("Go on.", history=torn)


async def test_an_agent_that_is_entered_twice() -> None:
    agent = scripted()
    async with agent:
        with pytest.raises(UsageError, match="entered already"):
            await agent.__aenter__()


async def test_a_runner_that_was_not_entered() -> None:
    runner = ToolRunner([])
    with pytest.raises(RunClosed, match="enter the runner first"):
        runner.drive(nothing())
    with pytest.raises(UsageError, match="nothing to send yet"):
        runner.items()
    with pytest.raises(UsageError, match="no wire format"):
        runner.schemas("anthropic-of-2021")


async def nothing() -> AsyncIterator[bytes]:
    pieces: list[bytes] = []
    for piece in pieces:
        yield piece


async def test_a_script_that_is_too_short() -> None:
    agent = Agent(ScriptedModel([[call("look")]]), [tool(name="look")(lambda: "nothing")])
    with pytest.raises(UsageError, match="the script has 1 responses and was asked for number 2"):
        await agent.run("Go.")


async def test_a_client_that_is_closed(api: API) -> None:
    client = httpx2.AsyncClient()
    await client.aclose()
    with FakeProvider(Scenario.of("never")) as provider:
        model = Model(f"{PREFIX[api]}:any", base_url=provider.base_url, api_key="any", client=client)
        with pytest.raises(MillstreamError, match="client"):
            await Agent(model, limits=once()).run("Go.")


async def test_each_mistake_is_one_exception_and_no_group(api: API) -> None:
    story = await play(api, [Body("no", status=400)], refused=1)
    assert type(story.error) is WireError
    assert story.error.__cause__ is None
    story = await play(api, [[Say("Well. "), CallTool("x")], Body("no", status=404)], refused=1)
    assert type(story.error) is WireError
