"""Instructions that are a function of the run: asked before each turn, and what becomes of one that does not answer."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from millstream import Agent, Limits, Run, RunError, UsageError, tool
from millstream.events import TurnStarted
from millstream.so_far import SoFar
from millstream.testing import Hangup, Scenario, ScriptedModel, assert_records, call

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


async def to_its_end(run: Run) -> None:
    async with run:
        async for _ in run:
            pass


@tool
async def look(place: str) -> str:
    """Look at a place."""
    return f"nothing at {place}"


def told(model: ScriptedModel) -> list[Any]:
    return [request.get("instructions") for request in model.requests]


@pytest.mark.parametrize("is_async", [True, False])
async def test_they_are_made_before_each_turn(is_async: bool) -> None:
    def plain(run: SoFar[str]) -> str:
        return f"You help {run.deps}; {run.turns} turns, {len(run.ends)} calls, asked {run.prompt}"

    async def later(run: SoFar[str]) -> str:
        await anyio.lowlevel.checkpoint()
        return plain(run)

    model = ScriptedModel([call("look", place="a"), "Done."])
    result = await Agent(model, [look], instructions=later if is_async else plain).run("Go.", deps="Ann")
    assert told(model) == ["You help Ann; 0 turns, 0 calls, asked Go.", "You help Ann; 1 turns, 1 calls, asked Go."]
    assert_records(result.records)


async def test_a_request_that_is_sent_again_says_the_same() -> None:
    asked: list[int] = []

    def instructions(run: SoFar) -> str:
        asked.append(run.turns)
        return "Be brief."

    model = ScriptedModel(Scenario.of(Hangup(), "Done."))
    result = await Agent(model, instructions=instructions, limits=Limits(max_retry_wait_s=0.01)).run("Go.")
    assert asked == [0]
    assert told(model) == ["Be brief.", "Be brief."]
    assert_records(result.records)


async def test_what_they_raise_ends_the_run_with_their_name_before_a_turn_begins() -> None:
    def broken(run: SoFar) -> str:
        raise KeyError(f"secret of {run.run_id}")

    run = Agent(ScriptedModel(["never"]), instructions=broken).stream("Go.")
    with pytest.raises(RunError, match=r"the instructions .*broken raised KeyError, which is the cause") as caught:
        await to_its_end(run)
    assert isinstance(caught.value.__cause__, KeyError)
    assert not any(isinstance(record.event, TurnStarted) for record in run.records)
    assert_records(run.records)


async def test_they_must_answer_in_time_and_with_text() -> None:
    async def silent(run: SoFar) -> str:
        del run
        await anyio.sleep_forever()
        return ""

    def number(run: SoFar) -> Any:
        return run.turns

    with pytest.raises(RunError, match=r"silent did not answer within 0\.01 s; raise Limits\.instructions_timeout_s"):
        await Agent(ScriptedModel(["x"]), instructions=silent, limits=Limits(instructions_timeout_s=0.01)).run("Go.")
    with pytest.raises(UsageError, match=r"number returned int: return text"):
        await Agent(ScriptedModel(["x"]), instructions=number).run("Go.")
    with pytest.raises(UsageError, match=r"a function for instructions is called with \(run\): .*\(\) can not be"):
        Agent(ScriptedModel(["x"]), instructions=lambda: "Be brief.")  # type: ignore[arg-type, misc]
    with pytest.raises(UsageError, match=r"instructions=int: give text, or a function"):
        Agent(ScriptedModel(["x"]), instructions=3)  # type: ignore[arg-type]
