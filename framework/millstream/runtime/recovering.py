"""What becomes of a response that did not end as it should: the declared policy, carried out.

The decision itself is `runtime.torn`'s. What stands is settled, what is asked for again leaves what it did to the
ledger, and nothing goes on behind a response that is given up.
"""

from __future__ import annotations

from millstream.errors import GuardBlocked, RunError
from millstream.events import Truncated, TurnRestarted
from millstream.policy import Policy
from millstream.runtime.conversation import Conversation
from millstream.runtime.event_log import EventLog
from millstream.runtime.ledger import Ledger
from millstream.runtime.response import Response
from millstream.runtime.torn import Torn, recovery
from millstream.transcript import Transcript


class Recovering:
    """Deals with the responses of one run that broke off.

    Args:
        log: the log of the run.
    """

    def __init__(self, log: EventLog) -> None:
        self.ledger = Ledger()
        """What the calls of a response that is asked for again have done."""
        self._log = log
        self._restarts = 0

    def stands(self) -> None:
        """A response stands: what came before it is done with."""
        self._restarts = 0
        self.ledger.clear()

    async def recover(self, response: Response, conversation: Conversation) -> bool:
        """Deal with a response that broke off: True where what is left of it stands, False where it is asked again.

        Raises:
            WireError: it can neither be saved nor asked for again.
            GuardBlocked: a guard did not let its text pass.
        """
        error = response.error
        if response.refused is not None:
            await self._close_refused(response, response.refused)
            raise response.refused
        if error is None:
            response.tear("closed after a rejected call", keep=True)
            await response.settle()
            return True
        torn = Torn(
            retryable=error.retryable,
            any_sealed=response.any_sealed,
            started_unrepeatable=_started_unrepeatable(response, conversation),
            restarts_left=conversation.limits.request_attempts - 1 - self._restarts,
        )
        what = recovery(conversation.policy, torn)
        response.tear(str(error), keep=what != "restart")
        if what == "salvage":
            await response.settle()
            return True
        if what == "restart":
            await _stop_calls(response, "the response is asked for again")
            self._restarts += 1
            response.dispatcher.leave_to(self.ledger)
            self._log.emit((TurnRestarted(response.turn),))
            return False
        await _stop_calls(response, "the response broke off")
        raise error

    async def _close_refused(self, response: Response, error: GuardBlocked) -> None:
        """Nothing more may come of a response: what has not started will not, what has is stopped."""
        response.dispatcher.deny_waiting(error.reason)
        response.tear(str(error), keep=True)
        await _stop_calls(response, "a guard blocked the response")


async def _stop_calls(response: Response, reason: str) -> None:
    for call_id in response.router.calls:
        response.dispatcher.cancel(call_id, reason)
    await response.dispatcher.idle()


def _started_unrepeatable(response: Response, conversation: Conversation) -> bool:
    toolbox, turn = conversation.toolbox, response.log.turn
    return any(
        turn.started(routed.call.id) and not toolbox[routed.call.name].options.repeatable
        for routed in response.router.calls.values()
    )


def check_truncation(response: Response, policy: Policy, transcript: Transcript) -> None:
    """Whether the run may go on after a response that hit its length limit.

    Raises:
        RunError: it was cut within a call, and the policy says to stop.
    """
    if policy.on_truncated != "raise":
        return
    cut = [end for end in response.log.turn.ends if isinstance(getattr(end, "failure", None), Truncated)]
    if cut:
        raise RunError(
            f"the response ended within a call of {cut[0].call.name}: allow longer answers, "
            'or Policy(on_truncated="answer") to tell the model',
            transcript,
        )
