"""Only calls of our own record are answered, and only with what they wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from millstream import (
    Answer,
    Approve,
    Deny,
    UsageError,
)
from millstream.answers import AnyAnswer
from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    CallReturned,
    Record,
    RunSuspended,
)
from millstream.journal.memory import MemoryJournal
from millstream.testing import check_records
from millstream.transcript import Reply, ToolResult, Transcript
from tests.suspending import ASK, LOOK, WIPE, A, B, C, World, of, state_of

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


# --- forged calls and answers that do not fit ---


@pytest.mark.parametrize("answer", [Approve(), Deny("no"), Answer("x")])
async def test_a_call_that_is_not_in_our_record_is_never_answered(answer: AnyAnswer) -> None:
    world = World()
    state = state_of(await world.agent([WIPE, LOOK]).run("Go."))
    for call_id in ("call-9-9", B, "wipe"):
        with pytest.raises(UsageError, match=rf"no call '{call_id}' waits .*: call-1-0 \(wipe\)\. Answer only"):
            world.agent().stream(resume=state, answers={A: Approve(), call_id: answer})
    assert world.did == ["saw sdb"]


async def test_nor_while_the_run_goes_on() -> None:
    world = World()
    agent = world.agent([WIPE, LOOK])
    refused = 0
    async with agent.stream("Go.") as run:
        with pytest.raises(UsageError, match="waiting: none"):
            run.approve(A)
        async for event in run:
            if isinstance(event, CallReturned):
                for act in (run.approve, run.deny, partial(run.answer, value=1)):
                    for call_id in ("call-9-9", event.call.id):
                        with pytest.raises(UsageError, match=rf"no call '{call_id}' waits .*call-1-0 \(wipe\)"):
                            act(call_id)
                        refused += 1
        with pytest.raises(UsageError, match=r"call-1-0 \(wipe\) is answered too late.*resume=run.state"):
            run.approve(A)
    with pytest.raises(UsageError, match="no call"):
        run.approve(A)
    assert refused == 6
    assert world.did == ["saw sdb"]
    assert check_records(run.records) == []


async def test_a_call_is_answered_once() -> None:
    world = World()
    async with world.agent([WIPE], "Done.").stream("Go.") as run:
        async for event in run:
            if isinstance(event, ApprovalRequested):
                run.approve(event.call.id)
                with pytest.raises(UsageError, match="no call"):
                    run.deny(event.call.id)
    assert world.did == ["wiped sda"]


BAD: dict[str, tuple[Mapping[str, Any], str]] = {
    "approval of a deferred call": ({C: Approve()}, r"call-1-2 \(ask_user\) is deferred, there is nothing to approve"),
    "arguments that are wrong": ({A: Approve({"disk": 7})}, r"call-1-0 \(wipe\) can not run .*/disk"),
    "arguments that are no JSON": ({A: Approve(object())}, "a object is no JSON value"),
    "a value that is no JSON": ({C: Answer(object())}, r"the answer to call-1-2 \(ask_user\) is no JSON value"),
    "what is no answer": ({A: True}, r"call-1-0 \(wipe\) was answered with bool: write Approve\(\)"),
}


@pytest.mark.parametrize("case", BAD)
async def test_an_answer_that_does_not_fit_is_refused_before_anything_runs(case: str) -> None:
    answers, message = BAD[case]
    world = World()
    agent = world.agent([WIPE, LOOK, ASK])
    state = state_of(await agent.run("Go."))
    with pytest.raises(UsageError, match=message):
        agent.stream(resume=state, answers=answers)
    assert world.did == ["saw sdb"]


async def test_the_same_while_the_run_goes_on_and_the_call_still_waits() -> None:
    agent = World().agent([WIPE, ASK])
    async with agent.stream("Go.") as run:
        async for event in run:
            if isinstance(event, AnswerRequested):
                with pytest.raises(UsageError, match="still waits: /disk"):
                    run.approve(A, {"disk": 7})
                with pytest.raises(UsageError, match="there is nothing to approve"):
                    run.approve(B)
                with pytest.raises(UsageError, match="no JSON value"):
                    run.answer(B, object())
                assert len(run.pending) == 2
    assert of(run.records, ApprovalResolved) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prompt": "Go."}, "prompt= can not go with resume="),
        ({"history": Transcript()}, "history= can not go with resume="),
        ({"run_id": "r"}, "run_id= can not go with resume="),
        ({"answers": [Approve()]}, "answers= is a dict"),
        ({"resume": 7}, "resume= takes run.state, or the text of its dump"),
        ({"resume": None, "answers": {}}, "answers= goes with resume="),
    ],
)
async def test_what_can_not_go_with_a_state(given: dict[str, Any], message: str) -> None:
    agent = World().agent([WIPE])
    state = state_of(await agent.run("Go."))
    with pytest.raises(UsageError, match=message):
        agent.stream(**cast("dict[str, Any]", {"resume": state, **given}))


async def test_a_history_with_a_result_of_a_call_nobody_made_is_refused() -> None:
    agent = World().agent([LOOK], "Done.")
    history = (await agent.run("Go.")).transcript
    reply = next(entry for entry in history if isinstance(entry, Reply))
    result = next(entry for entry in history if isinstance(entry, ToolResult))
    forged = replace(result, call=replace(result.call, id="call-1-7", name="wipe"))
    renamed = replace(result, call=replace(result.call, name="wipe"))
    for entries in ((*history, forged), (result, reply), (reply, renamed, result)):
        with pytest.raises(UsageError, match="results of calls that no reply in it made"):
            agent.stream("And now?", history=Transcript(tuple(entries)))


async def test_a_failing_journal_leaves_no_state() -> None:
    class Failing(MemoryJournal):
        async def append(self, run_id: str, records: Sequence[Record]) -> None:
            if any(isinstance(record.event, RunSuspended) for record in records):
                raise OSError("the disk is full")
            await super().append(run_id, records)

    async with World().agent([WIPE], journal=Failing()).stream("Go.") as run:
        with pytest.raises(OSError, match="full"):
            async for _ in run:
                pass
    assert run.state is None


async def test_a_slow_journal_keeps_the_question_before_the_run_suspends() -> None:
    class Slow(MemoryJournal):
        async def append(self, run_id: str, records: Sequence[Record]) -> None:
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            await super().append(run_id, records)

    async with World().agent([WIPE, ASK], "Done.", journal=Slow()).stream("Go.") as run:
        async for event in run:
            match event:
                case ApprovalRequested(call=asked):
                    run.approve(asked.id)
                case AnswerRequested(call=asked):
                    run.answer(asked.id, 1)
                case _:
                    pass
    assert run.output == "Done."
