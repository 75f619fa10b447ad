"""Splits a response into text and calls: wire events in, events out.

It decides nothing about calls itself (`routing.calls` does) and does not know that there are tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from millstream.events import (
    AnnotationAdded,
    Event,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    ServerToolUpdated,
    TextDelta,
    TextReplaced,
    TurnEnded,
)
from millstream.limits import Limits
from millstream.routing.calls import CallRouter
from millstream.routing.json_safe import safe_object
from millstream.routing.routed_call import OpenArguments, RoutedCall
from millstream.routing.surrogates import SurrogateJoiner, printable
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    CallLeft,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    TextWhole,
    WireEvent,
)

_LIMITS: Final = Limits()
_Piece: TypeAlias = TextPiece | ReasoningPiece | RefusalPiece
_DELTAS: Final[Mapping[type[_Piece], Callable[[str, int, int], Event]]] = {
    TextPiece: TextDelta,
    ReasoningPiece: ReasoningDelta,
    RefusalPiece: RefusalDelta,
}


class Router:
    """Routes one response.

    Args:
        turn: the number of the response.
        open_arguments: a tool's name and the kind of call -> what checks its arguments, or why there is no such call.
        has_started: whether the tool of a call, by its id, is at work or was, or never will be: the call has its end.
        taken_ids: provider ids of earlier calls of the run, which a new call must not share.
        max_calls: calls beyond it are rejected as they open.
        max_args_chars: of the argument text of a rejected call no more is kept.
    """

    def __init__(
        self,
        turn: int,
        open_arguments: OpenArguments,
        *,
        has_started: Callable[[str], bool] = lambda _: False,
        taken_ids: frozenset[str] = frozenset(),
        max_calls: int = _LIMITS.max_calls_per_turn,
        max_args_chars: int = _LIMITS.max_args_chars,
    ) -> None:
        self.finished: Finished | None = None
        """Why the model stopped, once it has."""
        self.ended: Ended | None = None
        """The end of the response, once it is complete."""
        self.broke: Broke | None = None
        """How the response broke off, if it did."""
        self._turn = turn
        self._halves = SurrogateJoiner[tuple[type[_Piece], int]]()
        self._calls = calls = CallRouter(
            turn,
            open_arguments,
            has_started=has_started,
            taken_ids=taken_ids,
            max_calls=max_calls,
            max_chars=max_args_chars,
        )
        self._handlers: dict[type[WireEvent], Callable[[Any], list[Event]]] = {
            TextPiece: self._on_piece,
            TextWhole: self._on_whole_text,
            RefusalPiece: self._on_piece,
            ReasoningPiece: self._on_piece,
            AnnotationPiece: self._on_annotation,
            ItemOpened: self._on_item,
            CallBegan: calls.began,
            ArgsPiece: calls.piece,
            ArgsWhole: calls.whole,
            CallClosed: calls.closed,
            CallLeft: calls.left,
            ServerToolMoved: self._on_server_tool,
            Echo: self._on_echo,
            Finished: self._on_finished,
            Ended: self._on_ended,
            Broke: self._on_broke,
            Passed: self._on_passed,
        }

    @property
    def calls(self) -> dict[str, RoutedCall]:
        """Every call of the response by its id, in call order."""
        return self._calls.calls

    @property
    def frontier(self) -> int:
        """The number of the item opened last: the model has moved on from every call with a smaller one."""
        return self._calls.frontier

    def feed(self, event: WireEvent) -> list[Event]:
        """The events that one wire event stands for.

        Raises:
            WireError: argument text came for a call whose tool is already at work.
        """
        return self._handlers[type(event)](event)

    def cut(self, reason: str) -> list[Event]:
        """The response is given up: every call that is not sealed ends as `Truncated`."""
        return self._calls.cut(reason)

    def abandon(self, call_id: str, reason: str) -> list[Event]:
        """A call that is still being written is not wanted any more: it ends as `Cancelled`."""
        return self._calls.abandon(call_id, reason)

    def drain(self, call_id: str) -> None:
        """A call ended while it was being written: what still comes of it is kept for the transcript, and no more."""
        self._calls.drain(call_id)

    def _on_piece(self, piece: _Piece) -> list[Event]:
        return self._delta(type(piece), piece.item, self._halves.join((type(piece), piece.item), piece.text))

    def _delta(self, kind: type[_Piece], item: int, text: str) -> list[Event]:
        return [_DELTAS[kind](printable(text), self._turn, item)] if text else []

    def _rest_of_texts(self) -> list[Event]:
        """The halves of characters that stayed alone."""
        return [event for (kind, item), half in self._halves.rests() for event in self._delta(kind, item, half)]

    def _on_whole_text(self, whole: TextWhole) -> list[Event]:
        self._halves.rest((TextPiece, whole.item))  # the whole text has both halves
        return [TextReplaced(printable(whole.text), self._turn, whole.item)]

    def _on_annotation(self, piece: AnnotationPiece) -> list[Event]:
        return [AnnotationAdded(safe_object(piece.annotation), self._turn, piece.item)]

    def _on_item(self, opened: ItemOpened) -> list[Event]:
        return self._calls.moved_on(opened.item)

    def _on_server_tool(self, moved: ServerToolMoved) -> list[Event]:
        data = safe_object(moved.data)
        return [ServerToolUpdated(printable(moved.tool), printable(moved.status), data, self._turn, moved.item)]

    def _on_echo(self, echo: Echo) -> list[Event]:
        del echo  # for the transcript, see routing.reply
        return []

    def _on_finished(self, finished: Finished) -> list[Event]:
        if self.finished is not None:
            return []
        self.finished = finished
        return self._calls.finished(finished)

    def _on_ended(self, ended: Ended) -> list[Event]:
        usage, moderation = ended.usage, ended.moderation
        if usage is not None and usage.raw is not None:
            usage = replace(usage, raw=safe_object(usage.raw))
        self.ended = ended = replace(ended, usage=usage, moderation=moderation and safe_object(moderation))
        reason = printable(self.finished.reason) if self.finished is not None else ""
        return [*self._rest_of_texts(), TurnEnded(self._turn, reason, usage, ended.moderation)]

    def _on_broke(self, broke: Broke) -> list[Event]:
        self.broke = broke
        return self._rest_of_texts()

    def _on_passed(self, passed: Passed) -> list[Event]:
        return [ProviderEvent(printable(passed.name), safe_object(passed.data), self._turn)]
