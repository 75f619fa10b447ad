"""Starts the tasks of tools: the only file that does. One task a call; its end is recorded whatever happens to it.

The plan decides which calls may start; the dispatcher records `CallStarted` before a body can have any effect, turns
every way a body can end into exactly one end of its call, and asks the plan again.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import anyio
from anyio.abc import TaskGroup

from millstream.answers import Approve, Deny
from millstream.arguments.assembler import canonical
from millstream.arguments.outcomes import Sealed
from millstream.errors import ModelRetry
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
)
from millstream.policy import Retry, Start
from millstream.routing.plan import Plan, Terms
from millstream.routing.surrogates import printable
from millstream.runtime.attempt import AttemptFailed, Body, RunContext
from millstream.runtime.guarding import Guarding
from millstream.runtime.outcomes import failure_of
from millstream.runtime.retry import retrying
from millstream.runtime.turn_log import TurnLog
from millstream.runtime.wake import Wake
from millstream.toolbox.signature import BoundArguments
from millstream.toolbox.tool import Tool


@dataclass(slots=True)
class _Job:
    call: Call
    tool: Tool[..., Any]
    args: JsonValue
    bound: BoundArguments
    digest: str
    scope: anyio.CancelScope | None = None
    cancelled_for: str | None = None
    guarded: anyio.CancelScope | None = None

    def give_up(self) -> None:
        """Nobody is to be asked about it any more, and it is not to work on."""
        for scope in (self.scope, self.guarded):
            if scope is not None:
                scope.cancel()


class Dispatcher:
    """The calls of one response, from sealed to ended.

    Args:
        tasks: where the tasks of tools live.
        log: where everything about the calls is recorded.
        shared: what all the calls of the run share.
        guarding: the guards of the run, if there are any.
    """

    def __init__(self, tasks: TaskGroup, log: TurnLog, shared: RunContext, guarding: Guarding | None = None) -> None:
        self.plan = Plan(shared.limits.max_concurrent_tools)
        self.exceptions: dict[str, BaseException] = {}
        """What tools raised, by call id: for the people of this process, never for the log."""
        self.guarding = guarding
        self._tasks = tasks
        self._log = log
        self._shared = shared
        self._jobs: dict[str, _Job] = {}
        self._whys: dict[str, str] = {}
        self._ended = Wake()

    def seal(self, call: Call, tool: Tool[..., Any], sealed: Sealed, item: int) -> None:
        """A call of a known tool was sealed: it waits for its turn from now on."""
        options = tool.options
        assert isinstance(sealed.bound, BoundArguments), "the arguments of a sealed call are bound"
        self._jobs[call.id] = job = _Job(call, tool, sealed.value, sealed.bound, digest(sealed.value))
        needed = options.needs_approval
        asks = needed(tool.named(sealed.value)) if callable(needed) else needed
        policy = self._shared.policy
        start = tool.start("end" if policy.moderation == "block" else policy.start)
        terms = Terms(start, asks, options.limit, options.exclusive)
        self.plan.seal(call, terms, item)
        if asks:
            self._log.emit(ApprovalRequested(call, job.args, job.digest))
            self._tasks.start_soon(self._ask, job, name=f"approval of {call.name}")
        self._check(job)

    def admit(self) -> bool:
        """Start the calls that may start now; returns whether any did. Their tools run from the next checkpoint on."""
        admitted = self.plan.admit()
        for call, state in admitted:
            job = self._jobs[call.id]
            self._log.emit(CallStarted(call, 1, state, job.digest))
            self._tasks.start_soon(self._run, job, state, name=f"tool {call.name}")
        for call, why in self.plan.waiting():
            if self._whys.get(call.id) != why:
                self._whys[call.id] = why
                self._log.emit(CallQueued(call, why))
        return bool(admitted)

    def fail_stranded(self, failure: Failure) -> None:
        """The response ended other than well: what it can not start any more ends now, and nobody is to be asked."""
        for call in self.plan.stranded():
            self.drop(call.id)
            self._end(CallFailed(call, failure))

    def drop(self, call_id: str) -> None:
        """A sealed call is ended before it started: it must not start, and nobody is to be asked."""
        self.plan.withdraw(call_id)
        job = self._jobs.get(call_id)
        if job is not None:
            job.give_up()

    def cancel(self, call_id: str, reason: str) -> bool:
        """Cancel one call that waits or is at work; False where it is neither."""
        job = self._jobs.get(call_id)
        if job is None or self._log.turn.state(call_id) == "ended":
            return False
        job.cancelled_for = reason = printable(reason)
        if self.plan.withdraw(call_id):
            self._end(CallFailed(job.call, Cancelled(reason)))
        job.give_up()
        return True

    async def idle(self) -> None:
        """Wait until every call that was sealed has ended."""
        while any(self._log.turn.state(call_id) != "ended" for call_id in self._jobs):
            await self._ended.wait()

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
            self._check(job)
        self._log.emit(ApprovalResolved(call, "approved", job.digest))
        self.plan.approve(call.id)

    def _deny(self, job: _Job, reason: str) -> None:
        self._log.emit(ApprovalResolved(job.call, "denied", job.digest, reason))
        self.plan.withdraw(job.call.id)
        self._end(CallFailed(job.call, Denied(reason)))

    def deny_waiting(self, reason: str) -> None:
        """Whatever has not started will not."""
        for call, _ in self.plan.waiting():
            self.drop(call.id)
            self._end(CallFailed(call, Denied(printable(reason))))

    def _check(self, job: _Job) -> None:
        """Have the guards judge a call with the arguments it would run with."""
        if self.guarding is None or not self.guarding.has_calls:
            return
        if job.guarded is not None:
            job.guarded.cancel()  # that was about other arguments
        job.guarded = anyio.CancelScope()
        self.plan.hold(job.call.id)
        self._tasks.start_soon(self._guard, job, self.guarding, job.guarded, name=f"guard of {job.call.name}")

    async def _guard(self, job: _Job, guarding: Guarding, scope: anyio.CancelScope) -> None:
        """The task that asks the guards about one call."""
        call = job.call
        refused: tuple[str, Exception | None] | None = None
        with scope:
            refused = await guarding.check_call(call, job.args)
        if scope.cancel_called or self._log.turn.state(call.id) == "ended":
            return
        if refused is None:
            self.plan.let_pass(call.id)
        else:
            reason, cause = refused
            if cause is not None:
                self.exceptions[call.id] = cause
            self.drop(call.id)
            self._end(CallFailed(call, Denied(reason)))
        self.admit()
        await self._log.flush()

    async def _run(self, job: _Job, state: Start) -> None:
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

    async def _attempts(self, job: _Job, state: Start) -> CallReturned | CallFailed:
        retry = job.tool.options.retry or Retry(attempts=1)
        body = Body(job.call, job.tool, job.bound, self._log.say)

        async def attempt(number: int) -> JsonValue:
            if number > 1:
                self._log.emit(CallStarted(job.call, number, state, job.digest))
                await self._log.flush()
            return await body.run(number, self._shared)

        def may_retry(error: BaseException) -> bool:
            cause = error.cause if isinstance(error, AttemptFailed) else None
            return isinstance(cause, retry.on) and not isinstance(cause, ModelRetry)  # that asks for other arguments

        def on_retry(number: int, pause_s: float, error: BaseException) -> None:
            assert isinstance(error, AttemptFailed)
            self._log.say(CallRetrying(job.call, number, pause_s, error.failure))

        try:
            return CallReturned(job.call, await retrying(attempt, retry, may_retry=may_retry, on_retry=on_retry))
        except AttemptFailed as failed:
            if failed.cause is not None:
                self.exceptions[job.call.id] = failed.cause
            return CallFailed(job.call, failed.failure)

    def _end(self, end: CallReturned | CallFailed) -> None:
        """The one place where a call that was sealed ends."""
        self._log.end(end)
        self.plan.release(end.call.id)
        self._ended.set()


def digest(args: JsonValue) -> str:
    """The name of the exact arguments of a call: the SHA-256 of their canonical JSON text, in hexadecimal."""
    return sha256(canonical(args).encode()).hexdigest()
