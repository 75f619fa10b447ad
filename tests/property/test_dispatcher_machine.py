"""Invariants 6, 7, 9, 10 and 11 of calls under a response, whatever model, tools, people and consumer do, in any order.

A state machine over a real run: random terms, then moves one by one. After each the log so far must be that of a lawful
run, and nothing may wait for what will never come; at the end nothing may be left.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millstream import Policy
from millstream.events import CallEnded, CallOpened, CallStarted, TurnTorn
from millstream.testing import check_records
from millstream.transcript import Reply, ToolResult
from tests.alive import no_task_left, nothing_left
from tests.property.deterministic import BACKENDS, Backend, run_in_loop
from tests.property.machine import Machine, Move
from tests.property.machine_setting import Setting, with_names
from tests.property.places import overcrowded
from tests.property.puppets import BodyKind, Terms

pytestmark = [pytest.mark.timeout(1800), pytest.mark.parametrize("backend", BACKENDS)]
EXAMPLES = settings(max_examples=settings().max_examples)
PATIENCE_S: Final = 20

_BODIES: Final[tuple[BodyKind, ...]] = ("async", "async", "async", "generator", "thread", "reading")
_STARTS: Final = (None, None, "eager", "safe", "end")


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    """A tool on any terms that go together."""
    body = draw(st.sampled_from(_BODIES))
    repeatable: Literal["no", "read", "again"] = draw(st.sampled_from(("no", "read", "again")))
    one = Terms(
        "tool",
        body,
        read_only=repeatable == "read",
        idempotent=repeatable == "again",
        priority=draw(st.sampled_from((0, 0, -1, 2))),
    )
    if body != "reading":
        one = replace(one, start=draw(st.sampled_from(_STARTS)), approval=draw(st.sampled_from((False, False, True))))
        if draw(st.integers(0, 7)) == 0:
            return replace(one, deferred=True)
    return replace(
        one,
        limit=draw(st.sampled_from((None, None, 1, 2))),
        exclusive=draw(st.sampled_from((None, None, None, "door", "door", True))),
        attempts=draw(st.sampled_from((1, 2))) if repeatable != "no" and body != "reading" else 1,
    )


_POLICIES: Final = st.builds(
    Policy,
    on_torn=st.sampled_from(("salvage", "retry", "raise")),
    on_reject=st.sampled_from(("drain", "drain", "abort")),
    start=st.sampled_from((None, None, None, "end")),
)
SETTINGS: Final = st.builds(
    Setting,
    st.lists(terms(), min_size=1, max_size=3).map(lambda tools: with_names(tuple(tools))),
    _POLICIES,
    max_concurrent=st.sampled_from((32, 32, 1, 2)),
    max_buffered=st.sampled_from((1000, 1000, 20)),
    approver=st.booleans(),
    guarded=st.sampled_from((False, False, True)),
    slow_journal=st.sampled_from((False, False, True)),
)
_OFTEN: Final = (*("call",) * 6, *("return",) * 4, "begin", "write", "write", "close", "approve", "judge", "judge")
_SELDOM: Final = (
    *("say", "end", "end", "cut", "spoil", "tool error", "raise", "raise", "exit", "progress", "hang"),
    *("edit", "deny", "answer", "cancel", "cancel", "stall", "stall"),
)
_LAST: Final = ("cancel all", "leave")
_NUMBERS: Final = st.integers(0, 20)


def _moves(kinds: tuple[str, ...], least: int, most: int) -> st.SearchStrategy[list[Move]]:
    return st.lists(st.tuples(st.sampled_from(kinds), _NUMBERS), min_size=least, max_size=most)


def _all(first: list[Move], rest: list[Move], last: list[Move]) -> list[Move]:
    return [*first, *rest, *last]


MOVES: Final = st.builds(_all, _moves(("call",), 1, 3), _moves(_OFTEN + _SELDOM, 0, 24), _moves(_LAST, 0, 1))


@EXAMPLES
@given(setting=SETTINGS, moves=MOVES)
def test_whatever_happens_to_the_calls_of_a_response_is_lawful(
    setting: Setting, moves: list[Move], backend: Backend
) -> None:
    steps = [0]

    def on_step() -> None:
        steps[0] += 1

    async def main() -> None:
        with anyio.fail_after(PATIENCE_S):
            machine = Machine(setting, steps)
            async with no_task_left():
                await _play(machine, moves)
                while machine.resume():
                    check_taken(machine)
                    await _play(machine, [])
            assert machine.model.open == 0
            await machine.free_threads()
            check_end(machine)

    with nothing_left():
        run_in_loop(backend, main, on_step)


async def _play(machine: Machine, moves: list[Move]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(machine.consume, name="consumer")
        await machine.settle()
        for move in moves:
            await machine.move(move)
            check_records_so_far(machine)
        await machine.finish()


def check_records_so_far(machine: Machine) -> None:
    """The log up to now is the beginning of a lawful one, and no call waits for nothing."""
    assert check_records(machine.records, complete=False) == []
    assert not machine.theatre.wrong
    assert machine.taken == machine.records[: len(machine.taken)]
    assert not machine.idle_calls


def check_taken(machine: Machine) -> None:
    """A consumer that stayed has taken everything."""
    assert machine.taken == machine.records[: len(machine.taken)]
    assert machine.left or len(machine.taken) == len(machine.records)


def check_end(machine: Machine) -> None:
    """The whole log is lawful, each call has one end, and the transcript can be gone on from."""
    records, transcript = machine.records, machine.run.transcript
    assert check_records(records) == []
    assert overcrowded(records, machine.setting) == []
    assert not machine.theatre.wrong
    check_taken(machine)
    events = [record.event for record in records]
    opened = [event.call.id for event in events if isinstance(event, CallOpened)]
    ended = [event.call.id for event in events if isinstance(event, CallEnded)]
    assert sorted(opened) == sorted(ended)
    assert transcript.unanswered == transcript.unasked == ()
    answered, due = list[str](), list[str]()
    for entry in transcript:
        if isinstance(entry, Reply):
            due = [call.id for call in entry.calls]
        elif isinstance(entry, ToolResult):
            assert entry.call.id == due.pop(0), "results are in call order"
            answered.append(entry.call.id)
    dropped = {call_id for event in events if isinstance(event, TurnTorn) for call_id in event.dropped}
    started = {event.call.id for event in events if isinstance(event, CallStarted)}
    assert started - dropped <= set(answered)
    machine.agent.stream("Go on.", history=transcript)  # which refuses one that can not be gone on from
