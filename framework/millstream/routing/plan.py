"""Which calls may start now: the start policy, approvals, limits and exclusive groups. Decisions only, nothing runs.

Tell it what happened (`open`, `seal`, `move_on`, `finish`, `end`, `approve`, `let_pass`, `release` …), then ask
`admit` for the calls to start. `waiting` says of each of the others what it waits for, in words.

A call that runs alone is a barrier in call order: what the model called before it ends first, what it called after it
starts later. So it is never overtaken, and it can not be kept from its turn by calls that come in behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from millstream.events import Call, StartState

_ORDER: Final[dict[StartState, int]] = {"streaming": -1, "eager": 0, "safe": 1, "end": 2}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a tool asks for before its calls may start.

    Args:
        start: how far the response must have come; "streaming" is at once, before the call is sealed.
        needs_approval: whether a person must have agreed.
        limit: how many calls of this tool may be at work at once; None for no limit of its own.
        exclusive: the group of which only one call may be at work at once; True for a call that runs alone, with
            nothing else at work beside it; None or False for neither.
        priority: where several may start but not all at once, those with a higher one do; in call order if it is equal.
    """

    start: StartState = "safe"
    needs_approval: bool = False
    limit: int | None = None
    exclusive: str | bool | None = None
    priority: int = 0

    @property
    def alone(self) -> bool:
        """Whether nothing else may be at work beside it."""
        return self.exclusive is True


@dataclass(slots=True)
class _Waiting:
    call: Call
    terms: Terms
    item: int
    approved: bool
    judged: bool = True


class Plan:
    """The calls of one response that wait to start, and those at work.

    What is at work in it is all that is at work in its run: a run asks for the next response, or again for a torn one,
    only when every call has ended. (A thread that could not be stopped in time may still go on: nobody can know.)
    """

    def __init__(self, max_concurrent: int) -> None:
        self._max_concurrent = max_concurrent
        self._written: dict[str, tuple[Call, bool]] = {}  # calls whose arguments arrive, and whether they run alone
        self._waiting: dict[str, _Waiting] = {}
        self._at_work: dict[str, tuple[Call, Terms]] = {}
        self._frontier = -1
        self._finished_well = False
        self._ended_well = False

    def open(self, call: Call, *, alone: bool) -> None:
        """The model began a call; `alone` says that it will run alone."""
        self._written[call.id] = call, alone

    def seal(self, call: Call, terms: Terms, item: int) -> None:
        """A call was sealed, or may stream; `item` is its place among the parts of the response."""
        self._written.pop(call.id, None)
        self._waiting[call.id] = _Waiting(call, terms, item, approved=not terms.needs_approval)

    def move_on(self, frontier: int) -> None:
        """The model has opened item `frontier`: it has moved on from every earlier one."""
        self._frontier = frontier

    def finish(self) -> None:
        """The model stopped for a good reason."""
        self._finished_well = True

    def end(self) -> None:
        """The whole response ended well."""
        self._finished_well = self._ended_well = True

    def approve(self, call_id: str) -> None:
        """A person agreed to a call."""
        if call_id in self._waiting:
            self._waiting[call_id].approved = True

    def hold(self, call_id: str) -> None:
        """A guard is being asked about a call."""
        if call_id in self._waiting:
            self._waiting[call_id].judged = False

    def is_held(self, call_id: str) -> bool:
        """Whether a guard is being asked about a call that waits."""
        return call_id in self._waiting and not self._waiting[call_id].judged

    def let_pass(self, call_id: str) -> None:
        """The guards let a call pass."""
        if call_id in self._waiting:
            self._waiting[call_id].judged = True

    def withdraw(self, call_id: str) -> bool:
        """A call that waits, or that is still being written, will not start; False where it does not wait."""
        self._written.pop(call_id, None)
        return self._waiting.pop(call_id, None) is not None

    def release(self, call_id: str) -> None:
        """A call is no longer at work."""
        self._at_work.pop(call_id, None)

    def works(self, call_id: str) -> bool:
        """Whether a call is at work."""
        return call_id in self._at_work

    def admit(self) -> list[tuple[Call, StartState]]:
        """The calls that start now, the most urgent first, with how far the response had come for each."""
        admitted: list[tuple[Call, StartState]] = []
        for waiting in sorted(self._waiting.values(), key=lambda one: (-one.terms.priority, one.call.index)):
            if self._obstacle(waiting) is None:
                call, terms = waiting.call, waiting.terms
                del self._waiting[call.id]
                self._at_work[call.id] = call, terms
                admitted.append((call, terms.start))
        return admitted

    def waiting(self) -> list[tuple[Call, str]]:
        """The calls that wait, in call order, and what each waits for."""
        rows = sorted(self._waiting.values(), key=lambda one: one.call.index)
        return [(row.call, obstacle) for row in rows if (obstacle := self._obstacle(row)) is not None]

    def stranded(self) -> list[Call]:
        """The calls that this response can not start any more, asked once it has ended other than well."""
        return [one.call for one in self._waiting.values() if _ORDER[one.terms.start] > self._reached(one)]

    def _reached(self, waiting: _Waiting) -> int:
        if self._ended_well:
            return _ORDER["end"]
        moved_on = self._finished_well or self._frontier > waiting.item
        return _ORDER["safe"] if moved_on else _ORDER["eager"]

    def _obstacle(self, waiting: _Waiting) -> str | None:
        terms, call = waiting.terms, waiting.call
        if not waiting.approved:
            return "approval"
        if not waiting.judged:
            return "a guard"
        if _ORDER[terms.start] > self._reached(waiting):
            return "the end of the response" if terms.start == "end" else "the model to move on"
        barrier = self._barrier(waiting)
        if barrier is not None:
            return barrier
        others = [other for other in self._at_work.values() if other[0].id != call.id]
        if len(others) >= self._max_concurrent:
            return f"a free place, {self._max_concurrent} calls are at work"
        if terms.limit is not None and sum(other.name == call.name for other, _ in others) >= terms.limit:
            return f"a free place, {terms.limit} calls of {call.name} are at work"
        holder = next(
            (other.name for other, its in others if terms.exclusive and its.exclusive == terms.exclusive), None
        )
        return None if holder is None else f"{holder}, which holds {terms.exclusive}"

    def _barrier(self, waiting: _Waiting) -> str | None:
        """What of another call comes first because one of them runs alone."""
        call, alone = waiting.call, waiting.terms.alone
        rows = [(one.call, one.terms.alone) for one in self._waiting.values()]
        for other, other_alone in (*self._written.values(), *rows):
            if other.index < call.index and (alone or other_alone):
                return (
                    f"{other.name}, which runs alone" if other_alone else f"{other.name} to end, {call.name} runs alone"
                )
        for other, terms in self._at_work.values():
            if other.id != call.id and (alone or terms.alone):
                return (
                    f"{other.name}, which runs alone" if terms.alone else f"{other.name} to end, {call.name} runs alone"
                )
        return None
