"""A run of which every part is moved by hand: its model, its tools, the people it asks, and its consumer.

A move is a kind and a number that says which of the things there are it is about; one that is about nothing just now
is no move. Between two moves everything that can go on does so, or only a little of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import anyio
from anyio.lowlevel import checkpoint

from millstream import Agent, Answer, Approve, Deny, Run, RunError, UsageError, WireError
from millstream.answers import AnyAnswer
from millstream.events import Call, JsonValue, Record
from millstream.guards import Block, Guards
from millstream.journal.memory import MemoryJournal
from tests.property.dictated import DictatedModel, Line
from tests.property.machine_setting import Setting, SlowJournal
from tests.property.puppets import Order, Puppet, Theatre, tool_of
from tests.property.questions import Questions

Move: TypeAlias = tuple[str, int]
RUN_ID: Final = "run"
MOST_CALLS: Final = 6
RESPONSES: Final = 3
_QUIET: Final = 3
_MOST_TURNS: Final = 3000
_ROUNDS: Final = 300


class Machine:
    """The run and all around it. `steps` counts those of the event loop, see `deterministic`."""

    def __init__(self, setting: Setting, steps: list[int]) -> None:
        self.setting = setting
        self.model = DictatedModel(RESPONSES)
        self.journal = SlowJournal() if setting.slow_journal else MemoryJournal()
        self.theatre = Theatre(lambda: self.records)
        self.agent = Agent(
            self.model,
            [tool_of(terms) for terms in setting.tools],
            approver=self._approve if setting.approver else None,
            guards=Guards(call=self._judge) if setting.guarded else None,
            policy=setting.policy,
            limits=setting.limits,
            journal=self.journal,
        )
        self.taken: list[Record] = []
        self.over = False
        """Whether the consumer has left the run."""
        self.left = False
        """Whether that was before its end."""
        self.run: Run = self.agent.stream("Go.", run_id=RUN_ID, deps=self.theatre)
        self._steps = steps
        self._asked = Questions()
        self._judged = Questions()
        self._stalled = self._unsettled = False
        self._go = anyio.Event()
        self._leave = anyio.CancelScope()

    @property
    def records(self) -> list[Record]:
        """The log so far."""
        return self.journal.records(RUN_ID)

    # --- the people ---

    async def consume(self) -> None:
        """The consumer's task: takes what comes, until the end or until it leaves."""
        self.over, self._leave = False, anyio.CancelScope()
        try:
            async with self.run as run:
                with self._leave:
                    async for record in run.follow():
                        self.taken.append(record)
                        while self._stalled:
                            await self._go.wait()
        except (WireError, RunError):
            pass
        finally:
            self.over = True

    async def _approve(self, call: Call, _: JsonValue) -> Any:
        return await self._asked.ask(call)

    async def _judge(self, call: Call, args: JsonValue, so_far: Any) -> Any:
        del args, so_far
        return await self._judged.ask(call)

    # --- moves ---

    async def move(self, move: Move) -> None:
        """Make one move, then let things go on."""
        kind, number = move
        self._moves[kind](self, number)
        self._unsettled = number % 5 == 1
        if self._unsettled:
            for _ in range(number // 5):
                await checkpoint()
        else:
            await self.settle()

    async def settle(self) -> None:
        """Wait until nothing goes on by itself any more."""
        quiet = 0
        for _ in range(_MOST_TURNS):
            before = self._steps[0]
            await checkpoint()
            quiet = quiet + 1 if self._steps[0] - before <= 1 else 0
            if quiet < _QUIET:
                continue
            if not self._threads_move:
                return
            quiet = 0
            await anyio.sleep(0.0002)  # a thread sets no event of the loop
        raise AssertionError("something never comes to rest")

    @property
    def _threads_move(self) -> bool:
        ending = any(one.told_to_end and one.terms.body == "thread" for one in list(self.theatre.at_work))
        return not self.over and (ending or self.theatre.threads_to_come)

    @property
    def idle_calls(self) -> list[str]:
        """Calls that wait though nothing goes on any more that could start them: they would do so for ever."""
        states = {} if self.over else {one.call.id: one.state for one in self.run.calls.values()}
        going_on = (
            self._line() is not None
            or self._asked.waiting
            or self._judged.waiting
            or self.theatre.at_work
            or self._unsettled
        )
        waits_for_others = any(state not in ("sealed", "answered", "ended", "deferred") for state in states.values())
        if going_on or waits_for_others:
            return []
        return [call_id for call_id, state in states.items() if state in ("sealed", "answered")]

    def _line(self) -> Line | None:
        line = self.model.line
        return None if line is None or line.over else line

    def _begin(self, number: int, *, whole: bool = False) -> None:
        line = self._line()
        if line is None or line.calls >= MOST_CALLS:
            return
        name = self.setting.tools[number % len(self.setting.tools)].name
        draft = line.begin(name, json.dumps({"key": f"k{number % 3} and so on"}))
        if whole:
            line.close(draft)

    def _write(self, number: int) -> None:
        line = self._line()
        if line is not None and line.drafts:
            line.write(_pick(line.drafts, number), 1 + number % 11)

    def _close(self, number: int) -> None:
        line = self._line()
        if line is not None and line.drafts:
            line.close(_pick(line.drafts, number))

    def _spoil(self, number: int) -> None:
        line = self._line()
        if line is not None and line.closed:
            line.spoil(_pick(line.closed, number))

    def _say(self, _: int) -> None:
        line = self._line()
        if line is not None:
            line.say()

    def _end(self, number: int) -> None:
        line = self._line()
        if line is None:
            return
        for draft in list(line.drafts) if number % 3 else []:
            line.close(draft)
        line.end(length=number % 7 == 0)

    def _cut(self, _: int) -> None:
        line = self._line()
        if line is not None:
            line.cut()

    def _tell(self, number: int, order: Order) -> None:
        at_work = [one for one in sorted(self.theatre.at_work, key=_place) if not (one.hung or one.told_to_end)]
        if at_work:
            _pick(at_work, number).tell(order)

    def _answer(self, number: int, answer: AnyAnswer) -> None:
        """Whoever is asked answers: the approver or, by way of the run, somebody else."""
        if self._asked.waiting and number % 4:
            self._asked.answer(number, answer)
        elif not self.over and self.run.pending:
            call = _pick(self.run.pending, number)
            deferred = self.run.calls[call.id].state == "deferred"
            try:
                self.run.calls[call.id].answer(Answer("so") if deferred and isinstance(answer, Approve) else answer)
            except UsageError as error:
                assert "too late" in str(error)  # noqa: PT017  anything else is wrong

    def _judge_one(self, number: int) -> None:
        if self._judged.waiting:
            self._judged.answer(number, Block("not this") if number % 4 == 0 else None)

    def _cancel(self, number: int) -> None:
        handles = [one for one in self.run.calls.values() if one.state != "ended"] if not self.over else []
        if handles:
            assert _pick(handles, number).cancel("enough of it")

    def _cancel_all(self, _: int) -> None:
        self.left = self.run.cancel(reason="enough") or self.left

    def _stall(self, number: int) -> None:
        self._stalled = number % 2 == 0
        if not self._stalled:
            self._go.set()
            self._go = anyio.Event()

    def _leave_it(self, _: int) -> None:
        self.left = True
        self._leave.cancel()

    _moves: Final[Mapping[str, Callable[[Any, int], None]]] = {
        "begin": _begin,
        "call": lambda self, number: self._begin(number, whole=True),
        "write": _write,
        "close": _close,
        "spoil": _spoil,
        "say": _say,
        "end": _end,
        "cut": _cut,
        "return": lambda self, number: self._tell(number, "return"),
        "tool error": lambda self, number: self._tell(number, "tool error"),
        "raise": lambda self, number: self._tell(number, "raise"),
        "exit": lambda self, number: self._tell(number, "exit"),
        "progress": lambda self, number: self._tell(number, "progress"),
        "hang": lambda self, number: self._tell(number, "hang"),
        "approve": lambda self, number: self._answer(number, Approve()),
        "edit": lambda self, number: self._answer(number, Approve({"key": "edited"})),
        "deny": lambda self, number: self._answer(number, Deny("no")),
        "answer": lambda self, number: self._answer(number, Answer("so")),
        "judge": _judge_one,
        "cancel": _cancel,
        "cancel all": _cancel_all,
        "stall": _stall,
        "leave": _leave_it,
    }

    # --- the end ---

    async def finish(self) -> None:
        """Let everybody do what is still to be done, until the run is over."""
        for number in range(_ROUNDS):
            await self.settle()
            if self.over:
                return
            self._stall(1)
            self._answer(1, Approve())
            self._judge_one(1)
            self._end(1)
            self._tell(0, "return")
            hung = [one for one in list(self.theatre.at_work) if one.hung]
            if hung and not self.over:
                self.run.calls[_pick(hung, number).context.call.id].cancel("it hangs")
        raise AssertionError("the run never ends")

    async def free_threads(self) -> None:
        """Let the threads go that nobody waits for any more."""
        while self.theatre.at_work:
            for one in list(self.theatre.at_work):
                one.tell("return")
            await anyio.sleep(0.0005)

    def resume(self) -> bool:
        """Go on with a run that was suspended; False where it was not."""
        state = self.run.state
        if state is None:
            return False
        answers: dict[str, AnyAnswer] = {
            call.id: Approve() if state.calls[call.id].waits_for == "approval" else Answer("late")
            for call in state.pending
        }
        self.run = self.agent.stream(resume=state, answers=answers, deps=self.theatre)
        return True


def _pick(things: Any, number: int) -> Any:
    return things[number % len(things)]


def _place(puppet: Puppet) -> tuple[int, int]:
    return puppet.context.call.turn, puppet.context.call.index
