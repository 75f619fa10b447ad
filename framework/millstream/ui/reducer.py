"""A run as a view shows it, folded from the records of its log, one after the other.

`RunView` is the contract between the log and everything that draws it: the terminal, the timeline picture, a page of
your own. It reads no clock: whoever draws says what time it is. It knows nothing about how anything is drawn.

The view's time is `Record.at_s` without the stretches for which the run was suspended or its process gone, so that a
run that waited two days for an answer still fits on a timeline.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from millstream.events import (
    AnnotationAdded,
    Call,
    CallEvent,
    CallOpened,
    CallStarted,
    JsonValue,
    OutputDelta,
    OutputSettled,
    ProviderEvent,
    ReasoningDelta,
    Record,
    RefusalDelta,
    RunCancelled,
    RunEvent,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSteered,
    RunSuspended,
    ServerToolUpdated,
    TextDelta,
    TextReplaced,
    TurnEnded,
    TurnEvent,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
    Usage,
)
from millstream.ui import figures
from millstream.ui.call_view import ARGS_TAIL_CHARS, CallView
from millstream.ui.turn_view import TurnView

RunState: TypeAlias = Literal["starting", "running", "finished", "failed", "cancelled", "suspended"]
"""Before the first record; going on; and the four ways a log ends, of which a suspended run may go on."""

_Place: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(slots=True)
class RunView:
    """What is known of a run. `feed` it the records in order, then read.

    `turns` are the run's own responses in order. `calls` are in call order, those of a sub-agent behind the call that
    runs it; they are never removed, so memory grows with `Limits.max_turns` times `max_calls_per_turn`.
    """

    run_id: str = ""
    model: str = ""
    prompt: str | None = None
    agent: str = "agent"
    """The agent that answers: another one after a handoff."""
    state: RunState = "starting"
    turns: list[TurnView] = field(default_factory=list[TurnView])
    calls: list[CallView] = field(default_factory=list[CallView])
    usage: Usage = field(default_factory=Usage)
    """Tokens so far: the sum over the turns that have ended, of sub-agents too; the run's sum once it finished."""
    output: JsonValue = None
    """What the run was for, once it finished."""
    error: str = ""
    """Why it failed or was cancelled."""
    pending: tuple[Call, ...] = ()
    """The calls a suspended run waits for."""
    steered: dict[int, list[str | None]] = field(default_factory=dict[int, list[str | None]])
    """What the user said while the run went on, by the number of the first response that was told."""
    most_at_once: int = 0
    """The largest number of the run's own tools at work at the same time; pauses between attempts and reused results
    do not count, nor do the calls of sub-agents, whose parent is already counted."""
    first_call_s: float | None = None
    """From the start of the run to the start of its first tool, in seconds; None if none started."""
    started_s: float = 0.0
    last_s: float = 0.0
    """The time of the last record."""
    ended_s: float | None = None
    """When it finished, failed, was cancelled or suspended; None while it goes on."""
    _shift_s: float = field(default=0.0, init=False)
    _places: dict[tuple[str, ...], _Place] = field(default_factory=dict[tuple[str, ...], _Place], init=False)
    _by_id: dict[tuple[str, ...], CallView] = field(default_factory=dict[tuple[str, ...], CallView], init=False)

    def feed(self, record: Record) -> None:
        """Take up the next record of the log.

        Events of calls and turns whose beginning is not in the log are taken up as well, so that a viewer may join a
        run late. Of a sub-agent its calls are shown, and what it says as what its call is doing.
        """
        if isinstance(record.event, RunResumed) and not record.scope:
            # Whether the clock of the log went on or began anew: no time passed for the view.
            self._shift_s = self.last_s - record.at_s
        at_s = record.at_s + self._shift_s
        match record.event:
            case (
                RunStarted()
                | RunResumed()
                | RunSteered()
                | RunFinished()
                | RunFailed()
                | RunCancelled()
                | RunSuspended()
            ):
                if not record.scope:
                    self._run(record.event, at_s)
            case (
                TurnStarted()
                | TextDelta()
                | TextReplaced()
                | ReasoningDelta()
                | RefusalDelta()
                | AnnotationAdded()
                | OutputDelta()
                | OutputSettled()
                | ServerToolUpdated()
                | TurnEnded()
                | TurnTorn()
                | TurnRestarted()
                | ProviderEvent()
            ):
                if record.scope:
                    self._below(record.event, record.scope)
                else:
                    self._turn(record.event, at_s)
            case _:
                self._call(record.event, record.scope, at_s)
        self.last_s = max(self.last_s, at_s)

    # --- for reading ---

    def until_s(self, now_s: float) -> float:
        """The time up to which to draw when it is `now_s`: nothing grows once the run has ended."""
        return self.last_s if self.ended_s is not None else max(now_s, self.last_s)

    @property
    def shown_turns(self) -> list[TurnView]:
        """The turns whose text stands: all but those that were asked for again."""
        return [turn for turn in self.turns if not turn.dropped]

    @property
    def text(self) -> str:
        """What the model has said so far, a paragraph between two turns."""
        return "\n\n".join(str(turn.text) for turn in self.shown_turns if turn.text)

    @property
    def reasoning(self) -> str:
        """The reasoning so far, a paragraph between two turns."""
        return "\n\n".join(str(turn.reasoning) for turn in self.shown_turns if turn.reasoning)

    @property
    def saved_s(self) -> float:
        """Time saved by overlap, in seconds: the sum of `figures.saved_s` over the run's own responses that ended."""
        calls: dict[int, list[CallView]] = {}
        for call in self.calls:
            if not call.scope:
                calls.setdefault(call.call.turn, []).append(call)
        return sum(
            figures.saved_s(turn.ended_s, calls.get(turn.turn, ())) for turn in self.turns if turn.ended_s is not None
        )

    def call(self, call_id: str, scope: tuple[str, ...] = ()) -> CallView | None:
        """The view of one call, None if the log has not named it."""
        return self._by_id.get((*scope, call_id))

    # --- folding ---

    def _run(self, event: RunEvent, at_s: float) -> None:
        match event:
            case RunStarted(run_id=run_id, model=model, prompt=prompt):
                self.run_id, self.model, self.prompt = run_id, model, prompt
                self.state, self.started_s = "running", at_s
                return
            case RunResumed(run_id=run_id):
                self.run_id, self.state, self.pending, self.ended_s = run_id, "running", (), None
                for turn in self.turns:
                    if turn.ended_s is None:  # its process is gone, nothing more comes of it
                        turn.end(at_s, None)
                        turn.torn = True
                return
            case RunSteered(text=text, turn=turn):
                self.steered[turn] = [*self.steered.get(turn, ()), text]
                return
            case RunFinished(output=output, usage=usage):
                self.state, self.output, self.usage = "finished", output, usage
            case RunFailed(error=error, message=message):
                self.state, self.error = "failed", f"{error}: {message}" if message else error
            case RunCancelled(reason=reason):
                self.state, self.error = "cancelled", reason
            case RunSuspended(pending=pending):
                self.state, self.pending = "suspended", pending
            case _:
                assert_never(event)
        self.ended_s = at_s

    def _turn(self, event: TurnEvent, at_s: float) -> None:
        turn = self._turn_view(event.turn, at_s)
        match event:
            case TurnStarted(answers=answers, agent=agent):
                turn.answers, self.agent = answers, agent
                return
            case TextDelta() | RefusalDelta() | OutputDelta():
                turn.text.add(event.text, event.item)
            case TextReplaced(text=text, item=item):
                turn.text.replace(text, item)
            case ReasoningDelta(text=text, item=item):
                turn.reasoning.add(text, item)
            case ServerToolUpdated(tool=tool, status=status):
                turn.note = f"{tool}: {status}"
            case TurnEnded(reason=reason, usage=usage, blocked=blocked):
                turn.end(at_s, reason)
                if blocked:
                    turn.block(blocked)
                self.usage += usage or Usage()
            case TurnTorn(reason=reason, usage=usage):
                turn.end(at_s, reason)
                turn.torn = True
                self.usage += usage or Usage()
                return
            case TurnRestarted():
                turn.drop()
                return
            case ProviderEvent(name="request.fallback", data=data):
                self.model = str(data.get("to", self.model))
                return  # the answer has yet to begin
            case AnnotationAdded() | OutputSettled() | ProviderEvent():
                pass  # nothing to show, and yet a sign of life
            case _:
                assert_never(event)
        turn.arrived(at_s)

    def _below(self, event: TurnEvent, scope: tuple[str, ...]) -> None:
        """A response of a sub-agent goes on."""
        call = self._by_id.get(scope)
        if isinstance(event, TurnEnded | TurnTorn):
            self.usage += event.usage or Usage()
        elif call is not None and isinstance(event, TurnStarted):
            call.said_tail = ""
        elif call is not None and isinstance(event, TextDelta | OutputDelta | RefusalDelta):
            call.said_tail = (call.said_tail + event.text)[-ARGS_TAIL_CHARS:]

    def _call(self, event: CallEvent, scope: tuple[str, ...], at_s: float) -> None:
        call = self._call_view(event.call, scope, at_s)
        call.feed(event, at_s)
        if scope:
            return
        if isinstance(event, CallOpened):
            self._turn_view(event.call.turn, at_s).arrived(at_s)
        elif isinstance(event, CallStarted):
            if self.first_call_s is None:
                self.first_call_s = at_s - self.started_s
            self.most_at_once = max(self.most_at_once, figures.at_once(c for c in self.calls if not c.scope))

    def _turn_view(self, number: int, at_s: float) -> TurnView:
        # The last one nearly always: responses follow each other.
        for turn in reversed(self.turns):
            if turn.turn == number:
                return turn
        turn = TurnView(number, at_s)
        insort(self.turns, turn, key=lambda known: known.turn)
        return turn

    def _call_view(self, call: Call, scope: tuple[str, ...], at_s: float) -> CallView:
        key = (*scope, call.id)
        if key not in self._by_id:
            self._places[key] = (*self._places.get(scope, ()), (call.turn, call.index))
            self._by_id[key] = CallView(call, at_s, scope)
            insort(self.calls, self._by_id[key], key=lambda known: self._places[known.key])
        return self._by_id[key]
