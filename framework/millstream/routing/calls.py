"""The calls of one response: their identity, their arguments, and the moment at which each is closed as complete.

Takes the wire events that are about calls and gives events. It does not know whether a tool may start.
"""

from __future__ import annotations

from collections.abc import Callable

from millstream.arguments.outcomes import Settled
from millstream.errors import WireError
from millstream.events import (
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    Call,
    CallFailed,
    CallOpened,
    CallSealed,
    Cancelled,
    Event,
    Problem,
    Rejected,
    Truncated,
)
from millstream.routing.routed_call import OpenArguments, RoutedCall
from millstream.routing.surrogates import SurrogateJoiner, printable
from millstream.wire_events import ArgsPiece, ArgsWhole, CallBegan, CallClosed, CallLeft, Finished


class CallRouter:
    """Routes the calls of one response.

    Args:
        turn: the number of the response.
        open_arguments: asked for every call.
        has_started: whether the tool of a call, by its id, is at work or was, or never will be: the call has its end.
        taken_ids: provider ids of earlier calls of the run, which a new call must not share.
        max_calls: calls beyond it are rejected as they open.
        max_chars: of the argument text of a rejected call no more is kept.
    """

    def __init__(
        self,
        turn: int,
        open_arguments: OpenArguments,
        *,
        has_started: Callable[[str], bool],
        taken_ids: frozenset[str],
        max_calls: int,
        max_chars: int,
    ) -> None:
        self.calls: dict[str, RoutedCall] = {}
        """Every call of the response by its id, in call order."""
        self.frontier = -1
        """The number of the item opened last: the model has moved on from every call with a smaller one."""
        self._turn = turn
        self._open_arguments = open_arguments
        self._has_started = has_started
        self._taken = set(taken_ids)
        self._max_calls = max_calls
        self._max_chars = max_chars
        self._by_item: dict[int, RoutedCall] = {}
        self._blank: list[RoutedCall] = []
        self._halves = SurrogateJoiner[int]()

    def began(self, began: CallBegan) -> list[Event]:
        """A call opens: an earlier one without text is complete by that."""
        return [*self.moved_on(began.item), *self._open(began)]

    def piece(self, piece: ArgsPiece) -> list[Event]:
        """More argument text.

        Raises:
            WireError: the call was closed before, and its tool is already at work, or the call has its end.
        """
        return self._args(self._by_item[piece.item], self._halves.join(piece.item, piece.text))

    def whole(self, whole: ArgsWhole) -> list[Event]:
        """The provider's complete text: what is missing is fed; what says something else replaces what was streamed.

        Raises:
            WireError: as `piece`.
        """
        return self._whole(self._by_item[whole.item], whole.text)

    def closed(self, closed: CallClosed) -> list[Event]:
        """The provider closed a call."""
        return self._close(self._by_item[closed.item], complete=closed.complete)

    def left(self, left: CallLeft) -> list[Event]:
        """The stream turned to another call: a whole document is a closed call."""
        return self._leave(self._by_item.get(left.item))

    def cut(self, reason: str) -> list[Event]:
        """The response is given up: every call that is not sealed ends as `Truncated`."""
        return [event for routed in self.calls.values() for event in self._truncate(routed, reason)]

    def abandon(self, call_id: str, reason: str) -> list[Event]:
        """A call that is still being written is not wanted any more: it ends as `Cancelled`."""
        routed = self.calls.get(call_id)
        if routed is None or routed.ended or routed.sealed is not None:
            return []
        return [self._end(routed, Cancelled(reason))]

    def drain(self, call_id: str) -> None:
        """A call ended while it was being written: what still comes of it is kept for the transcript, and no more."""
        self.calls[call_id].ended = True
        self.calls[call_id].arguments = None

    def _open(self, began: CallBegan) -> list[Event]:
        index = len(self.calls)
        call = Call(
            id=f"call-{self._turn}-{index}",
            turn=self._turn,
            index=index,
            name=printable(began.name),
            provider_id=self._provider_id(printable(began.provider_id), index),
            kind=began.kind,
        )
        if index < self._max_calls:
            opened = self._open_arguments(call.name, call.kind)
        else:
            opened = Problem("", f"more than {self._max_calls} calls in one response", "limit", 0)
        routed = RoutedCall(call, began.item, None if isinstance(opened, Problem) else opened)
        self.calls[call.id] = self._by_item[began.item] = routed
        if isinstance(opened, Problem):
            return [CallOpened(call), self._end(routed, Rejected((opened,), 0))]
        return [CallOpened(call)]

    def _provider_id(self, given: str, index: int) -> str:
        """The provider's own id, or one made from it that no other call of the run has."""
        made = given or f"call_{self._turn}_{index}"
        while made in self._taken:
            made = f"{made}_{self._turn}_{index}"
        self._taken.add(made)
        return made

    def moved_on(self, item: int) -> list[Event]:
        """A new item opened: calls that were closed without text are complete now."""
        self.frontier = max(self.frontier, item)
        blank, self._blank = self._blank, []
        return [event for routed in blank for event in self._seal_blank(routed)]

    def _args(self, routed: RoutedCall, text: str) -> list[Event]:
        if not text:
            return []
        if routed.sealed is not None or (routed.closed_blank and not routed.ended):
            return self._late(routed, text)
        shown = printable(text)
        routed.chars += len(shown)
        if routed.ended:
            if routed.chars <= self._max_chars:
                routed.text.append(shown)
            return []
        routed.text.append(shown)
        events: list[Event] = [ArgsDelta(routed.call, shown)]
        if routed.arguments is not None:
            for outcome in routed.arguments.feed(text if routed.call.kind == "function" else shown):
                if isinstance(outcome, Settled):
                    events.append(ArgSettled(routed.call, outcome.path, outcome.value))
                elif isinstance(outcome, Rejected):
                    events.append(self._end(routed, outcome))
        return events

    def _rest(self, routed: RoutedCall) -> list[Event]:
        """Half a character at the end of the text is text as well."""
        return self._args(routed, self._halves.rest(routed.item))

    def _late(self, routed: RoutedCall, text: str) -> list[Event]:
        """Text for a call that was already closed."""
        if not text.strip():
            return []
        if self._has_started(routed.call.id):
            message = f"the provider sent more arguments for {routed.call.name} after it had closed the call"
            raise WireError(message, kind="protocol")
        at = len(routed.args_text)
        routed.sealed = None
        problem = Problem("", "more text came after the provider had closed the call", "json", at)
        return [self._end(routed, Rejected((problem,), at))]

    def _whole(self, routed: RoutedCall, whole: str) -> list[Event]:
        self._halves.rest(routed.item)  # the whole text has both halves
        if routed.ended:
            routed.text[:] = [printable(whole[: self._max_chars])]
            return []
        streamed = routed.args_text
        if whole.startswith(streamed):
            return self._args(routed, whole[len(streamed) :])
        if routed.sealed is not None or routed.closed_blank:
            return self._late(routed, whole)
        opened = self._open_arguments(routed.call.name, routed.call.kind)
        if isinstance(opened, Problem):
            return [self._end(routed, Rejected((opened,), 0))]
        routed.arguments = opened
        routed.text.clear()
        routed.chars = 0
        replaced, *rest = self._args(routed, whole) or [ArgsDelta(routed.call, "")]
        shown = replaced.text if isinstance(replaced, ArgsDelta) else ""
        return [ArgsReplaced(routed.call, shown), *rest]

    def _close(self, routed: RoutedCall, *, complete: bool) -> list[Event]:
        if routed.ended or routed.sealed is not None:
            return []
        if not complete:
            return self._truncate(routed, "incomplete")
        events = self._rest(routed)
        if events and isinstance(events[-1], CallFailed):
            return events
        if routed.call.kind == "function" and not routed.args_text.strip():
            routed.closed_blank = True
            self._blank.append(routed)
            return [*events, *(self.moved_on(self.frontier) if self.frontier > routed.item else [])]
        return [*events, *self._seal(routed)]

    def _leave(self, routed: RoutedCall | None) -> list[Event]:
        if routed is None or routed.sealed is not None or routed.arguments is None:
            return []
        whole = routed.arguments.complete and not self._halves.waits(routed.item)
        return self._seal(routed) if whole else []

    def _seal_blank(self, routed: RoutedCall) -> list[Event]:
        """No text at all means no arguments, once it is certain that none will come."""
        routed.closed_blank = False
        if routed.ended or routed.sealed is not None or routed.arguments is None:
            return []
        routed.arguments.feed("{}")
        return self._seal(routed)

    def _seal(self, routed: RoutedCall) -> list[Event]:
        if routed.arguments is None:
            return []
        outcome = routed.arguments.close()
        if isinstance(outcome, Rejected):
            return [self._end(routed, outcome)]
        routed.sealed = outcome
        return [CallSealed(routed.call, outcome.value)]

    def finished(self, finished: Finished) -> list[Event]:
        """The model stopped: a good end closes what is still open, any other cuts it."""
        events: list[Event] = []
        for routed in self.calls.values():
            if not finished.good:
                events += self._truncate(routed, printable(finished.reason))
                continue
            if routed.ended or routed.sealed is not None:
                continue
            events += self._rest(routed)
            if routed.call.kind == "function" and not routed.args_text.strip():
                events += self._seal_blank(routed)
            else:
                events += self._seal(routed)
        return events

    def _truncate(self, routed: RoutedCall, reason: str) -> list[Event]:
        if routed.ended or routed.sealed is not None:
            return []
        return [self._end(routed, Truncated(reason))]

    def _end(self, routed: RoutedCall, failure: Rejected | Truncated | Cancelled) -> CallFailed:
        routed.ended = True
        routed.rejected = failure if isinstance(failure, Rejected) else None
        routed.arguments = None
        return CallFailed(routed.call, failure)
