"""The structured output of one response: the text that is meant for it becomes events of its own, checked as it comes.

An output is the text of the answer, or the arguments of a call that stands for it (the output tool's), which is no call
to anybody but the model. Feed it the router's events; what is not about the output passes unchanged. It knows no types
and no providers, and does not know what is done about an output that is not accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from millstream.arguments.assembler import Assembler
from millstream.arguments.outcomes import Sealed, Settled, StringDelta
from millstream.arguments.partial import Partial
from millstream.events import (
    CALL_EVENTS,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallEvent,
    CallFailed,
    CallKind,
    Event,
    JsonValue,
    OutputDelta,
    OutputSettled,
    Path,
    Problem,
    Rejected,
    TextDelta,
    TextReplaced,
    Truncated,
)
from millstream.failures import explain
from millstream.routing.fence import Unfenced
from millstream.routing.routed_call import Arguments, OpenArguments, RoutedCall
from millstream.transcript import TextPart, ToolResult

_ACCEPTED: Final = "Accepted."
_TOO_EARLY: Final = "other tools were called beside it: read their results, then call it again, alone"


@dataclass(frozen=True, slots=True)
class OutputForm:
    """How an output is written.

    Args:
        open: makes what checks the text of one.
        tool: the name of the tool whose call stands for it; None where it is the text of the answer.
        key: the field in which the output stands, "" where it is all that is written.
    """

    open: Callable[[], Assembler]
    tool: str | None = None
    key: str = ""


class OutputReader:
    """Reads the output of one response.

    Args:
        form: how it is written.
        before: where the provider interrupted the response before this one, what that had written of the output.
    """

    def __init__(self, form: OutputForm, before: str = "") -> None:
        self.rejected = False
        """Whether it is certain that this output can not be accepted."""
        self._form = form
        self._before = before
        self._texts: dict[int, list[str]] = {}
        self._calls: dict[str, RoutedCall] = {}
        self._begin()

    # --- while it streams ---

    def opening(self, others: OpenArguments) -> OpenArguments:
        """What checks the arguments of the calls of this response; `others` does for those of other tools."""

        def open_arguments(name: str, kind: CallKind) -> Arguments | Problem:
            return others(name, kind) if name != self._form.tool else self._form.open()

        return open_arguments

    def is_output(self, routed: RoutedCall) -> bool:
        """Whether a call stands for the output."""
        return routed.call.name == self._form.tool

    def read(self, events: Sequence[Event], calls: Mapping[str, RoutedCall]) -> list[Event]:
        """The events with what they tell of the output in its own words; `calls` are those of the response so far."""
        return [told for event in events for told in self._told(event, calls)]

    @property
    def partial(self) -> Partial:
        """The output so far, whether it is accepted in the end or not."""
        written, key = self._written, self._form.key
        if not key:
            return written
        return written[key] if key in written else Partial(None, ())

    @property
    def _written(self) -> Partial:
        if self._form.tool is None:
            return Partial(self._assembler.partial, self._assembler.open_path)
        routed = next(iter(self._calls.values()), None)
        if routed is not None and routed.sealed is not None:
            return Partial(routed.sealed.value, None)
        checks = routed.arguments if routed is not None else None
        return Partial(checks.partial, checks.open_path) if checks is not None else Partial(None, ())

    def _told(self, event: Event, calls: Mapping[str, RoutedCall]) -> list[Event]:
        if self._form.tool is None:
            if isinstance(event, TextDelta):
                self._texts.setdefault(event.item, []).append(event.text)
                settled = self._settled(self._feed(event.text), event.turn)
                return [OutputDelta(event.text, event.turn, event.item), *settled]
            if isinstance(event, TextReplaced):
                self._texts[event.item] = [event.text]
                return [event, *self._again(event.turn)]
        elif isinstance(event, CALL_EVENTS) and event.call.name == self._form.tool:
            return self._of_call(event, calls[event.call.id])
        return [event]

    def _of_call(self, event: CallEvent, routed: RoutedCall) -> list[Event]:
        self._calls[routed.call.id] = routed
        turn = routed.call.turn
        match event:
            case ArgsDelta(text=text):
                return [OutputDelta(text, turn, routed.item)]
            case ArgsReplaced(text=text):
                return [TextReplaced(text, turn, routed.item)]
            case ArgSettled(path=path, value=value):
                return self._settled([Settled(path, value)], turn)
            case CallFailed(failure=Rejected()):
                self.rejected = True
            case _:
                pass  # that it opened and closed is nothing to anybody else
        return []

    def _begin(self) -> None:
        self._assembler = self._form.open()
        self._unfenced = Unfenced()
        self._assembler.feed(self._unfenced.feed(self._before))

    def _feed(self, text: str) -> list[Settled | StringDelta | Rejected]:
        return self._assembler.feed(self._unfenced.feed(text))

    def _again(self, turn: int) -> list[Event]:
        """A text was replaced: what settles in the whole, read anew."""
        self.rejected = False
        self._begin()
        texts = ("".join(self._texts[item]) for item in sorted(self._texts))
        return [event for text in texts for event in self._settled(self._feed(text), turn)]

    def _settled(self, outcomes: Sequence[Settled | StringDelta | Rejected], turn: int) -> list[Event]:
        events: list[Event] = []
        for outcome in outcomes:
            if isinstance(outcome, Rejected):
                self.rejected = True
            elif isinstance(outcome, Settled):
                path = self._path(outcome.path, outcome.value)
                if path is not None:
                    events.append(OutputSettled(path, outcome.value, turn))
        return events

    def _path(self, path: Path, value: JsonValue) -> Path | None:
        """Where in the output a value stands that settled; None for what is told of with another."""
        if not self._form.key:
            return path if len(path) == 1 else None
        if path[:1] != (self._form.key,):
            return None
        has_parts = isinstance(value, dict | list)
        inner = path[1:]
        return inner if len(inner) == 1 or (not inner and not has_parts) else None

    # --- once the response is over ---

    def verdict(self) -> Sealed | Rejected:
        """Whether the response is an output, and which; asked once, when nothing more of it will come."""
        outcome = self._verdict_on_text() if self._form.tool is None else self._verdict_on_calls(self._form.tool)
        if isinstance(outcome, Sealed) and self._form.key:
            return Sealed(outcome.value[self._form.key], outcome.bound)
        return outcome

    def answers(self, calls: Mapping[str, RoutedCall]) -> list[ToolResult]:
        """What the model is told of the calls that stand for the output, among `calls` of the response."""
        return [self._answer(routed, alone=len(calls) == 1) for routed in calls.values() if self.is_output(routed)]

    def _verdict_on_text(self) -> Sealed | Rejected:
        if not (self._before.strip() or any(piece.strip() for pieces in self._texts.values() for piece in pieces)):
            return _rejected("the answer is empty", "empty")
        self._assembler.feed(self._unfenced.rest())
        return self._assembler.close()

    def _verdict_on_calls(self, tool: str) -> Sealed | Rejected:
        calls = list(self._calls.values())
        if not calls:
            return _rejected(f"the answer was given as text: call {tool} with it", "missing")
        if len(calls) > 1:
            return _rejected(f"{tool} was called {len(calls)} times: call it once, with the whole answer", "several")
        return calls[0].sealed or calls[0].rejected or _rejected("it was cut off", "truncated")

    def _answer(self, routed: RoutedCall, *, alone: bool) -> ToolResult:
        call = routed.call
        if routed.sealed is not None and alone:
            return ToolResult(call, (TextPart(_ACCEPTED),))
        failure = routed.rejected or Truncated("the response ended before it did")
        if routed.sealed is not None:
            others = len(self._calls) == 1
            failure = _rejected(_TOO_EARLY if others else "call it once, with the whole answer", "several")
        return ToolResult(call, (TextPart(explain(failure, call.name)),), ok=False)


def _rejected(message: str, keyword: str) -> Rejected:
    return Rejected((Problem("", message, keyword, 0),), 0)
