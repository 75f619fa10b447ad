"""Runs that follow one another in a session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from millstream import Agent, UsageError, WireError, tool
from millstream.events import RunFailed, TextDelta
from millstream.sessions import Session, SessionChanged, SqliteSessions, last_prompts
from millstream.testing import Body, ScriptedModel, assert_records, call
from millstream.transcript import Entry, Reply, ToolResult, Transcript, UserMessage, user

pytestmark = pytest.mark.anyio


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


def texts(model: ScriptedModel, request: int) -> list[Any]:
    items = model.requests[request]["input"]
    return [item["content"] for item in items if item.get("role") == "user"]


async def test_a_run_knows_what_was_said_before_and_is_remembered(tmp_path: Path) -> None:
    model = ScriptedModel([[call("weather", city="Paris")], "Warm.", "Paris."])
    store = SqliteSessions(tmp_path / "chats.db")
    first = await Agent(model, [weather]).run("Is it warm?", history=Session("ada", store))
    second = await Agent(model, [weather]).run("Where?", history=Session("ada", store))
    assert texts(model, 2) == ["Is it warm?", "Where?"]
    assert second.transcript.entries[:4] == first.transcript.entries
    session = Session("ada", store)
    assert await session.transcript() == second.transcript
    assert [type(entry) for entry in second.transcript] == [UserMessage, Reply, ToolResult, Reply, UserMessage, Reply]
    assert await Session("bob", store).transcript() == Transcript()
    await session.clear()
    assert await session.transcript() == Transcript()
    store.close()


async def test_in_memory_it_lasts_as_long_as_the_session() -> None:
    model = ScriptedModel(["Hello.", "Ada."])
    session = Session()
    await Agent(model).run("I am Ada.", history=session)
    await Agent(model).run("Who am I?", history=session)
    assert texts(model, 1) == ["I am Ada.", "Who am I?"]


async def test_a_long_history_is_told_in_part_and_kept_whole() -> None:
    model = ScriptedModel(["1", "2", "3"])
    session = Session(trim=last_prompts(1))
    for prompt in ("One", "Two", "Three"):
        await Agent(model).run(prompt, history=session)
    assert texts(model, 2) == ["Two", "Three"]
    assert len(await session.transcript()) == 6


async def test_what_a_failed_run_said_and_did_is_kept() -> None:
    model = ScriptedModel([[call("weather", city="Paris")], Body({"error": {"message": "No."}}, 400), "Warm."])
    session = Session()
    with pytest.raises(WireError):
        await Agent(model, [weather]).run("Is it warm?", history=session)
    assert [type(entry) for entry in await session.transcript()] == [UserMessage, Reply, ToolResult]
    assert (await Agent(model, [weather]).run("Well?", history=session)).output == "Warm."


async def test_what_a_run_that_was_left_said_is_kept() -> None:
    session = Session()
    async with Agent(ScriptedModel(["A long answer. " * 20])).stream("Go", history=session) as run:
        async for event in run:
            if isinstance(event, TextDelta):
                break
    assert (await session.transcript()).entries[0] == user("Go")
    assert (await session.transcript()).unanswered == ()


async def test_of_two_runs_at_once_the_one_that_ends_last_fails() -> None:
    session = Session()
    other_ended = anyio.Event()

    @tool(read_only=True)
    async def wait() -> str:
        """Wait for the other run."""
        await other_ended.wait()
        return "It ended."

    run = Agent(ScriptedModel([[call("wait")], "1"]), [wait]).stream("One", history=session)

    async def beside_another() -> None:
        async with run:
            await Agent(ScriptedModel(["2"])).run("Two", history=session)
            other_ended.set()
            async for _ in run:
                pass

    with pytest.raises(SessionChanged, match="another run has written into session 'default' meanwhile") as caught:
        await beside_another()
    assert caught.value.transcript is not None
    assert caught.value.transcript.entries[0] == user("One")
    assert isinstance(run.records[-1].event, RunFailed)
    assert_records(run.records)
    assert [entry for entry in await session.transcript() if isinstance(entry, UserMessage)] == [user("Two")]


class Failing:
    """A store that is broken."""

    def __init__(self, *, loads: bool) -> None:
        self.loads = loads

    async def load(self, session_id: str) -> Transcript:
        if not self.loads:
            raise OSError(session_id)
        return Transcript()

    async def append(self, session_id: str, entries: Sequence[Entry], *, after: int) -> bool:
        raise OSError(session_id, entries, after)

    async def clear(self, session_id: str) -> None:
        raise OSError(session_id)


@pytest.mark.parametrize("loads", [True, False])
async def test_a_store_that_fails_fails_the_run(loads: bool) -> None:
    with pytest.raises(OSError, match="default"):
        await Agent(ScriptedModel(["1"])).run("One", history=Session(store=Failing(loads=loads)))


async def test_a_run_needs_something_to_say() -> None:
    with pytest.raises(UsageError, match="a run needs a prompt"):
        await Agent(ScriptedModel(["1"])).run(history=Session())


@pytest.mark.parametrize("name", ["", "x" * 513])
def test_a_session_has_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="1 to 512 characters"):
        Session(name)
