"""The calls of a suspended response, taken up again: what was answered goes on, the rest waits as before.

It stands in for the response that made them, which this process has not seen: the live view of calls, cancelling and
the transcript work as there. Questions and answers are those of the dispatcher, see `runtime.approvals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from millstream.answers import Answer, AnyAnswer, Approve, Deny
from millstream.arguments.outcomes import Sealed
from millstream.events import CallFailed, Rejected
from millstream.routing.routed_call import RoutedCall
from millstream.runtime.answering import denial, result
from millstream.runtime.attempt import RunContext
from millstream.runtime.dispatcher import Dispatcher
from millstream.runtime.job import Job
from millstream.runtime.outcomes import tool_result
from millstream.runtime.resumption import Resumption, restored
from millstream.runtime.state import PendingCall
from millstream.runtime.turn_log import TurnLog
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import CallItem, Entry, ToolResult


@dataclass(frozen=True, slots=True)
class Routed:
    """The calls, where a response has its router."""

    calls: dict[str, RoutedCall]


class Resumed:
    """The response of a suspended run, whose calls waited. `begin` it, `settle` it, then take its `entries`.

    Args:
        resumption: the state and the answers.
        toolbox: the tools that may be called.
        dispatcher: starts them.
        log: records everything.
        shared: what all the calls of the run share.
    """

    goes_on = False

    def __init__(
        self, resumption: Resumption, toolbox: Toolbox, dispatcher: Dispatcher, log: TurnLog, shared: RunContext
    ) -> None:
        state = resumption.state
        self.dispatcher = dispatcher
        self.log = log
        self.router = Routed({})
        self._answers = resumption.answers
        self._pending = state.calls
        self._shared = shared
        self._reply = state.reply
        self._results = state.results
        self._restored = {pending.call.id: restored(pending, toolbox, shared) for pending in self._pending.values()}
        texts = {item.call.id: item.args_text for item in self._reply.items if isinstance(item, CallItem)}
        for call_id, pending in self._pending.items():
            job = self._restored[call_id]
            sealed = Sealed(pending.args, job.bound if isinstance(job, Job) else None)
            self.router.calls[call_id] = RoutedCall(pending.call, pending.call.index, None, [texts[call_id]], sealed)

    @property
    def turn(self) -> int:
        """The number of the response."""
        return self._reply.turn

    @property
    def calls(self) -> dict[str, RoutedCall]:
        """Its calls that waited, by id, in call order."""
        return self.router.calls

    @property
    def text(self) -> str:
        """What the response said."""
        return self._reply.text

    def begin(self) -> None:
        """Take up the calls, and let those go on that were answered."""
        self.dispatcher.plan.end()
        for call_id, pending in self._pending.items():
            job = self._restored[call_id]
            answer = self._answers.get(call_id)
            if isinstance(job, Rejected):
                self._end_unrunnable(pending, job, answer)
                continue
            self.dispatcher.adopt(job, pending.waits_for)
            if answer is not None:
                self.dispatcher.answer(call_id, answer)
            elif pending.waits_for == "approval":
                self.dispatcher.ask_approver(job)

    async def settle(self) -> None:
        """Wait until its calls have ended, or what has not waits for answers."""
        await self.log.flush()
        await self.dispatcher.at_rest()

    def cancel(self, call_id: str, reason: str) -> bool:
        """Cancel one of its calls; False where it has ended."""
        return self.dispatcher.cancel(call_id, reason)

    def entries(self) -> tuple[Entry, ...]:
        """The response with the results there are, in call order."""
        limit = self._shared.limits.max_result_chars
        results = [*self._results, *(tool_result(end, limit) for end in self.log.turn.ends)]
        return (self._reply, *sorted(results, key=_place))

    def _end_unrunnable(self, pending: PendingCall, why: Rejected, answer: AnyAnswer | None) -> None:
        """The end of a call whose tool is gone, or takes other arguments now: it is answered, but never run."""
        call = pending.call
        self.log.turn.adopt(call.id, "asked" if pending.waits_for == "approval" else "deferred")
        match answer:
            case None | Approve():
                self.log.emit(CallFailed(call, why))
            case Deny(reason=reason):
                self.log.emit(*denial(call, pending.digest, reason))
            case Answer(value=value):
                self.log.emit(*result(call, pending.digest, value))
            case _:
                assert_never(answer)


def _place(result: ToolResult) -> int:
    return result.call.index
