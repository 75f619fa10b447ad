"""Ways to break the form of a legal log, each with the invariant that it breaks for certain.

A mutation takes the lines of a legal run and yields every log it can make of them; what it yields is illegal by the
rules, whatever the run was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from millstream import events

from .edits import CLOSING, ENDS, TERMINAL, Lines, breaks, edited, of_root, swapped


@breaks(0)
def drop_what_opens_or_closes(lines: Lines) -> Iterator[Lines]:
    for at, _ in of_root(lines, events.RunStarted, *TERMINAL, *CLOSING):
        yield edited(lines, at)
    for at, _ in of_root(lines, events.TurnStarted):
        if any(place > at for place, _ in of_root(lines, *CLOSING)):
            yield edited(lines, at)
    for at, _ in of_root(lines, events.RunSuspended):
        yield edited(lines, at + 1)  # the resumption


@breaks(0)
def say_twice_what_opens_or_closes(lines: Lines) -> Iterator[Lines]:
    kinds = (events.RunStarted, events.TurnStarted, events.TurnRestarted, events.RunSuspended, *TERMINAL, *CLOSING)
    for at, event in of_root(lines, *kinds):
        yield edited(lines, at, event, event)


@breaks(0)
def end_too_early(lines: Lines) -> Iterator[Lines]:
    yield swapped(lines, -1, -2)
    for length in range(1, len(lines) - 1):
        if not isinstance(lines[length - 1][1], events.RunSuspended):
            yield lines[:length]


@breaks(0)
def speak_after_the_turn(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, *CLOSING):
        yield edited(lines, at, event, events.TextDelta("late", event.turn, 99))
    for at, event in of_root(lines, events.TextDelta):
        yield edited(lines, at, replace(event, turn=event.turn + 1))


@breaks(0)
def use_a_number_again(lines: Lines) -> Iterator[Lines]:
    (_, first), *later = of_root(lines, events.TurnStarted)
    for at, event in later:
        yield edited(lines, at, replace(event, turn=first.turn))


@breaks(0)
def name_strangers_in_a_torn_turn(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.TurnTorn):
        yield edited(lines, at, replace(event, kept=(*event.kept, "stranger")))
        yield edited(lines, at, replace(event, dropped=(*event.dropped, "stranger")))


@breaks(0)
def resume_another_run(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.RunResumed):
        yield edited(lines, at, replace(event, run_id="another"))


@breaks(0)
def misplace_a_sub_agent(lines: Lines) -> Iterator[Lines]:
    resumed = [at for at, _ in of_root(lines, events.RunResumed)]
    for at, event in of_root(lines, *ENDS):
        inside = [place for place, (scope, _) in enumerate(lines) if scope == (event.call.id,) and place < at]
        if inside and not any(inside[-1] < place < at for place in resumed):
            without_last = [line for place, line in enumerate(lines) if place != inside[-1]]
            yield without_last
            yield [*without_last[:at], lines[inside[-1]], *without_last[at:]]
