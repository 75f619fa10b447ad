"""A call as a running program sees it: what is known of it now, and a way to cancel it."""

from __future__ import annotations

from millstream.arguments.preview import preview
from millstream.events import Call, CallFailed, CallReturned, Failure, JsonValue
from millstream.routing.turn import CallState
from millstream.runtime.response import Response


class CallHandle:
    """The live view of one call: `run.calls[call.id]`. Everything is as of now and changes as the run goes on."""

    def __init__(self, call: Call, response: Response) -> None:
        self.call = call
        self._response = response

    def __repr__(self) -> str:
        return f"<call {self.call.id} of {self.call.name}, {self.state}>"

    @property
    def state(self) -> CallState:
        """Where the call is in its life: "receiving", "sealed", "asked", "running", "retrying", "ended" …"""
        return self._response.log.turn.state(self.call.id)

    @property
    def args_text(self) -> str:
        """The argument text so far, as the provider wrote it."""
        return self._response.router.calls[self.call.id].args_text

    @property
    def partial(self) -> JsonValue:
        """The arguments so far: strings grow, numbers and literals appear only whole. It changes in place."""
        routed = self._response.router.calls[self.call.id]
        if routed.sealed is not None:
            return routed.sealed.value
        return routed.arguments.partial if routed.arguments is not None else None

    def preview(self) -> str | None:
        """The argument text so far, completed to a JSON document to show; None where nothing of it can stand."""
        return preview(self.args_text)

    @property
    def args(self) -> JsonValue:
        """The arguments, once the call is sealed; None before."""
        routed = self._response.router.calls[self.call.id]
        return routed.sealed.value if routed.sealed is not None else None

    @property
    def result(self) -> JsonValue:
        """What the tool returned; None before, and for a call that failed."""
        end = self._response.log.turn.end(self.call.id)
        return end.result if isinstance(end, CallReturned) else None

    @property
    def failure(self) -> Failure | None:
        """How the call failed, None where it did not."""
        end = self._response.log.turn.end(self.call.id)
        return end.failure if isinstance(end, CallFailed) else None

    @property
    def exception(self) -> BaseException | None:
        """What the tool raised: for this process only, its text is in no event."""
        return self._response.dispatcher.exceptions.get(self.call.id)

    def cancel(self, reason: str = "cancelled by the caller") -> bool:
        """Cancel the call while the others go on; the model is told the reason. False where it has ended."""
        return self._response.cancel(self.call.id, reason)
