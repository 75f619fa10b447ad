"""Tools that run alone, in whole runs: nothing beside them, nothing stuck behind one that never starts."""

from __future__ import annotations

from typing import Any

import anyio.lowlevel
import pytest

from millstream import Agent, Limits, Policy, Run, tool
from millstream.events import Call, CallOpened, CallQueued, CallReturned, CallSealed, CallStarted, JsonValue
from millstream.testing import CallTool, Pause, Response, Say, ScriptedModel, call, check_records
from millstream.testing.provider.steps import Cut

pytestmark = pytest.mark.anyio


class Tools:
    """Tools that note when they begin and end."""

    def __init__(self, *, deploy: dict[str, Any] | None = None) -> None:
        self.noted: list[str] = []
        self.tools: list[Any] = [
            tool(read_only=True)(self.read),
            tool(exclusive=True, **(deploy or {"start": "eager"}))(self.deploy),
        ]

    async def read(self, at: str) -> str:
        """Read."""
        await self._work(f"read {at}")
        return at

    async def deploy(self, to: str) -> str:
        """Deploy."""
        await self._work(f"deploy {to}")
        return to

    async def _work(self, what: str) -> None:
        self.noted.append(f"{what} began")
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        self.noted.append(f"{what} ended")

    def stream(self, *responses: Any, **how: Any) -> Run:
        return Agent(ScriptedModel([*responses, "Done."]), self.tools, **how).stream("Go")

    async def play(self, *responses: Any, **how: Any) -> Run:
        """A run to its end."""
        with anyio.fail_after(10):
            async with self.stream(*responses, **how) as run:
                async for _ in run:
                    pass
        assert check_records(run.records) == []
        return run


def of(run: Run, kind: Any) -> list[Any]:
    return [record.event for record in run.records if isinstance(record.event, kind)]


async def test_nothing_is_at_work_beside_it_and_the_order_is_that_of_the_calls() -> None:
    tools = Tools()
    calls = [call("read", at="a"), call("deploy", to="x"), call("read", at="b"), call("read", at="c")]
    run = await tools.play(calls, policy=Policy(start="end"))
    assert tools.noted[:4] == ["read a began", "read a ended", "deploy x began", "deploy x ended"]
    assert sorted(tools.noted[4:6]) == ["read b began", "read c began"], "together"
    assert "deploy, which runs alone" in {event.why for event in of(run, CallQueued)}


async def test_one_whose_arguments_are_refused_holds_nobody_up() -> None:
    tools = Tools()
    await tools.play([CallTool("deploy", {"to": 7}), call("read", at="a")], policy=Policy(coerce=False))
    assert tools.noted == ["read a began", "read a ended"]


async def test_one_that_is_cut_off_holds_nobody_up() -> None:
    tools = Tools(deploy={"start": "end"})
    torn = Response((call("deploy", to="x"), call("read", at="a"), Say("…"), Pause(0.02), Cut("reset")))
    run = await tools.play(torn, limits=Limits(request_attempts=1))
    assert tools.noted == ["read a began", "read a ended"]
    assert [event.result for event in of(run, CallReturned)] == ["a"]


@pytest.mark.parametrize("at", [CallOpened, CallSealed])
async def test_one_that_is_cancelled_holds_nobody_up(at: type[CallOpened | CallSealed]) -> None:
    tools = Tools(deploy={"start": "end"})
    with anyio.fail_after(10):
        async with tools.stream([CallTool("deploy", {"to": "x"}), call("read", at="a"), Say("…")]) as run:
            async for event in run:
                if isinstance(event, at):
                    called: Call = event.call
                    assert called.name == "read" or run.cancel(called.id)
    assert tools.noted == ["read a began", "read a ended"]
    assert check_records(run.records) == []


async def test_priorities_decide_who_gets_a_place() -> None:
    order: list[str] = []

    def noted(name: str, priority: int) -> Any:
        @tool(name=name, start="end", priority=priority)
        async def work() -> JsonValue:
            """Work."""
            order.append(name)

        return work

    tools = [noted("low", -1), noted("usual", 0), noted("high", 1)]
    model = ScriptedModel([[call("low"), call("usual"), call("high")], "Done."])
    result = await Agent(model, tools, limits=Limits(max_concurrent_tools=1)).run("Go")
    assert order == ["high", "usual", "low"]
    started = [record.event.call.name for record in result.records if isinstance(record.event, CallStarted)]
    assert started == order
    assert check_records(result.records) == []
