"""A call as a running program sees it: what is known of it now, and a way to cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from millstream.answers import AnyAnswer
from millstream.arguments.partial import Partial
from millstream.arguments.preview import preview
from millstream.events import Call, CallFailed, CallReturned, Failure, JsonValue
from millstream.routing.turn import CallState
from millstream.runtime.nest import Nest
from millstream.runtime.response import Response
from millstream.runtime.resumed import Resumed
from millstream.toolbox.partial_model import PartialFields, read_partial

if TYPE_CHECKING:
    from millstream.runtime.run import Run

T = TypeVar("T")


class CallHandle:
    """The live view of one call: `run.calls[call.id]`. Everything is as of now and changes as the run goes on."""

    def __init__(self, call: Call, response: Response | Resumed, nest: Nest | None = None) -> None:
        self.call = call
        self._response = response
        self._nest = nest

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
    def partial(self) -> Partial:
        """The arguments so far, part by part: `call.partial["city"].value`, and `.final` once that will not change.

        What has not begun is not there (`"city" in call.partial`); `call.partial.value` is the whole so far, None
        before it begins and once it was rejected.
        """
        routed = self._response.router.calls[self.call.id]
        if routed.sealed is not None:
            return Partial(routed.sealed.value, None)
        if routed.arguments is None:
            return Partial(None, ())
        return Partial(routed.arguments.partial, routed.arguments.open_path)

    def partial_as(self, kind: type[T], *path: str | int) -> PartialFields[T]:
        """The arguments so far as a pydantic model or TypedDict: `.value` with the fields there, `.final` their names.

        Args:
            kind: the model or TypedDict.
            path: where in the arguments it is: "order" for the parameter `order: Order`; nothing for all arguments.

        Raises:
            UsageError: `kind` has no fields.
        """
        part = self.partial
        for step in path:
            part = part[step] if step in part else Partial(None, ())
        return read_partial(kind, part)

    def preview(self) -> str | None:
        """The argument text so far, completed to a JSON document to show; None where nothing of it can stand.

        The free text of a custom call is shown as it is.
        """
        return self.args_text if self.call.kind == "custom" else preview(self.args_text)

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

    def answer(self, answer: AnyAnswer) -> None:
        """Answer a call that waits for it, as `run.approve`, `run.deny` and `run.answer` do.

        Raises:
            UsageError: it does not wait for that, or the run is suspended.
        """
        self._response.dispatcher.answer(self.call.id, answer)

    @property
    def run(self) -> Run[Any] | None:
        """The run of the sub-agent that serves the call, the latest of several: its `calls`, `text`, `usage` …

        None before it begins, and for a call of another tool. Its events are in the log of the run around it.
        """
        runs = self._nest.runs.get(self.call.id) if self._nest is not None else None
        return runs[-1] if runs else None

    def cancel(self, reason: str = "cancelled by the caller") -> bool:
        """Cancel the call while the others go on; the model is told the reason. False where it has ended."""
        return self._response.cancel(self.call.id, reason)
