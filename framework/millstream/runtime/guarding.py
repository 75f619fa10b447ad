"""The guards of a run at work: asks them, against the clock, and holds text until they have answered.

The reader of a response waits here for the guards on text: what the provider sends meanwhile is taken up in one piece
behind it, so that a slow guard is asked seldom and not late; nothing that follows text is acted on before that text has
passed. A guard that raises, is late, or answers in other words blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final

import anyio

from millstream.errors import GuardBlocked
from millstream.events import Call, Event, JsonValue
from millstream.guards import Block, Guards, TextGuard
from millstream.limits import Limits
from millstream.routing.surrogates import printable
from millstream.routing.text_gate import TextGate
from millstream.runtime.own_code import name_of
from millstream.so_far import SoFar
from millstream.wire_events import Broke, CallBegan, Ended, Finished, ItemOpened, TextWhole, WireEvent

_CLOSES: Final = frozenset({ItemOpened, CallBegan, Finished, Ended})
"""Before these the text so far is complete, and must have passed."""


@dataclass(frozen=True, slots=True)
class _No:
    """What a guard does not let pass: its name, why, and what it raised, if it did. `judged`: it said so itself."""

    guard: str
    reason: str
    judged: bool = True
    cause: Exception | None = None

    def error(self, what: str) -> str:
        return f"the guard {self.guard} blocked {what}: {self.reason}"


class Guarding:
    """The guards of a run.

    Args:
        guards: the functions.
        limits: the limits of the run.
        so_far: the run up to now.
    """

    def __init__(self, guards: Guards, limits: Limits, so_far: Callable[[], SoFar[Any]]) -> None:
        self._guards = guards
        self._limits = limits
        self._so_far = so_far

    async def check_input(self) -> None:
        """Ask the guards on input.

        Raises:
            GuardBlocked: one did not let it pass.
        """
        no = await self._ask_all(self._guards.inputs)
        if no is not None:
            raise GuardBlocked(no.error("the input"), guard=no.guard, reason=no.reason, what="input") from no.cause

    @property
    def has_calls(self) -> bool:
        """Whether calls are guarded."""
        return bool(self._guards.calls)

    async def check_call(self, call: Call, args: JsonValue) -> tuple[str, Exception | None] | None:
        """Ask the guards on calls: None where they let it pass, else the reason, and what a guard raised."""
        no = await self._ask_all(self._guards.calls, call, args)
        if no is None:
            return None
        return no.reason if no.judged else f"the guard {no.guard} could not judge it: {no.reason}", no.cause

    def of_text(self) -> TextGuarding | None:
        """What guards the text of one response, None where nothing does."""
        texts = self._guards.texts
        return TextGuarding(texts, self._ask_all) if texts else None

    async def _ask_all(self, guards: Sequence[Callable[..., Any]], *given: Any) -> _No | None:
        for guard in guards:
            no = await self._ask(guard, given)
            if no is not None:
                return no
        return None

    async def _ask(self, guard: Callable[..., Any], given: tuple[Any, ...]) -> _No | None:
        name, timeout_s = name_of(guard), self._limits.guard_timeout_s
        answer: object = None
        with anyio.move_on_after(timeout_s) as wait:
            try:
                answered: object = guard(*given, self._so_far())
                answer = await answered if isawaitable(answered) else answered
            except Exception as error:  # noqa: BLE001  whatever it raises, it lets nothing pass
                return _No(name, f"it raised {type(error).__name__}", judged=False, cause=error)
        if wait.cancelled_caught:
            return _No(name, f"it did not answer within {timeout_s:g} s, Limits.guard_timeout_s", judged=False)
        match answer:
            case None:
                return None
            case Block(reason=reason):
                return _No(name, printable(reason))
            case _:
                reason = f"it returned {type(answer).__name__}, not None or Block(reason)"
                return _No(name, reason, judged=False)


class TextGuarding:
    """The guards on the text of one response, one behind the other."""

    def __init__(self, guards: Sequence[TextGuard], ask: Callable[..., Any]) -> None:
        self.blocked: GuardBlocked | None = None
        """What ends the run, once a guard did not let text pass."""
        self._stages = [(guard.check, TextGate(guard.piece)) for guard in guards]
        self._ask = ask

    @property
    def text(self) -> str:
        """The text that has passed."""
        return self._stages[-1][1].text

    async def before(self, wire_event: WireEvent) -> list[Event]:
        """What is shown before that is routed: where it follows text, that must have passed."""
        return await self.clear(closing=True) if type(wire_event) in _CLOSES else []

    async def through(self, wire_event: WireEvent, events: list[Event]) -> list[Event]:
        """What is shown of the events of what was routed; text stays here until it has passed."""
        passing = self._stages[0][1].take(events)
        match wire_event:
            case Broke():  # the response is over, and nobody waits for what nobody has seen
                self._drop()
                return passing
            case TextWhole() | Ended():
                shown = await self.clear(closing=True)
                return [*shown, *passing] if self.blocked is None else []
            case _:
                return passing

    async def clear(self, *, closing: bool) -> list[Event]:
        """Have what is due looked at, all of it where the text is `closing`: the events that may be shown."""
        events: list[Event] = []
        if self.blocked is not None:
            return events
        for check, gate in self._stages:
            events = gate.take(events)
            for text in gate.due(closing=closing):
                no: _No | None = await self._ask([check], text)
                if no is not None:
                    self._block(no)
                    return []
            events += gate.release()
        return events

    def _block(self, no: _No) -> None:
        self._drop()
        self.blocked = GuardBlocked(no.error("the answer"), guard=no.guard, reason=no.reason, what="text")
        self.blocked.__cause__ = no.cause

    def _drop(self) -> None:
        for _, gate in self._stages:
            gate.drop()
