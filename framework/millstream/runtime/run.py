"""A run: one background task that turns the loop, and the consumer's side of it.

`async with` owns the tasks, `async for` takes the events. Leaving the block early leaves nothing alive. A failure is
an event first and is then raised in the consumer's frame. No async generator owns a task group or a cancel scope. A
sub-agent's run has no consumer of its own: it is driven `within` the call that it serves.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, cast

import anyio
from anyio.abc import TaskGroup

from millstream.answers import Answer, AnyAnswer, Approve, Deny
from millstream.arguments.outcomes import Sealed
from millstream.errors import RunClosed, RunError, ToolError, WireError
from millstream.events import (
    Call,
    Event,
    JsonValue,
    Record,
    RunCancelled,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
    TextDelta,
    Usage,
)
from millstream.journal.memory import MemoryJournal
from millstream.prompt import Prompt, parts_of_prompt
from millstream.runtime.answering import not_waiting
from millstream.runtime.conversation import Conversation
from millstream.runtime.event_log import EventLog
from millstream.runtime.following import Following, failed
from millstream.runtime.groups import leave, only_leaf
from millstream.runtime.handle import CallHandle
from millstream.runtime.log import Log, Writer
from millstream.runtime.loop import TurnLoop
from millstream.runtime.nest import Nest
from millstream.runtime.output_view import changes, partial_output
from millstream.runtime.relay import Relay
from millstream.runtime.remembered import Remembered, remembered
from millstream.runtime.response import Response
from millstream.runtime.result import Result, Start
from millstream.runtime.resumed import Resumed
from millstream.runtime.scoped_log import ScopedLog
from millstream.runtime.state import RunState
from millstream.runtime.transports import Transports
from millstream.runtime.wake import loop_clock
from millstream.toolbox.output_type import Output
from millstream.toolbox.partial_model import PartialFields
from millstream.transcript import Transcript, UserMessage

if TYPE_CHECKING:
    from millstream.agent import Agent

_ENTER = "a run is entered first: async with agent.stream(prompt) as run: async for event in run: …"


class Run(Generic[Output]):
    """A run in progress. Made by `agent.stream(prompt)`; enter it, then iterate over its events.

    The iteration leaves out what sub-agents do, so that it does not mix with the answer; `follow` gives it, too.

    Raises, from the iteration:
        RunClosed: it was not entered, or was left.
        WireError: the provider failed; `error.transcript` holds what was said and done.
        RunError: a limit was reached, or the model gave no output of the type it was asked for (`OutputInvalid`).
    """

    def __init__(self, conversation: Conversation, start: Start) -> None:
        self.run_id: str = start.run_id
        self.output: Output | None = None
        """What the run was for, once it is finished; `result().output` then has it typed without None."""
        self.state: RunState | None = None
        """What to go on from once the run is suspended, with `agent.run(resume=run.state, answers=…)`; else None."""
        self._conversation = conversation
        self._start = start
        self._memory = MemoryJournal()
        self._tasks: TaskGroup | None = None
        self._log: EventLog | None = None
        self._nest: Nest | None = None
        self._loop: TurnLoop | None = None
        self._remembered: Remembered | None = None
        self._responses: dict[int, Response | Resumed] = {}
        self._handles: dict[str, CallHandle] = {}
        self._scope: anyio.CancelScope | None = None
        self._cancel_reason = "the run was left"
        self._failure: BaseException | None = None
        self._left = False

    # --- the consumer's side ---

    async def __aenter__(self) -> Self:
        if self._tasks is not None:
            raise RunClosed("a run is entered once: call agent.stream(prompt) again for another")
        limits, observer = self._conversation.limits, self._start.observer
        journal = self._start.journal if self._start.journal is not None else self._memory
        resumption = self._start.resumption
        seq = resumption.state.next_seq - 1 if resumption is not None else 0
        observe = None if observer is None else observer.feed
        self._remembered = await remembered(self._start.session, self._start.transcript, resumed=resumption is not None)
        log = Log(self.run_id, journal, loop_clock(), limits, seq, observe)
        self._begin(log, limits.max_agent_depth, self._remembered.transcript)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._drive, name=f"run {self.run_id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._tasks is not None, "exit follows enter"
        self._left = True
        await leave(self._tasks, kind, error, traceback)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        record = await self._next()
        while record.scope:
            record = await self._next()
        return record.event

    async def _next(self) -> Record:
        if self._log is None:
            raise RunClosed(_ENTER)
        if self._left:
            raise RunClosed("the run was left: iterate within its async with block")
        record = await self._log.take()
        if record is not None:
            return record
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        raise StopAsyncIteration

    def follow(self) -> AsyncIterator[Record]:
        """The events with numbers and times, those of sub-agents too: `scope` is the path of calls that they serve."""
        return Following(self._next)

    async def text_stream(self) -> AsyncIterator[str]:
        """Only the text of the answer, as it is written; a structured output is none of it, see `partials`."""
        async for event in self:
            if isinstance(event, TextDelta):
                yield event.text

    async def partials(self) -> AsyncIterator[PartialFields[Output]]:
        """The output as it fills in: `.value` with the fields that are there, `.final` the names of the complete ones.

        Each differs from the one before; a consumer that is slow gets the newest, and the last is the output. It takes
        the events: who needs them as well iterates over the run and reads `partial`.
        """
        if self._log is None:
            raise RunClosed(_ENTER)
        shown: PartialFields[Output] | None = None
        async for _ in changes(self, self._log):
            partial = self.partial
            if partial is not None and partial != shown:
                yield partial
            shown = partial

    @property
    def partial(self) -> PartialFields[Output] | None:
        """The output so far, to be shown only; None before there is any, and when a response is asked for again."""
        response = next(reversed(self._responses.values()), None)
        judge = self._loop.output if self._loop is not None else None
        return partial_output(self._conversation.output, response, judge, self.text)

    def cancel(self, call_id: str | None = None, reason: str = "cancelled by the caller") -> bool:
        """Cancel one call while the others go on, or, without an id, the whole run. False where there is none left."""
        if call_id is None:
            if self._scope is None or self._left:
                return False
            self._cancel_reason = reason
            self._scope.cancel()
            return True
        handle = self.calls.get(call_id)
        return handle is not None and handle.cancel(reason)

    def steer(self, prompt: Prompt) -> bool:
        """Say more while the run goes on: the model is told with the next request, at the latest.

        Where it can, it is told at once: over WebSocket the provider may cut the response short for it, and goes on in
        the next one. A response that was to be the last is followed by another. `RunSteered` is the event of it.

        Returns:
            False where the run has nothing more to ask: begin another with `history=run.transcript`.

        Raises:
            RunClosed: it was not entered.
            UsageError: it is no prompt, or too many wait already.
        """
        message = UserMessage(parts_of_prompt(prompt))
        if self._loop is None:
            raise RunClosed(_ENTER)
        return not self._left and self._failure is None and self._loop.steering.say(message)

    def approve(self, call_id: str, args: JsonValue = None) -> None:
        """Let a call of `pending` run, with `args` in place of those shown if they are given.

        Answer before you take the next event: once nothing else is left to do, and you wait, the run suspends.

        Raises:
            UsageError: it does not wait for that, `args` are not valid, or the run is suspended.
        """
        self._answer(call_id, Approve(args))

    def deny(self, call_id: str, reason: str = "") -> None:
        """Refuse a call of `pending`; the model is told the reason. See `approve`."""
        self._answer(call_id, Deny(reason))

    def answer(self, call_id: str, value: Any) -> None:
        """Give the result of a call of `pending`, in place of running a tool. See `approve`."""
        self._answer(call_id, Answer(value))

    def _answer(self, call_id: str, answer: AnyAnswer) -> None:
        handle = self.calls.get(call_id)
        if handle is None or self._left:
            raise not_waiting(call_id, self.pending)
        handle.answer(answer)

    @property
    def calls(self) -> dict[str, CallHandle]:
        """The live view of every call so far, by call id, in call order."""
        for response in self._responses.values():
            for call_id, routed in response.calls.items():
                if call_id not in self._handles:
                    self._handles[call_id] = CallHandle(routed.call, response, self._nest)
        return self._handles

    @property
    def text(self) -> str:
        """The text of the answer so far: that of the latest response, or its refusal where it says nothing else.

        An answer that the provider interrupted is that of all its responses.
        """
        texts: list[str] = []
        for response in reversed(self._responses.values()):
            if texts and not response.goes_on:
                break
            texts.insert(0, response.text)
        return "".join(texts)

    @property
    def usage(self) -> Usage:
        """Tokens so far, over all responses that have ended, those of sub-agents included."""
        return Usage() if self._loop is None or self._nest is None else self._loop.usage + self._nest.usage

    @property
    def transcript(self) -> Transcript:
        """What was said and done so far, every call with its answer: a response whose calls wait is in `state` only."""
        return self._loop.transcript if self._loop is not None else self._start.transcript

    @property
    def agent(self) -> Agent:
        """The agent that answers: the one that was asked, or the one that it handed over to."""
        agent: Agent = self._conversation.agent if self._loop is None else self._loop.agent
        return agent

    @property
    def records(self) -> list[Record]:
        """The log so far, where the run keeps it in memory; with a journal of your own, read that."""
        return self._memory.records(self.run_id)

    @property
    def pending(self) -> tuple[Call, ...]:
        """The calls that wait for an answer, `run.calls[call.id].args` being what was asked for."""
        return tuple(handle.call for handle in self.calls.values() if handle.state in ("asked", "deferred"))

    def result(self) -> Result[Output]:
        """What the run left, once it is finished or suspended."""
        output = cast("Output", self.output)
        said = (output, self.text, self.calls, self.usage, self.transcript)
        return Result(*said, self.records, self.run_id, self.agent, self.pending, self.state)

    async def within(self, nest: Nest, call: Call) -> None:
        """Run to the end within a call of another run, whose log and consumer take all that happens.

        Raises:
            ToolError: it was cancelled by itself. Else what iterating over it would raise.
        """
        depth_left = min(nest.depth_left - 1, self._conversation.limits.max_agent_depth)
        self._conversation = self._conversation.under(call.id, nest)
        self._begin(ScopedLog(nest.log, call.id), depth_left, self._start.transcript)
        await self._drive()
        if self._failure is not None:
            raise self._failure
        if self._scope is not None and self._scope.cancelled_caught:
            raise ToolError(f"{call.name} was cancelled: {self._cancel_reason}. It may have had part of its effect.")

    # --- the background task ---

    def _begin(self, log: EventLog, depth_left: int, transcript: Transcript) -> None:
        self._log, self._nest = log, Nest(log, depth_left, self._conversation.shared.at_work)
        self._conversation = self._conversation.nested(self._nest)
        self._loop = TurnLoop(self._conversation, transcript, log, self._on_response, self._start.resumption)

    def _on_response(self, response: Response | Resumed) -> None:
        self._responses[response.turn] = response

    async def _drive(self) -> None:
        """The run, from its first record to its last."""
        log, loop = self._log, self._loop
        assert log is not None, "the run was entered"
        assert loop is not None, "the run was entered"
        begun = RunStarted(self.run_id, self._conversation.model.name, self._start.prompt, time.time())
        log.emit((begun if self._start.resumption is None else RunResumed(self.run_id, time.time()),))
        last: Event | None = None
        try:
            with anyio.CancelScope() as self._scope:
                async with anyio.create_task_group() as tasks:
                    writer = Writer(log)
                    tasks.start_soon(writer.run, name=f"log of run {self.run_id}")
                    last = await self._turn_loop(tasks)
                    writer.stop()
        except* Exception as errors:  # noqa: BLE001  raised in the consumer's frame; a cancellation beside goes on
            self._failure = only_leaf(errors)
            last = failed(self._failure)
        finally:
            if not isinstance(last, RunSuspended):
                loop.leave()
                last = await self._remember(last)
            if isinstance(self._failure, WireError | RunError):
                self._failure.transcript = loop.transcript
            log.emit((last or RunCancelled(self._cancel_reason),))
            if isinstance(last, RunSuspended) and loop.suspended is not None:
                self.state = replace(loop.suspended, next_seq=log.next_seq)
            await self._close(log)

    async def _remember(self, last: Event | None) -> Event | None:
        """Have the session keep what was said and done; where it does not, that is how the run ended."""
        if self._remembered is None or self._loop is None:
            return last
        try:
            await self._remembered.keep(self._loop.transcript)
        except Exception as error:  # noqa: BLE001  raised in the consumer's frame
            if self._failure is None:
                self._failure = error
                return failed(error)
        return last

    async def _close(self, log: EventLog) -> None:
        """Have the last record kept, whatever became of the run; a journal that fails again is the run's failure."""
        try:
            with anyio.CancelScope(shield=True):
                await log.flush_all()
        except Exception as error:  # noqa: BLE001  raised in the consumer's frame
            self._failure = self._failure or error
            self.state = None
            log.give_up()
        log.close()

    async def _turn_loop(self, tasks: TaskGroup) -> Event:
        assert self._loop is not None
        kept = {} if self._start.transport is None else {self._conversation.model: self._start.transport}
        async with (
            Transports(tasks, kept) as transports,
            anyio.create_task_group() as tools,
            Relay(transports) as relay,
        ):
            await self._loop.run(relay, tools)
        if self._loop.suspended is not None:
            return RunSuspended(self._loop.suspended.pending)
        accepted = self._loop.output.accepted
        if accepted is None and not self._loop.wants_output:
            accepted = Sealed(self.text, self.text)
        self.output = None if accepted is None else cast("Output", accepted.bound)  # a stop rule ended it before
        return RunFinished(None if accepted is None else accepted.value, self.usage)
