"""How the runs of sub-agents fail, stop and are cancelled, and what becomes of their calls."""

from __future__ import annotations

import anyio
import pytest

from millstream import Agent, Limits, Retry, WireError, tool
from millstream.events import (
    CallFailed,
    CallStarted,
    Cancelled,
    Raised,
    RunCancelled,
    RunFailed,
    RunStarted,
    TimedOut,
    Usage,
)
from millstream.journal.memory import MemoryJournal
from millstream.testing import Body, Pause, Say, ScriptedModel, call, check_records
from millstream.transcript import ToolResult

from .agents import asks, look, only, researcher, within

pytestmark = pytest.mark.anyio


def _refused(status: int) -> Body:
    return Body({"error": {"message": "No.", "type": "refused"}}, status=status)


async def test_a_failure_of_the_provider_fails_the_call_and_the_model_reads_a_fixed_sentence() -> None:
    limits = Limits(request_attempts=1)
    broken = Agent(ScriptedModel([_refused(401)]), limits=limits)
    outer = asks(broken.as_tool("research", "Research."))
    result = await outer.run("Go.")
    assert check_records(result.records) == []
    (failed,) = only(result.records, CallFailed)
    assert failed.failure.error == "WireError"
    assert failed.failure.message == ""
    assert isinstance(result.calls["call-1-0"].exception, WireError)
    (told,) = only(result.records, RunFailed)
    assert told.error == "WireError"
    assert "401" in told.message
    (answer,) = (entry for entry in result.transcript if isinstance(entry, ToolResult))
    assert "internal error" in str(answer.parts)
    assert result.output == "So they say."


async def test_too_many_turns_fail_the_call_in_words_for_the_model() -> None:
    endless = researcher(*[[call("look", where="books")]] * 3, limits=Limits(max_turns=2))
    result = await asks(endless.as_tool("research", "Research.")).run("Go.")
    assert check_records(result.records) == []
    (failed,) = only([record for record in result.records if not record.scope], CallFailed)
    assert failed.failure.message == "research was stopped before it came to an answer. Ask it for less at a time."
    (told,) = only(result.records, RunFailed)
    assert told.error == "TurnLimit"
    assert result.usage.total_tokens > 0


async def test_the_tokens_of_a_failed_run_count() -> None:
    endless = researcher(*[[call("look", where="books")]] * 3, limits=Limits(max_turns=2))
    outer = asks(endless.as_tool("research", "Research."))
    result = await outer.run("Go.")
    inner = result.calls["call-1-0"].run
    assert inner is not None
    own = sum((e.usage for e in within(result.records) if e.type == "TurnEnded" and e.usage is not None), Usage())
    assert result.usage == own + inner.usage
    assert inner.usage.total_tokens > 0


async def test_they_nest_only_so_deep() -> None:
    agent = asks(researcher().as_tool("research", "Research."))
    for _ in range(2):
        agent = asks(agent.as_tool("manage", "Manage."))
    deepest = Agent(agent.model, agent.toolbox.values(), limits=Limits(max_agent_depth=2))
    result = await deepest.run("Go.")
    assert check_records(result.records) == []
    assert max(len(record.scope) for record in result.records) == 2
    failures = [event.failure for event in only(result.records, CallFailed)]
    assert [failure.message for failure in failures] == [
        "research was not run: agents are nested too deeply here. Go on without it."
    ]


async def test_a_limit_within_binds_as_well() -> None:
    strict = Agent(
        ScriptedModel([[call("research", prompt="x")], "So."]),
        [researcher().as_tool("research", "Research.")],
        limits=Limits(max_agent_depth=0),
    )
    result = await asks(strict.as_tool("manage", "Manage.")).run("Go.")
    assert check_records(result.records) == []
    assert max(len(record.scope) for record in result.records) == 1


class _Forever(Agent):
    def __init__(self) -> None:
        super().__init__(ScriptedModel([[Say("I wait. "), call("wait")], "Never."]), [wait])


@tool(read_only=True)
async def wait() -> str:
    """Wait."""
    await anyio.sleep_forever()
    return "never"


async def test_cancelling_the_call_cancels_the_run_in_it_and_the_outer_run_goes_on() -> None:
    async with asks(_Forever().as_tool("research", "Research.")).stream("Go.") as run:
        async for record in run.follow():
            if record.scope and isinstance(record.event, CallStarted):
                assert run.cancel(record.scope[0], "no time")
    records = run.records
    assert check_records(records) == []
    scope = ("call-1-0",)
    inner = [event for event in within(records, *scope) if isinstance(event, CallFailed | RunCancelled)]
    assert isinstance(inner[0], CallFailed)
    assert isinstance(inner[1], RunCancelled)
    (failed,) = (event for event in within(records) if isinstance(event, CallFailed))
    assert failed.failure == Cancelled("no time")
    assert run.output == "So they say."


async def test_a_call_within_it_can_be_cancelled_alone_or_its_run() -> None:
    @tool(read_only=True)
    async def hold() -> str:
        """Hold."""
        await anyio.sleep_forever()
        return "never"

    for alone in (True, False):
        inner = Agent(ScriptedModel([[call("hold"), Say("I hold.")], "Let go."]), [hold])
        async with asks(inner.as_tool("research", "Research.")).stream("Go.") as run:
            async for record in run.follow():
                if record.scope and isinstance(record.event, CallStarted):
                    held = run.calls["call-1-0"].run
                    assert held is not None
                    assert held.cancel("call-1-0" if alone else None, "enough")
        assert check_records(run.records) == []
        handle = run.calls["call-1-0"]
        if alone:
            assert handle.result == "Let go."
        else:
            assert isinstance(handle.failure, Raised)
            assert "research was cancelled: enough" in handle.failure.message
        assert run.output == "So they say."


async def test_it_has_time_unless_it_is_given_a_limit() -> None:
    terms = _Forever().as_tool("research", "Research.", timeout_s=0.02)
    result = await asks(terms, limits=Limits(tool_timeout_s=0.001)).run("Go.")
    assert check_records(result.records) == []
    assert result.calls["call-1-0"].failure == TimedOut(0.02)
    slow = Agent(ScriptedModel([[Pause(0.05), Say("Here.")]]))
    result = await asks(slow.as_tool("research", "Research."), limits=Limits(tool_timeout_s=0.001)).run("Go.")
    assert result.calls["call-1-0"].result == "Here."


class _Stop(BaseException):
    """As KeyboardInterrupt, but of nobody's."""


@pytest.mark.parametrize("error", [KeyboardInterrupt, _Stop])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_what_is_meant_for_the_process_passes(error: type[BaseException], backend: str) -> None:
    @tool
    async def interrupt() -> str:
        """Interrupt."""
        raise error

    inner = Agent(ScriptedModel([[call("interrupt")], "Never."]), [interrupt])
    outer = asks(inner.as_tool("research", "Research."), journal=(journal := MemoryJournal()))

    async def main() -> None:
        await outer.run("Go.", run_id="run")

    with pytest.raises(error):
        anyio.run(main, backend=backend)
    records = journal.records("run")
    assert check_records(records) == []
    ends = [record for record in records if isinstance(record.event, RunCancelled | CallFailed)]
    names = ["CallFailed", "RunCancelled", "CallFailed", "RunCancelled"]
    assert [(record.event.type, len(record.scope)) for record in ends] == list(zip(names, [1, 1, 0, 0], strict=True))


async def test_another_attempt_is_another_run_with_keys_of_its_own() -> None:
    model = ScriptedModel([_refused(500), [call("look", where="here")], "At last."])
    retry = Retry(attempts=2, first_wait_s=0, jitter_s=0, on=(WireError,))
    inner = Agent(model, [look], limits=Limits(request_attempts=1)).as_tool("a", "A.", idempotent=True, retry=retry)
    result = await asks(inner).run("Go.", run_id="run")
    assert check_records(result.records) == []
    assert [event.run_id for event in only(result.records, RunStarted)] == ["run", "run:call-1-0", "run:call-1-0:2"]
    assert result.calls["call-1-0"].result == "At last."
