"""Starts the tasks of tools: the only file that does. One task a call; its end is recorded whatever happens to it.

The plan decides which calls may start; the dispatcher records `CallStarted` before a body can have any effect, turns
every way a body can end into exactly one end of its call, and asks the plan again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
from anyio.abc import TaskGroup

from millstream.arguments.outcomes import Sealed
from millstream.errors import ArgsAborted, ModelRetry
from millstream.events import (
    ApprovalRequested,
    Call,
    CallFailed,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallStarted,
    Cancelled,
    Denied,
    Failure,
    StartState,
)
from millstream.policy import Retry
from millstream.routing.plan import Plan, Terms
from millstream.routing.routed_call import RoutedCall
from millstream.routing.surrogates import printable
from millstream.runtime.answering import WaitsFor
from millstream.runtime.approvals import Approvals
from millstream.runtime.argstream import ArgReader, why_aborted
from millstream.runtime.attempt import AttemptFailed, Body, RunContext
from millstream.runtime.guarding import Guarding
from millstream.runtime.job import Job
from millstream.runtime.ledger import Began, Did, Ledger
from millstream.runtime.outcomes import failure_of
from millstream.runtime.outlet import LogOutlet
from millstream.runtime.retry import retrying
from millstream.runtime.turn_log import TurnLog
from millstream.runtime.wake import Wake
from millstream.toolbox.output import Output
from millstream.toolbox.streamed_arguments import StreamedArguments
from millstream.toolbox.tool import Tool


class Dispatcher:
    """The calls of one response, from sealed to ended.

    Args:
        tasks: where the tasks of tools live.
        log: where everything about the calls is recorded.
        shared: what all the calls of the run share.
        guarding: the guards of the run, if there are any.
        ledger: what calls of the response in whose place this one was asked for have done.
    """

    def __init__(
        self,
        tasks: TaskGroup,
        log: TurnLog,
        shared: RunContext,
        guarding: Guarding | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.plan = Plan(shared.limits.max_concurrent_tools)
        self.exceptions: dict[str, BaseException] = {}
        """What tools raised, by call id: for the people of this process, never for the log."""
        self.guarding = guarding
        self._tasks = tasks
        self._log = log
        self._outlet = LogOutlet(log)
        self._shared = shared
        self._ledger = ledger or Ledger()
        self._jobs: dict[str, Job] = {}
        self._whys: dict[str, str] = {}
        self._ended = Wake()
        self.approvals = Approvals(self._jobs, self.plan, log, shared, self.exceptions)
        self.approvals.on_edit = self._check

    def open(self, call: Call, tool: Tool[..., Any] | None) -> None:
        """The model began a call, of a tool that is known or not."""
        self.plan.open(call, alone=tool is not None and tool.options.exclusive is True)

    def seal(self, call: Call, tool: Tool[..., Any], sealed: Sealed, item: int) -> None:
        """A call of a known tool was sealed: it waits for its turn from now on."""
        at_work = self._jobs[call.id].reader if self._log.turn.started(call.id) else None
        if at_work is not None:
            at_work.commit()
            return
        options = tool.options
        needed = options.needs_approval
        asks = needed(tool.named(sealed.value)) if callable(needed) else needed
        policy = self._shared.policy
        start = tool.start("end" if policy.moderation == "block" else policy.start)
        self._jobs[call.id] = job = Job.of(call, tool, sealed, start, self._shared)
        terms = Terms(start, asks, options.limit, options.exclusive, options.priority)
        self.plan.seal(call, terms, item)
        if asks:
            self._log.emit(ApprovalRequested(call, job.args, job.digest))
            self.ask_approver(job)
        self._check(job)

    def open_stream(self, routed: RoutedCall, tool: Tool[..., Any], on_left: Callable[[], object]) -> ArgReader:
        """All arguments of a call are settled but the one that its tool reads: from now on it waits for a place only.

        Returns its reader; `on_left` is told if the call ends before it is sealed.
        """
        call, source, options = routed.call, routed.arguments, tool.options
        assert isinstance(source, StreamedArguments), "the tool reads"
        assert source.bound is not None, "the others are settled"
        reader = ArgReader(source, self._shared.limits.cancel_grace_s, on_left)
        self._jobs[call.id] = Job.of_stream(call, tool, source, reader, self._shared)
        terms = Terms("streaming", False, options.limit, options.exclusive, options.priority)
        self.plan.seal(call, terms, routed.item)
        return reader

    def admit(self) -> bool:
        """Start the calls that may start now; returns whether any did. Their tools run from the next checkpoint on."""
        any_started = False
        while admitted := self.plan.admit():  # again, where a result that is reused has made room
            for call, state in admitted:
                any_started |= self._start(self._jobs[call.id], state)
        for call, why in self.plan.waiting():
            if self._log.turn.state(call.id) != "receiving" and self._whys.get(call.id) != why:
                self._whys[call.id] = why
                self._log.emit(CallQueued(call, why))
        return any_started

    def leave_to(self, ledger: Ledger) -> None:
        """The response is asked for again: note what its calls have done. All of them have ended, or never started."""
        for job in sorted(self._jobs.values(), key=lambda one: one.call.index):
            end = self._log.turn.end(job.call.id)
            if isinstance(end, CallReturned):
                output = Output(end.result, end.media)
                ledger.enter(job.call.name, job.digest, Did(job.call.id, job.key, output))
            elif self._log.turn.started(job.call.id):
                ledger.enter(job.call.name, job.digest, Began(job.call.id, job.key))

    def _start(self, job: Job, state: StartState) -> bool:
        """Start a call; False where what an earlier one did stands in for it, or somebody else has its result."""
        if job.tool.options.deferred:
            self.approvals.hand_out(job)
            return False
        call, entry = job.call, None
        if state != "streaming":  # the digest of which is not that of all arguments
            entry = self._ledger.take(call.name, job.digest)
        if entry is not None:
            job.key = entry.key
        if isinstance(entry, Did):
            self._log.emit(CallStarted(call, 1, state, job.digest, entry.call_id))
            self._end(CallReturned(call, entry.output.value, entry.output.media))
            return False
        self._log.emit(CallStarted(call, 1, state, job.digest))
        self._tasks.start_soon(self._run, job, state, name=f"tool {call.name}")
        if state == "streaming" and job.reader is not None:
            self._tasks.start_soon(job.reader.watch, name=f"watch of {call.name}")
        return True

    def fail_stranded(self, failure: Failure) -> None:
        """The response ended other than well: what it can not start any more ends now, and nobody is to be asked."""
        for call in self.plan.stranded():
            self.drop(call.id)
            self._end(CallFailed(call, failure))

    def drop(self, call_id: str) -> None:
        """A call has ended before it could go on by itself: it must not start, nobody is asked, its reader is told."""
        self.plan.withdraw(call_id)
        job, end = self._jobs.get(call_id), self._log.turn.end(call_id)
        if job is not None and job.reader is not None and isinstance(end, CallFailed):
            job.reader.abort(why_aborted(end))
        elif job is not None:
            job.give_up()

    def cancel(self, call_id: str, reason: str) -> bool:
        """Cancel one call that waits or is at work; False where it is neither, or not sealed: see `drop`."""
        job = self._jobs.get(call_id)
        if job is None or self._log.turn.state(call_id) in ("ended", "receiving", "streaming"):
            return False
        job.cancelled_for = reason = printable(reason)
        if self.plan.withdraw(call_id) or self.approvals.waits_for(call_id) is not None:
            self._end(CallFailed(job.call, Cancelled(reason)))
        job.give_up()
        return True

    async def idle(self) -> None:
        """Wait until every call that was sealed has ended, and whoever has to undo something has done so."""
        while any(map(self._is_open, self._jobs.values())):
            await self._ended.wait()

    async def at_rest(self) -> None:
        """Wait until every call has ended and is undone where it must be, or all others wait for answers from outside.

        In that case the consumer must have taken every record and wait for the next one: only then it had its chance to
        answer. From there on no answer is taken.
        """
        self._log.watch_consumer(self._ended.set)
        while waiting := [job.call.id for job in self._jobs.values() if self._is_open(job)]:
            if all(map(self._waits_outside, waiting)) and self._log.consumer_waits:
                self.approvals.closed = True
                return
            await self._ended.wait()

    def _waits_outside(self, call_id: str) -> bool:
        return self.approvals.waits_outside(call_id) and not self.plan.is_held(call_id)

    def _is_open(self, job: Job) -> bool:
        return self._log.turn.state(job.call.id) != "ended" or (job.reader is not None and self.plan.works(job.call.id))

    def adopt(self, job: Job, waits_for: WaitsFor) -> None:
        """Take up a call that was sealed in an earlier part of the run, and waits for its answer since."""
        self._jobs[job.call.id] = job
        self._log.turn.adopt(job.call.id, "asked" if waits_for == "approval" else "deferred")
        if waits_for == "approval":
            options = job.tool.options
            terms = Terms(job.start, True, options.limit, options.exclusive, options.priority)
            self.plan.seal(job.call, terms, job.call.index)
            self._check(job)

    def answer(self, call_id: str, answer: object) -> None:
        """Take an answer from outside.

        Raises:
            UsageError: the call does not wait for this, or the run is suspended.
        """
        self._answered(self.approvals.take(call_id, answer))

    def ask_approver(self, job: Job) -> None:
        """Have the approver asked about a call, if there is one."""
        if self._shared.approver is not None:
            self._tasks.start_soon(self._ask, job, name=f"approval of {job.call.name}")

    async def _ask(self, job: Job) -> None:
        """The task that asks the approver."""
        self._answered(await self.approvals.ask(job))
        await self._log.flush()

    def _answered(self, end: CallReturned | CallFailed | None) -> None:
        """A call was answered: it has ended, or waits for nobody any more."""
        if end is not None:
            self._end(end)
        self.admit()

    def deny_waiting(self, reason: str) -> None:
        """Whatever has not started will not."""
        for call, _ in self.plan.waiting():
            self.drop(call.id)
            self._end(CallFailed(call, Denied(printable(reason))))

    def _check(self, job: Job) -> None:
        """Have the guards judge a call with the arguments it would run with."""
        if self.guarding is None or not self.guarding.has_calls:
            return
        if job.guarded is not None:
            job.guarded.cancel()  # that was about other arguments
        job.guarded = anyio.CancelScope()
        self.plan.hold(job.call.id)
        self._tasks.start_soon(self._guard, job, self.guarding, job.guarded, name=f"guard of {job.call.name}")

    async def _guard(self, job: Job, guarding: Guarding, scope: anyio.CancelScope) -> None:
        """The task that asks the guards about one call."""
        call = job.call
        refused: tuple[str, Exception | None] | None = None
        with scope:
            refused = await guarding.check_call(call, job.args)
        if scope.cancel_called or self._log.turn.state(call.id) == "ended":
            return
        if refused is None:
            self.plan.let_pass(call.id)
            self._ended.set()  # it may be all that a suspension waits for
        else:
            reason, cause = refused
            if cause is not None:
                self.exceptions[call.id] = cause
            self.drop(call.id)
            self._end(CallFailed(call, Denied(reason)))
        self.admit()
        await self._log.flush()

    async def _run(self, job: Job, state: StartState) -> None:
        """The task of one call."""
        call = job.call
        end: CallReturned | CallFailed = CallFailed(call, Cancelled(job.cancelled_for or ""))
        try:
            await self._log.flush()  # its start is journaled before the body can have an effect
            with anyio.CancelScope() as job.scope:
                if job.cancelled_for is None:
                    end = await self._attempts(job, state)
            if job.scope.cancelled_caught:
                end = CallFailed(call, Cancelled(job.cancelled_for or "", stopped=not job.hold.let_go))
        except anyio.get_cancelled_exc_class():
            self._end(CallFailed(call, Cancelled("the run was left", stopped=not job.hold.let_go)))
            raise
        except BaseException as error:  # KeyboardInterrupt and its like end the run, after the call is answered
            self._end(CallFailed(call, failure_of(error, self._shared.policy)))
            raise
        self._end(end)
        self.admit()
        await self._log.flush()

    async def _attempts(self, job: Job, state: StartState) -> CallReturned | CallFailed:
        retry = job.tool.options.retry or Retry(attempts=1)
        body = Body(job.call, job.tool, job.bound, job.args, job.hold, self._outlet, job.key, job.reader)

        async def attempt(number: int) -> Output:
            if number > 1:
                self._log.emit(CallStarted(job.call, number, state, job.digest))
                await self._log.flush()
            run = partial(body.run, number, self._shared)
            if job.reader is None:
                return await run()
            return await job.reader.attend(run) or Output(None)  # which is not counted: the call has ended before

        def may_retry(error: BaseException) -> bool:
            cause = error.cause if isinstance(error, AttemptFailed) else None
            return isinstance(cause, retry.on) and not isinstance(cause, ModelRetry)  # that asks for other arguments

        def on_retry(number: int, pause_s: float, error: BaseException) -> None:
            assert isinstance(error, AttemptFailed)
            self._log.say(CallRetrying(job.call, number, pause_s, error.failure))

        try:
            output = await retrying(attempt, retry, may_retry=may_retry, on_retry=on_retry)
            return CallReturned(job.call, output.value, output.media)
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
