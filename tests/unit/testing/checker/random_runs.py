"""Random legal runs: a small simulation of a model, its tools and its people, which writes a log.

It is kept far simpler than a real run: nothing is parsed, tools are scripts, one record is written at a time. Each call
is two scripts, what the model writes of it and what its tool does; a response advances them in random order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from millstream import events
from millstream.events import Call, CallKind, Event, JsonValue, Record, StartState

MAX_DEPTH = 2
Line: TypeAlias = tuple[tuple[str, ...], Event]
"""The scope of an event, and the event."""


@dataclass
class OneCall:
    """A call as the simulation sees it."""

    call: Call
    state: StartState
    tool: Iterator[Event | None]
    sealed: bool = False
    started: int = 0
    ended: bool = False
    kept: bool = True


class Simulation:
    """One run, written to `lines` as (scope, event)."""

    def __init__(self, rng: Random, lines: list[Line], scope: tuple[str, ...] = ()) -> None:
        self.rng = rng
        self.lines = lines
        self.scope = scope
        self.turn = 0
        self.resumptions = 0
        self.calls: list[OneCall] = []
        self.moved_on: set[str] = set()
        self.good_end = False
        self.ended_turns: set[int] = set()

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def write(self, event: Event) -> None:
        self.lines.append((self.scope, event))

    # --- the run

    def run(self) -> None:
        self.write(events.RunStarted("/".join(("run", *self.scope)), "model", "hello", 1000.0))
        due: list[OneCall] = []
        for _ in range(self.rng.randint(1, 4)):
            self.turn += self.rng.choice((1, 1, 1, 2))
            self.write(events.TurnStarted(self.turn, tuple(each.call.id for each in due)))
            due = []
            fate = self.rng.choices(("good", "length", "torn", "again", "broken"), (12, 1, 2, 2, 1))[0]
            self.respond(fate)
            if fate == "broken":
                self.give_up()
                return
            if fate == "again":
                self.write(events.TurnRestarted(self.turn))
                continue
            due = [each for each in self.calls if each.call.turn == self.turn and each.kept]
            if self.chance(0.15):
                self.take_up_again()
            self.finish_tools()
        self.write(events.RunFinished("done", events.Usage()))

    def give_up(self) -> None:
        for each in self.open_calls():
            self.fail(each, events.Cancelled("the run failed"))
        self.write(events.RunFailed("WireError", "gone") if self.chance(0.5) else events.RunCancelled("left"))

    def take_up_again(self) -> None:
        """The process stops, in good order or not, and another takes over."""
        if self.chance(0.7):
            self.write(events.RunSuspended(tuple(each.call for each in self.open_calls())))
        self.write(events.RunResumed("/".join(("run", *self.scope)), 2000.0))
        self.resumptions += 1

    def open_calls(self) -> list[OneCall]:
        return [each for each in self.calls if not each.ended]

    def fail(self, one: OneCall, failure: events.Cancelled | events.Truncated | events.Rejected) -> None:
        one.ended = True
        self.write(events.CallFailed(one.call, failure))

    # --- a response

    def respond(self, fate: str) -> None:
        self.good_end = False
        to_come, writing = self.rng.randint(0, 4), list[Iterator[Event]]()
        breaks_at = self.rng.randint(0, 25) if fate in {"torn", "again", "broken"} else None
        steps = item = 0
        while (item < to_come or writing) and steps != breaks_at:
            steps += 1
            if item < to_come and (not writing or self.chance(0.2)):
                before = {each.call.id for each in self.calls}
                writing.append(self.open_item(item))
                self.moved_on |= before
                item += 1
            else:
                self.advance(writing, self.rng.choice(writing))
            if self.chance(0.4):
                self.advance_tools()
        if fate in {"good", "length"}:
            self.end(fate)
        elif fate != "broken":
            self.tear(fate)

    def advance(self, writing: list[Iterator[Event]], script: Iterator[Event]) -> None:
        event = next(script, None)
        if event is None:
            writing.remove(script)
        else:
            self.write(event)

    def open_item(self, number: int) -> Iterator[Event]:
        """What the model will write of the next item; a call is opened at once."""
        if self.chance(0.3):
            self.write(events.TextDelta("text", self.turn, number))
            return iter(
                [events.TextDelta(f" and {piece}", self.turn, number) for piece in range(self.rng.randint(0, 3))]
            )
        kind: CallKind = "custom" if self.chance(0.1) else "function"
        index = sum(1 for each in self.calls if each.call.turn == self.turn)
        id_ = f"c{self.turn}-{index}"
        call = Call(id_, self.turn, index, self.rng.choice(("weather", "mail")), f"p-{id_}", kind)
        state: StartState = self.rng.choices(("eager", "safe", "end", "streaming"), (4, 3, 2, 1))[0]
        one = OneCall(call, state, iter(()))
        one.tool = self.tool(one)
        self.calls.append(one)
        self.write(events.CallOpened(call))
        return self.arguments(one)

    def arguments(self, one: OneCall) -> Iterator[Event]:
        names = "abc"[: self.rng.randint(0, 3)]
        args: JsonValue = {name: self.rng.choice((7, "Paris", True, [1, {"x": "y"}])) for name in names}
        text = json.dumps(args)
        if one.call.kind == "custom":
            args = text
        elif args == {} and self.chance(0.5):
            text = ""
        at = 0
        while at < len(text):
            step = self.rng.randint(1, 12)
            yield events.ArgsDelta(one.call, text[at : at + step])
            at += step
            if self.chance(0.03):
                one.ended = True
                yield events.CallFailed(one.call, events.Rejected((), at))
                return
        if self.chance(0.05):
            yield events.ArgsReplaced(one.call, text)
        if one.call.kind == "function":
            for name, value in dict(args).items():
                yield events.ArgSettled(one.call, (name,), value)
        one.sealed = True
        yield events.CallSealed(one.call, args)

    def end(self, fate: str) -> None:
        self.good_end = fate == "good"  # known before the turn is ended
        for _ in range(self.rng.randint(0, 3)):
            self.advance_tools()
        self.close_unstarted("length")
        self.write(events.TurnEnded(self.turn, "stop" if self.good_end else "length"))
        if self.good_end:
            self.ended_turns.add(self.turn)

    def tear(self, fate: str) -> None:
        calls = [each for each in self.calls if each.call.turn == self.turn]
        for each in calls:
            if not each.ended and (fate == "again" or not each.sealed):
                each.kept = each.started > 0
                self.fail(each, events.Cancelled("cut") if each.started else events.Truncated("cut"))
        self.close_unstarted("cut")
        kept = tuple(each.call.id for each in calls if each.kept and fate != "again")
        dropped = tuple(each.call.id for each in calls if each.call.id not in kept)
        self.write(events.TurnTorn(self.turn, "cut", kept, dropped))

    def close_unstarted(self, why: str) -> None:
        """After a bad end, calls of this response that will never be in their state to start are closed."""
        for each in self.open_calls():
            if not self.good_end and not each.started and not self.may_start(each):
                self.fail(each, events.Truncated(why))

    # --- tools

    def may_start(self, one: OneCall) -> bool:
        match one.state:
            case "streaming":
                return True
            case "eager":
                return one.sealed
            case "safe":
                return one.sealed and (one.call.id in self.moved_on or self.good_end)
            case "end":
                return one.sealed and one.call.turn in self.ended_turns

    def advance_tools(self) -> None:
        ready = self.open_calls()
        if ready:
            one = self.rng.choice(ready)
            event = next(one.tool)
            if event is not None:
                self.write(event)

    def finish_tools(self) -> None:
        while self.open_calls():
            self.advance_tools()

    def tool(self, one: OneCall) -> Iterator[Event | None]:
        while not self.may_start(one):
            yield None
        digest = "d"
        if one.sealed and one.state != "streaming" and self.chance(0.2):
            answer = self.rng.choice(("approved", "denied", "answered"))
            yield events.ApprovalRequested(one.call, {}, digest)
            yield from [None] * self.rng.randint(0, 4)
            digest = self.rng.choice(("d", "edited"))
            resolved = events.ApprovalResolved(one.call, answer, digest)  # type: ignore[arg-type]
            if answer != "approved":
                one.ended = True
                self.write(resolved)
                denied = events.CallFailed(one.call, events.Denied("no"))
                yield denied if answer == "denied" else events.CallReturned(one.call, 1)
                return
            yield resolved
        elif one.sealed and self.chance(0.2):
            yield events.CallQueued(one.call, "waits for a slot")
        yield from self.attempts(one, digest)

    def attempts(self, one: OneCall, digest: str) -> Iterator[Event | None]:
        while True:
            one.started += 1
            resumptions = self.resumptions
            sealed_first = one.sealed and one.state == "streaming"
            yield events.CallStarted(one.call, one.started, "eager" if sealed_first else one.state, digest)
            yield from self.body(one, resumptions)
            if self.resumptions != resumptions and self.chance(0.5):
                one.ended = True
                yield events.CallFailed(one.call, events.Unknown("interrupted"))
                return
            if self.resumptions == resumptions and not self.chance(0.2):
                break
            if self.resumptions == resumptions:
                yield events.CallRetrying(one.call, one.started, 0.1, events.Raised("OSError"))
        one.ended = True
        failed = events.CallFailed(one.call, events.TimedOut(1.0))
        yield failed if self.chance(0.3) else events.CallReturned(one.call, 1)

    def body(self, one: OneCall, resumptions: int) -> Iterator[Event | None]:
        """What the tool reports until it is through, or its process is gone."""
        if len(self.scope) < MAX_DEPTH and self.chance(0.05):
            Simulation(self.rng, self.lines, (*self.scope, one.call.id)).run()
        for _ in range(self.rng.randint(0, 3)):
            if self.resumptions == resumptions:
                yield self.rng.choice((events.CallProgress(one.call, 1, 3), events.CallLogged(one.call, "line"), None))
        while one.state == "streaming" and not one.sealed and self.resumptions == resumptions:
            yield None


def random_run(seed: int) -> list[Line]:
    """The lines of a legal run, the same for the same seed."""
    lines: list[Line] = []
    Simulation(Random(seed), lines).run()
    return lines


def numbered(lines: Sequence[Line], seed: int = 0) -> list[Record]:
    """The lines as a log, with gaps in its numbers and pauses in its time."""
    rng, seq, at_s, records = Random(seed), 0, 0.0, list[Record]()
    for scope, event in lines:
        seq += rng.choice((1, 1, 1, 2, 5))
        at_s += rng.choice((0.0, 0.125, 1.5))
        records.append(Record(seq, at_s, event, scope))
    return records
