"""The calls of one response that wait for a person or a client, and what becomes of the answers.

An answer comes from the approver, who is asked inline, or from outside while the run goes on. Only a call that the
response itself made and that waits takes one: whoever names another id gets an error, and nothing runs. It starts no
task and does not know when a run is suspended, only that from then on no answer is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import TypeAlias, assert_never

import anyio

from millstream.answers import Answer, AnyAnswer, Approve, Deny
from millstream.errors import UsageError
from millstream.events import AnswerRequested, ApprovalResolved, CallFailed, CallReturned
from millstream.routing.plan import Plan
from millstream.runtime.answering import WaitsFor, denial, edited, fitting, named, not_waiting, result
from millstream.runtime.attempt import RunContext
from millstream.runtime.job import Job
from millstream.runtime.turn_log import TurnLog

End: TypeAlias = CallReturned | CallFailed


class Approvals:
    """What waits for an answer among the jobs of a dispatcher.

    Args:
        jobs: all of them, by call id.
        plan: decides when what was approved starts.
        log: where questions and answers are recorded.
        shared: what all the calls of the run share.
        exceptions: takes what the approver raises, by call id.
    """

    def __init__(
        self,
        jobs: dict[str, Job],
        plan: Plan,
        log: TurnLog,
        shared: RunContext,
        exceptions: dict[str, BaseException],
    ) -> None:
        self.closed = False
        """Whether the run is suspended: answers are for whoever resumes it."""
        self.on_edit: Callable[[Job], None] = lambda _: None
        """Told of a call that is to run with other arguments than before."""
        self._jobs = jobs
        self._plan = plan
        self._log = log
        self._shared = shared
        self._exceptions = exceptions

    def waits_for(self, call_id: str) -> WaitsFor | None:
        """What a call waits for from a person or a client, None where it does not."""
        match self._log.turn.state(call_id):
            case "asked":
                return "approval"
            case "deferred":
                return "answer"
            case _:
                return None

    def waits_outside(self, call_id: str) -> bool:
        """Whether its answer can only come from outside: no approver of ours is being asked."""
        waits_for = self.waits_for(call_id)
        return waits_for == "answer" or (waits_for == "approval" and self._shared.approver is None)

    @property
    def waiting(self) -> list[tuple[Job, WaitsFor]]:
        """The jobs that wait, in call order, and what each waits for."""
        jobs = sorted(self._jobs.values(), key=lambda job: job.call.index)
        return [(job, waits_for) for job in jobs if (waits_for := self.waits_for(job.call.id)) is not None]

    def hand_out(self, job: Job) -> None:
        """A deferred call may begin: from now on its result is waited for."""
        self._plan.release(job.call.id)
        self._log.emit(AnswerRequested(job.call, job.args, job.digest))

    def take(self, call_id: str, answer: object) -> End | None:
        """An answer from outside. The end of the call, None where it may run now.

        Raises:
            UsageError: the call does not wait for this, or the run is suspended.
        """
        waits_for = self.waits_for(call_id)
        if waits_for is None:
            raise not_waiting(call_id, [job.call for job, _ in self.waiting])
        job = self._jobs[call_id]
        if self.closed:
            raise UsageError(
                f"{named(job.call)} is answered too late, the run is suspended: "
                f'go on with agent.run(resume=run.state, answers={{"{call_id}": …}})'
            )
        fit = fitting(job.call, waits_for, answer)
        if isinstance(fit, Approve) and fit.args is not None:
            sealed = edited(job.call, job.tool, fit.args, self._shared)
            if isinstance(sealed, str):
                raise UsageError(f"{named(job.call)} can not run with the edited arguments, and still waits: {sealed}")
            job.edit(sealed)
            self.on_edit(job)
        if job.scope is not None:
            job.scope.cancel()  # the approver need not think about it any more
            job.scope = None
        return self._resolve(job, fit)

    async def ask(self, job: Job) -> End | None:
        """Ask the approver; where that fails, nobody has agreed. The end of the call, None where there is none now."""
        approver, call = self._shared.approver, job.call
        assert approver is not None, "asked only where there is one"
        if self.waits_for(call.id) is None:
            return None  # ended before anybody was asked
        answer: object = Deny("nobody answered")
        with anyio.CancelScope() as job.scope:
            try:
                said = approver(call, job.args)
                answer = await said if isawaitable(said) else said
            except Exception as error:  # noqa: BLE001  whatever it raises
                self._exceptions[call.id] = error
                answer = Deny(f"the approver failed: {type(error).__name__}")
        if self.waits_for(call.id) is None:
            return None  # cancelled or answered meanwhile
        return self._resolve(job, self._usable(job, answer))

    def _usable(self, job: Job, answer: object) -> AnyAnswer:
        """What the approver said; what can not be done is a refusal: there is no line of code to raise it in."""
        try:
            fit = fitting(job.call, "approval", answer)
        except UsageError as error:
            self._exceptions[job.call.id] = error
            return Deny(f"the approver's answer can not be used: {type(answer).__name__}")
        if isinstance(fit, Approve) and fit.args is not None:
            sealed = edited(job.call, job.tool, fit.args, self._shared)
            if isinstance(sealed, str):
                return Deny(f"the approver's arguments are not valid: {sealed}")
            job.edit(sealed)
            self.on_edit(job)
        return fit

    def _resolve(self, job: Job, answer: AnyAnswer) -> End | None:
        call = job.call
        match answer:
            case Approve():
                self._log.end(ApprovalResolved(call, "approved", job.digest))
                self._plan.approve(call.id)
                return None
            case Deny(reason=reason):
                resolved: ApprovalResolved
                end: End
                resolved, end = denial(call, job.digest, reason)
            case Answer(value=value):
                resolved, end = result(call, job.digest, value)
            case _:
                assert_never(answer)
        self._plan.withdraw(call.id)
        self._log.end(resolved)
        return end
