"""The life of each response (0): one at a time, numbered upwards, its content within it, closed exactly once.

Where a log begins with `RunResumed`, turns that were opened before are unknown: nothing is said until the first
`TurnStarted`. `ProviderEvent` may trail after the end of its response, so only its turn's existence is checked. What
the calls of a torn response are owed is not known here, only that `kept` and `dropped` name its calls. Another agent
asks only after a call that handed the conversation over to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from millstream.events import (
    CallOpened,
    CallReturned,
    Event,
    OutputSettled,
    ProviderEvent,
    Record,
    RunFinished,
    RunSuspended,
    TurnEnded,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
)
from millstream.testing.checker.run_log import ITEM_EVENTS, RunLog
from millstream.testing.checker.violation import Violation


def check_turn_form(run: RunLog) -> Iterator[Violation]:
    """Violations of the life of the responses in a run."""
    turns = _Turns(run)
    known = run.from_start
    for record in run.records:
        known = known or isinstance(record.event, TurnStarted)
        if known:
            for message in turns.take(record):
                yield Violation(0, message, record.seq)


class _Turns:
    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._last = 0
        self._open: int | None = None
        self._torn: int | None = None
        self._agent: str | None = None
        self._returned: set[str] = set()  # names of the calls that returned since the last request
        self._misplaced: set[int] = set()

    @property
    def _what_is_open(self) -> str:
        return "no turn" if self._open is None else f"turn {self._open}"

    def take(self, record: Record) -> Iterator[str]:
        match record.event:
            case TurnStarted(turn=turn, agent=agent):
                yield from self._start(turn)
                yield from self._hand_over(turn, agent)
            case CallReturned(call=call):
                self._returned.add(call.name)
            case TurnEnded(turn=turn) as event:
                yield from self._close(turn, event.type)
            case TurnTorn(turn=turn) as event:
                yield from self._close(turn, event.type)
                yield from self._calls_of_torn(event)
                self._torn = turn
            case TurnRestarted(turn=turn):
                if turn != self._torn:
                    yield f"turn {turn} was restarted, but it is not the response that just broke off"
                self._torn = None
            case RunFinished() | RunSuspended() as event:
                if self._open is not None:
                    yield f"{event.type} while turn {self._open} is open: TurnEnded or TurnTorn is missing"
            case ProviderEvent(turn=turn):
                if not 1 <= turn <= self._last:
                    yield f"ProviderEvent of turn {turn}, which has not started"
            case event:
                yield from self._content(event)

    def _start(self, turn: int) -> Iterator[str]:
        if self._open is not None:
            yield f"turn {turn} started while turn {self._open} is open: TurnEnded or TurnTorn is missing"
        if turn <= self._last:
            yield f"turn {turn} started after turn {self._last}: numbers count up from 1 and are never used again"
        self._last, self._open, self._torn = max(turn, self._last), turn, None

    def _hand_over(self, turn: int, agent: str) -> Iterator[str]:
        if self._agent not in {None, agent} and f"transfer_to_{agent}" not in self._returned:
            yield f"turn {turn} is of the agent {agent}, but no call handed over to it: {self._agent} had the last one"
        self._agent = agent
        self._returned.clear()

    def _close(self, turn: int, how: str) -> Iterator[str]:
        if turn != self._open:
            yield f"{how} of turn {turn}, but {self._what_is_open} is open"
        self._open, self._torn = None, None

    def _content(self, event: Event) -> Iterator[str]:
        if isinstance(event, CallOpened):
            turn = event.call.turn
        elif isinstance(event, (*ITEM_EVENTS, OutputSettled)):
            turn = event.turn
        else:
            return
        if turn != self._open and turn not in self._misplaced:
            self._misplaced.add(turn)  # the first of them tells it all
            yield f"{event.type} of turn {turn}, but {self._what_is_open} is open"

    def _calls_of_torn(self, event: TurnTorn) -> Iterator[str]:
        named = event.kept + event.dropped
        if len(set(named)) < len(named):
            yield f"turn {event.turn} broke off and names a call twice: kept {event.kept}, dropped {event.dropped}"
        story = self._run.turns.get(event.turn)
        strangers = sorted(set(named) - set(story.calls)) if story is not None else []
        if strangers:
            yield f"turn {event.turn} broke off and kept or dropped {', '.join(strangers)}, which it never opened"
