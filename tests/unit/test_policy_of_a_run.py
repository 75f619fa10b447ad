"""Each word of a `Policy`, seen from an agent: what runs, what the model is told, and how the run ends."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from millstream import Agent, Limits, Policy, Run, RunError, WireError, tool
from millstream.events import (
    CallFailed,
    CallOpened,
    CallReturned,
    CallStarted,
    Rejected,
    Truncated,
    TurnEnded,
    TurnRestarted,
    TurnTorn,
)
from millstream.testing import CallTool, Cut, Finish, Response, Say, ScriptedModel, assert_records, call
from millstream.testing.provider.steps import Step
from millstream.transcript import Reply, ToolResult

pytestmark = pytest.mark.anyio

AT_ONCE = Limits(max_retry_wait_s=0.01)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@tool
async def save(note: str) -> str:
    """Save a note."""
    return f"saved {note}"


@tool(read_only=True)
async def look(place: str) -> str:
    """Look at a place."""
    return f"nothing at {place}"


async def go(policy: Policy, *script: Response | str) -> tuple[Run, ScriptedModel, Exception | None]:
    """A run to its end, its model, and what it raised."""
    model = ScriptedModel(script)
    run = Agent(model, [save, look], policy=policy, limits=AT_ONCE).stream("Go.")
    failure: Exception | None = None
    try:
        async with run:
            async for _ in run:
                pass
    except (WireError, RunError) as error:
        failure = error
    assert_records(run.records)
    assert run.transcript.unanswered == ()
    return run, model, failure


def of(run: Run, kind: type[Any]) -> list[Any]:
    return [record.event for record in run.records if isinstance(record.event, kind)]


def says(*steps: Step) -> Response:
    return Response(steps)


# --- start ---


@pytest.mark.parametrize("start", [None, "eager", "safe", "end"])
async def test_start_goes_over_what_the_tools_say(start: Literal["eager", "safe", "end"] | None) -> None:
    run, _, failure = await go(Policy(start=start), says(call("save", note="a"), call("look", place="b")), "Done.")
    assert failure is None
    states = {event.call.name: event.state for event in of(run, CallStarted)}
    assert states == {"save": start or "safe", "look": start or "eager"}
    events = [type(record.event) for record in run.records]
    if start == "end":
        assert events.index(CallStarted) > events.index(TurnEnded)


# --- on_reject ---


async def test_drain_reads_on_and_runs_what_is_good() -> None:
    wrong = CallTool("save", {"note": ["no", "text"]})
    run, model, failure = await go(Policy(on_reject="drain"), says(wrong, call("save", note="b")), "Done.")
    assert failure is None
    assert [type(event.failure) for event in of(run, CallFailed)] == [Rejected]
    assert [event.result for event in of(run, CallReturned)] == ["saved b"]
    assert of(run, TurnTorn) == []
    assert [result.ok for result in run.transcript if isinstance(result, ToolResult)] == [False, True]
    assert (run.output, len(model.requests)) == ("Done.", 2)


async def test_abort_closes_the_response_and_answers_what_was_begun() -> None:
    wrong = CallTool("save", {"note": ["no", "text"]})
    policy = Policy(on_reject="abort")
    run, model, failure = await go(policy, says(call("look", place="a"), wrong, call("save", note="b")), "Done.")
    assert failure is None
    assert len(of(run, CallOpened)) == 2, "the third is not read"
    assert [event.result for event in of(run, CallReturned)] == ["nothing at a"]
    assert len(of(run, TurnTorn)) == 1
    assert [result.ok for result in run.transcript if isinstance(result, ToolResult)] == [True, False]
    assert (run.output, len(model.requests)) == ("Done.", 2)


# --- on_torn ---


TORN = (Say("I look. "), call("look", place="a"), Say("And then "), Cut())


async def test_salvage_keeps_the_calls_and_leaves_out_the_text() -> None:
    run, model, failure = await go(Policy(on_torn="salvage"), says(*TORN), "Done.")
    assert failure is None
    assert of(run, TurnRestarted) == []
    assert [event.result for event in of(run, CallReturned)] == ["nothing at a"]
    assert [entry.text for entry in run.transcript if isinstance(entry, Reply)] == ["", "Done."]
    assert (run.output, len(model.requests)) == ("Done.", 2)


async def test_salvage_asks_again_where_there_is_nothing_to_keep() -> None:
    run, _, failure = await go(Policy(on_torn="salvage"), says(Say("I loo"), Cut()), "Done.")
    assert failure is None
    assert len(of(run, TurnRestarted)) == 1
    assert run.output == "Done."


async def test_retry_asks_again_unless_that_could_repeat_an_effect() -> None:
    run, _, failure = await go(Policy(on_torn="retry"), says(*TORN), "Done.")
    assert failure is None
    assert len(of(run, TurnRestarted)) == 1
    assert [type(entry) for entry in run.transcript][1:] == [Reply]
    unsafe = says(call("save", note="a"), Say("And then "), Cut())
    run, model, failure = await go(Policy(on_torn="retry"), unsafe, "never asked")
    assert isinstance(failure, WireError)
    assert of(run, TurnRestarted) == []
    assert len(model.requests) == 1


async def test_raise_raises() -> None:
    run, model, failure = await go(Policy(on_torn="raise"), says(*TORN), "never asked")
    assert isinstance(failure, WireError)
    assert failure.transcript is run.transcript
    assert len(model.requests) == 1


# --- on_truncated ---


CUT_SHORT = (CallTool("save", raw='{"note": "a lon', seal=False), Finish("length"))


async def test_answer_tells_the_model_that_its_call_was_cut() -> None:
    run, model, failure = await go(Policy(on_truncated="answer"), says(*CUT_SHORT), "Done.")
    assert failure is None
    assert [type(event.failure) for event in of(run, CallFailed)] == [Truncated]
    assert of(run, CallStarted) == []
    assert "were cut off" in model.requests[1]["input"][-1]["output"]
    assert run.output == "Done."


async def test_raise_ends_the_run_with_what_to_do() -> None:
    run, model, failure = await go(Policy(on_truncated="raise"), says(*CUT_SHORT), "never asked")
    assert isinstance(failure, RunError)
    assert 'Policy(on_truncated="answer")' in str(failure)
    assert failure.transcript is run.transcript
    assert len(model.requests) == 1
