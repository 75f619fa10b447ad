"""Tools served over MCP, as a client of the package mcp sees them."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult, LoggingMessageNotificationParams, TextContent

from millstream import Limits, MCPServer, Retry, ToolContext, ToolError, UsageError, tool
from millstream.mcp_server import MCPTools
from tests.mcp_servers import children
from tests.mcp_servers.serving import served

pytestmark = [
    pytest.mark.anyio,
    # on trio the package leaves the generators of its event streams to be finished by the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@tool(read_only=True)
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool
async def work(steps: int, ctx: ToolContext[str]) -> dict[str, Any]:
    """Work step by step."""
    for step in range(1, steps + 1):
        ctx.progress(step, steps, f"step {step}")
        ctx.log(f"did {step}")
    return {"who": ctx.deps}


@tool
def in_a_thread(ctx: ToolContext) -> Iterator[str]:
    """Yield from a thread."""
    ctx.progress(message="begun")
    yield "half"
    yield "all"


@tool
def fail(words: str) -> str:
    """Fail."""
    raise ToolError(words) if words else ValueError("a secret")


class Waiting:
    """A tool that waits, and who was stopped in it."""

    def __init__(self) -> None:
        self.begun = 0
        self.stopped = 0
        self.most = 0

    async def wait(self, seconds: float) -> str:
        """Wait."""
        self.begun += 1
        self.most = max(self.most, self.begun - self.stopped)
        try:
            await anyio.sleep(seconds)
        finally:
            self.stopped += 1
        return "waited"


def text(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def tools(*more: Any, **options: Any) -> MCPTools:
    return MCPTools([add, work, in_a_thread, fail, *more], deps="me", **options)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_what_a_client_sees_of_tools(mode: str) -> None:
    async with Client(tools()._served, mode=mode) as client:
        listed = {one.name: one for one in (await client.list_tools()).tools}
    assert list(listed) == ["add", "work", "in_a_thread", "fail"]
    assert listed["add"].description == "Add two numbers."
    assert listed["add"].input_schema == dict(add.parameters)
    hints = [listed[name].annotations for name in ("add", "work")]
    assert [hint and (hint.read_only_hint, hint.idempotent_hint) for hint in hints] == [(True, True), (False, False)]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_calls_with_their_progress_and_their_log(mode: str) -> None:
    progress: list[tuple[float, float | None, str | None]] = []
    lines: list[Any] = []

    async def on_progress(progress_: float, total: float | None, message: str | None) -> None:
        progress.append((progress_, total, message))

    async def on_log(params: LoggingMessageNotificationParams) -> None:
        lines.append(params.data)

    async with Client(tools()._served, mode=mode, logging_callback=on_log, log_level="info") as client:
        added = await client.call_tool("add", {"a": 1, "b": 2})
        assert (text(added), added.structured_content) == ("3", {"result": 3})
        worked = await client.call_tool("work", {"steps": 2}, progress_callback=_named(on_progress))
        assert worked.structured_content == {"who": "me"}
        assert text(worked) == '{"who":"me"}'
        assert progress == [(1, 2, "step 1"), (2, 2, "step 2")]
        assert lines == ["did 1", "did 2"]
        progress.clear()
        assert text(await client.call_tool("in_a_thread", {}, progress_callback=_named(on_progress))) == "all"
        assert [message for _, _, message in progress] == ["begun", "half", "all"]
        assert sorted(set(progress)) == progress, "progress grows"


def _named(function: Any) -> Any:
    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        await function(progress, total, message)

    return on_progress


async def test_what_goes_wrong_is_told_as_to_every_model() -> None:
    async with Client(tools(limits=Limits(max_result_chars=200))._served) as client:

        async def wrong(name: str, args: dict[str, Any]) -> str:
            answer = await client.call_tool(name, args)
            assert answer.is_error
            return text(answer)

        assert "/a: " in await wrong("add", {"a": "x", "b": 2})
        assert "add was not run" in await wrong("add", {"a": 1})
        assert await wrong("fail", {"words": "no disk"}) == "no disk"
        secret = await wrong("fail", {"words": ""})
        assert "internal error" in secret
        assert "a secret" not in secret
        assert (
            await wrong("nothing", {}) == 'there is no tool named "nothing"; there are: add, work, in_a_thread, fail.'
        )
        assert len(await wrong("fail", {"words": "w" * 1000})) <= 200


async def test_deadlines_retries_and_places_hold() -> None:
    waiting, tried = Waiting(), [0]

    @tool(read_only=True, retry=Retry(attempts=3, first_wait_s=0, jitter_s=0))
    async def flaky() -> str:
        tried[0] += 1
        if tried[0] < 3:
            raise OSError
        return "at last"

    slow = tool(name="slow", timeout_s=0.05)(waiting.wait)
    single = tool(name="single", limit=1)(waiting.wait)
    async with Client(tools(flaky, slow, single)._served) as client:
        assert text(await client.call_tool("flaky")) == "at last"
        assert "did not finish within 0.05 s" in text(await client.call_tool("slow", {"seconds": 60}))
        waiting.most = 0
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(client.call_tool, "single", {"seconds": 0.01})
    assert waiting.most == 1


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_call_that_its_client_cancels_is_stopped(mode: str) -> None:
    waiting = Waiting()
    async with Client(MCPTools([waiting.wait])._served, mode=mode) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "wait", {"seconds": 3600})
            await anyio.wait_all_tasks_blocked()
            assert waiting.begun == 1
            group.cancel_scope.cancel()
        with anyio.fail_after(10):
            while not waiting.stopped:  # noqa: ASYNC110  the word goes through the client's tasks
                await anyio.sleep(0.001)


async def test_over_http() -> None:
    with served(lambda: tools().app()) as base:
        async with Client(f"{base}/mcp") as client:
            assert text(await client.call_tool("add", {"a": 1, "b": 2})) == "3"


SHOUT = """
from millstream import tool

@tool
def shout(text: str) -> str:
    print("noise")
    return text.upper()
"""


async def test_as_a_program(tmp_path: Path) -> None:
    await anyio.Path(tmp_path / "my_tools.py").write_text(SHOUT, encoding="utf-8")
    before = children()
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "millstream.cli", "mcp", "my_tools:shout", "--name", "mine"],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    async with Client(command) as client:
        assert client.server_info is not None
        assert client.server_info.name == "mine"
        assert text(await client.call_tool("shout", {"text": "hö"})) == "HÖ"
    assert children() == before


async def test_what_can_not_be_served() -> None:
    await anyio.lowlevel.checkpoint()
    with pytest.raises(UsageError, match=r"fail needs approval.*toolbox.exclude\('fail'\)"):
        MCPTools([tool(needs_approval=True)(fail.function)])
    with pytest.raises(UsageError, match="can not be served on"):
        MCPTools([MCPServer("uvx notes")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
