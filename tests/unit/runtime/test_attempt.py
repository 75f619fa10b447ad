from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest
from trio.testing import MockClock

from millstream import Deny, Limits, Policy, Toolbox, ToolContext, ToolError, UsageError, tool
from millstream.answers import Approve
from millstream.events import Call, CallEvent, CallLogged, CallProgress, JsonValue, Raised, TimedOut
from millstream.runtime.attempt import AttemptFailed, Body, RunContext, check_approver
from millstream.runtime.executors.hold import Hold
from millstream.toolbox.signature import BoundArguments
from tests.unit.runtime.outlets import Kept


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, MockClock]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


pytestmark = pytest.mark.anyio
CALL = Call("call-1-0", 1, 0, "work", "x")


async def run(
    made: Any, shared: RunContext | None = None, *, number: int = 1, **kwargs: Any
) -> tuple[JsonValue, list[CallEvent]]:
    kept = Kept()
    shared = shared or RunContext("run", Limits(), Policy(), deps="deps")
    body = Body(CALL, made, BoundArguments((), kwargs), kwargs, Hold(shared.limits), kept, "run:call-1-0")
    output = await body.run(number, shared)
    return output.value, kept.said


async def failed(made: Any, shared: RunContext | None = None) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as caught:
        await run(made, shared)
    return caught.value


async def test_the_result_is_a_json_value() -> None:
    @tool
    async def work(n: int) -> Any:
        """Work."""
        return {n, n + 1}

    assert await run(work, n=1) == ([1, 2], [])


async def test_the_context_says_what_is_known() -> None:
    @tool
    async def work(ctx: ToolContext[str]) -> Any:
        """Work."""
        assert ToolContext.current() is ctx
        ctx.progress(1, 2, "half", data={"a": 1})
        ctx.log("line")
        return [ctx.deps, ctx.run_id, ctx.idempotency_key, ctx.attempt, ctx.call.id]

    result, said = await run(work, number=3)
    assert result == ["deps", "run", "run:call-1-0", 3, "call-1-0"]
    assert said == [CallProgress(CALL, 1, 2, "half", {"a": 1}), CallLogged(CALL, "line")]
    with pytest.raises(UsageError, match="outside of a tool"):
        ToolContext.current()


async def test_an_exception_is_a_failure_with_its_cause() -> None:
    @tool
    async def work() -> str:
        """Work."""
        raise ToolError("no such city")

    error = await failed(work)
    assert isinstance(error.failure, Raised)
    assert error.failure.message == "no such city"
    assert isinstance(error.cause, ToolError)


async def test_time_runs_out_on_the_limit_or_on_the_tools_own() -> None:
    async def forever() -> str:
        """Work."""
        await anyio.sleep_forever()
        return "never"

    begun = anyio.current_time()
    error = await failed(tool(forever))
    assert error.failure == TimedOut(300)
    assert isinstance(error.cause, TimeoutError)
    assert anyio.current_time() - begun == pytest.approx(300)
    error = await failed(tool(timeout_s=7)(forever), RunContext("run", Limits(tool_timeout_s=1), Policy()))
    assert error.failure == TimedOut(7)


async def test_what_a_tool_cleans_up_when_its_time_is_up_is_waited_for() -> None:
    cleaned: list[str] = []

    @tool(timeout_s=1)
    async def work() -> str:
        """Work."""
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(3)
            cleaned.append("yes")
        return "never"

    assert (await failed(work)).failure == TimedOut(1)
    assert cleaned == ["yes"]


async def test_a_tool_that_answers_although_its_time_is_up_has_answered() -> None:
    @tool(timeout_s=1)
    async def work() -> str:
        """Work."""
        with anyio.CancelScope(shield=True):
            await anyio.sleep(3)
        return "late, but here"

    assert (await run(work))[0] == "late, but here"


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError()])
async def test_what_would_end_the_process_or_the_task_is_a_failure_and_not_tried_again(error: BaseException) -> None:
    @tool
    async def work() -> str:
        """Work."""
        raise error

    caught = await failed(work)
    assert isinstance(caught.failure, Raised)
    assert caught.cause is None


async def test_being_cancelled_is_no_failure() -> None:
    @tool
    async def work() -> str:
        """Work."""
        await anyio.sleep_forever()
        return "never"

    with anyio.CancelScope() as scope:
        scope.deadline = anyio.current_time() + 1
        await run(work)
    assert scope.cancelled_caught


async def test_what_is_meant_for_the_process_goes_through() -> None:
    @tool
    async def work() -> str:
        """Work."""
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await run(work)


async def approver(call: Call, args: JsonValue) -> Approve | Deny:
    return Deny(f"{call} {args}")


@pytest.mark.parametrize("needs", [True, bool])
def test_somebody_must_be_there_to_ask(needs: Any) -> None:
    @tool(needs_approval=needs)
    def wipe() -> str:
        """Wipe."""
        return ""

    with pytest.raises(UsageError, match="wipe needs approval: pass approver="):
        check_approver(Toolbox([wipe]), None)
    check_approver(Toolbox([wipe]), approver)
    check_approver(Toolbox([tool(name="look")(lambda: "x")]), None)
