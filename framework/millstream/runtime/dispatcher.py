"""Starts the tasks of tools: the only file that does. One task a call; its end is recorded whatever happens to it.

The plan decides which calls may start; the dispatcher records `CallStarted` before a body can have any effect, turns
every way a body can end into exactly one end of its call, and asks the plan again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import anyio
from anyio.abc import TaskGroup

from millstream.answers import Approve, Deny
from millstream.arguments.assembler import canonical
from millstream.arguments.outcomes import Sealed
from millstream.errors import ArgsAborted, ModelRetry
from millstream.events import (
    ApprovalRequested,
    ApprovalResolved,
    Call,
    CallFailed,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallStarted,
    Cancelled,
    Denied,
    Failure,
    JsonValue,
    Rejected,
    StartState,
)
from millstream.policy import Retry
from millstream.routing.plan import Plan, Terms
from millstream.routing.routed_call import RoutedCall
from millstream.routing.surrogates import printable
from millstream.runtime.argstream import ArgReader, why_aborted
from millstream.runtime.attempt import AttemptFailed, Body, RunContext
from millstream.runtime.outcomes import failure_of
from millstream.runtime.retry import retrying
from millstream.runtime.turn_log import TurnLog
from millstream.runtime.wake import Wake
from millstream.toolbox.signature import BoundArguments
from millstream.toolbox.streamed_arguments import StreamedArguments
from millstream.toolbox.tool import Tool


@dataclass(slots=True)
class _Job:
    call: Call
    tool: Tool[..., Any]
    args: JsonValue
    bound: BoundArguments
    digest: str
    reader: ArgReader | None = None  # of a tool that reads an argument as it is written
    scope: anyio.CancelScope | None = None
    cancelled_for: str | None = None


class Dispatcher:
    """The calls of one response, from sealed to ended.

    Args:
        tasks: where the tasks of tools live.
        log: where everything about the calls is recorded.
        shared: what all the calls of the run share.
    """

    def __init__(self, tasks: TaskGroup, log: TurnLog, shared: RunContext) -> None:
        self.plan = Plan(shared.limits.max_concurrent_tools)
        self.exceptions: dict[str, BaseException] = {}
        """What tools raised, by call id: for the people of this process, never for the log."""
        self._tasks = tasks
        self._log = log
        self._shared = shared
        self._jobs: dict[str, _Job] = {}
        self._whys: dict[str, str] = {}
        self._ended = Wake()

    def seal(self, call: Call, tool: Tool[..., Any], sealed: Sealed, item: int) -> None:
        """A call of a known tool was sealed: it waits for its turn from now on."""
        options, bound = tool.options, sealed.bound
        assert isinstance(bound, BoundArguments), "the arguments of a sealed call are bound"
        at_work = self._jobs[call.id].reader if self._log.turn.started(call.id) else None
        if at_work is not None:
            at_work.commit()
            return
        reader = None if bound.source is None else ArgReader.of_sealed(bound.source)
        self._jobs[call.id] = job = _Job(call, tool, sealed.value, bound, digest(sealed.value), reader)
        needed = options.needs_approval
        asks = needed(tool.named(sealed.value)) if callable(needed) else needed
        policy = self._shared.policy
        start = tool.start("end" if policy.moderation == "block" else policy.start)
        terms = Terms(start, asks, options.limit, options.exclusive)
        self.plan.seal(call, terms, item)
        if asks:
            self._log.emit(ApprovalRequested(call, job.args, job.digest))
            self._tasks.start_soon(self._ask, job, name=f"approval of {call.name}")

    def open(self, routed: RoutedCall, tool: Tool[..., Any], on_left: Callable[[], object]) -> ArgReader:
        """All arguments of a call are settled but the one that its tool reads: from now on it waits for a place only.

        Returns its reader; `on_left` is told if the call ends before it is sealed.
        """
        call, source, options = routed.call, routed.arguments, tool.options
        assert isinstance(source, StreamedArguments), "the tool reads"
        assert source.bound is not None, "the others are settled"
        reader = ArgReader(source, self._shared.limits.cancel_grace_s, on_left)
        self._jobs[call.id] = _Job(call, tool, source.others, source.bound, digest(source.others), reader)
        self.plan.seal(call, Terms("streaming", limit=options.limit, exclusive=options.exclusive), routed.item)
        return reader

    def admit(self) -> bool:
        """Start the calls that may start now; returns whether any did. Their tools run from the next checkpoint on."""
        admitted = self.plan.admit()
        for call, state in admitted:
            job = self._jobs[call.id]
            self._log.emit(CallStarted(call, 1, state, job.digest))
            self._tasks.start_soon(self._run, job, state, name=f"tool {call.name}")
            if state == "streaming" and job.reader is not None:
                self._tasks.start_soon(job.reader.watch, name=f"watch of {call.name}")
        for call, why in self.plan.waiting():
            if self._log.turn.state(call.id) != "receiving" and self._whys.get(call.id) != why:
                self._whys[call.id] = why
                self._log.emit(CallQueued(call, why))
        return bool(admitted)

    def fail_stranded(self, failure: Failure) -> None:
        """The response ended other than well: what it can not start any more ends now, and nobody is to be asked."""
        for call in self.plan.stranded():
            self.drop(call.id)
            self._end(CallFailed(call, failure))

    def drop(self, call_id: str) -> None:
        """A call is ended by its arguments: it must not start, nobody is to be asked, and who reads it is told."""
        self.plan.withdraw(call_id)
        job, end = self._jobs.get(call_id), self._log.turn.end(call_id)
        if job is not None and job.reader is not None and isinstance(end, CallFailed):
            job.reader.abort(why_aborted(end))
        elif job is not None and job.scope is not None:
            job.scope.cancel()

    def cancel(self, call_id: str, reason: str) -> bool:
        """Cancel one call that waits or is at work; False where it is neither, or not sealed: see `drop`."""
        job = self._jobs.get(call_id)
        if job is None or self._log.turn.state(call_id) in ("ended", "receiving", "streaming"):
            return False
        job.cancelled_for = reason = printable(reason)
        if self.plan.withdraw(call_id):
            self._end(CallFailed(job.call, Cancelled(reason)))
        if job.scope is not None:
            job.scope.cancel()
        return True

    async def idle(self) -> None:
        """Wait until every call that was sealed has ended, and whoever has to undo something has done so."""
        while any(map(self._is_open, self._jobs.values())):
            await self._ended.wait()

    def _is_open(self, job: _Job) -> bool:
        return self._log.turn.state(job.call.id) != "ended" or (job.reader is not None and self.plan.works(job.call.id))

    async def _ask(self, job: _Job) -> None:
        """The task that asks the approver; where that fails, nobody has agreed."""
        approver, call = self._shared.approver, job.call
        assert approver is not None, "a tool that needs approval has an approver, see Agent"
        if self._log.turn.state(call.id) != "asked":
            return  # ended before anybody was asked
        answer: Approve | Deny = Deny("nobody answered")
        with anyio.CancelScope() as job.scope:
            try:
                answer = await approver(call, job.args)
            except Exception as error:  # noqa: BLE001  whatever it raises
                self.exceptions[call.id] = error
                answer = Deny(f"the approver failed: {type(error).__name__}")
        if self._log.turn.state(call.id) != "asked":
            return  # cancelled meanwhile
        if isinstance(answer, Approve):
            self._approve(job, answer)
        else:
            self._deny(job, printable(answer.reason))
        self.admit()
        await self._log.flush()

    def _approve(self, job: _Job, answer: Approve) -> None:
        """Let a call run, with edited arguments if they are right too."""
        call = job.call
        if answer.args is not None:
            if call.kind == "custom" and not isinstance(answer.args, str):
                self._deny(job, f"the approver's arguments are not valid: {call.name} takes one text")
                return
            arguments = job.tool.arguments(call.kind, self._shared.limits, coerce=self._shared.policy.coerce)
            arguments.feed(job.tool.written(call.kind, answer.args))
            outcome = arguments.close()
            if isinstance(outcome, Rejected):
                wrong = "; ".join(f"{problem.path} {problem.message}".strip() for problem in outcome.problems)
                self._deny(job, f"the approver's arguments are not valid: {wrong}")
                return
            assert isinstance(outcome.bound, BoundArguments)
            job.args, job.bound, job.digest = outcome.value, outcome.bound, digest(outcome.value)
        self._log.emit(ApprovalResolved(call, "approved", job.digest))
        self.plan.approve(call.id)

    def _deny(self, job: _Job, reason: str) -> None:
        self._log.emit(ApprovalResolved(job.call, "denied", job.digest, reason))
        self.plan.withdraw(job.call.id)
        self._end(CallFailed(job.call, Denied(reason)))

    async def _run(self, job: _Job, state: StartState) -> None:
        """The task of one call."""
        call = job.call
        end: CallReturned | CallFailed = CallFailed(call, Cancelled(job.cancelled_for or ""))
        try:
            await self._log.flush()  # its start is journaled before the body can have an effect
            with anyio.CancelScope() as job.scope:
                if job.cancelled_for is None:
                    end = await self._attempts(job, state)
            if job.scope.cancelled_caught:
                end = CallFailed(call, Cancelled(job.cancelled_for or ""))
        except anyio.get_cancelled_exc_class():
            self._end(CallFailed(call, Cancelled("the run was left")))
            raise
        except BaseException as error:  # KeyboardInterrupt and its like end the run, after the call is answered
            self._end(CallFailed(call, failure_of(error, self._shared.policy)))
            raise
        self._end(end)
        self.admit()
        await self._log.flush()

    async def _attempts(self, job: _Job, state: StartState) -> CallReturned | CallFailed:
        retry = job.tool.options.retry or Retry(attempts=1)
        body = Body(job.call, job.tool, job.bound, self._log.say, job.reader)

        async def attempt(number: int) -> JsonValue:
            if number > 1:
                self._log.emit(CallStarted(job.call, number, state, job.digest))
                await self._log.flush()
            run = partial(body.run, number, self._shared)
            return await (run() if job.reader is None else job.reader.attend(run))

        def may_retry(error: BaseException) -> bool:
            cause = error.cause if isinstance(error, AttemptFailed) else None
            return isinstance(cause, retry.on) and not isinstance(cause, ModelRetry)  # that asks for other arguments

        def on_retry(number: int, pause_s: float, error: BaseException) -> None:
            assert isinstance(error, AttemptFailed)
            self._log.say(CallRetrying(job.call, number, pause_s, error.failure))

        try:
            return CallReturned(job.call, await retrying(attempt, retry, may_retry=may_retry, on_retry=on_retry))
        except AttemptFailed as failed:
            if failed.cause is not None and not isinstance(failed.cause, ArgsAborted):
                self.exceptions[job.call.id] = failed.cause
            return CallFailed(job.call, failed.failure)

    def _end(self, end: CallReturned | CallFailed) -> None:
        """The one place where a call that was sealed, or had started, ends; one that was aborted has ended before."""
        reader = self._jobs[end.call.id].reader
        if reader is None or self._log.turn.state(end.call.id) != "ended":
            self._log.end(end)
        if reader is not None:
            reader.leave()  # what still comes of it is read by nobody
        self.plan.release(end.call.id)
        self._ended.set()


def digest(args: JsonValue) -> str:
    """The name of the exact arguments of a call: the SHA-256 of their canonical JSON text, in hexadecimal."""
    return sha256(canonical(args).encode()).hexdigest()
