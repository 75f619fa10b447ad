"""Ways to break the calls of a legal log, each with the invariant that it breaks for certain.

A mutation takes the lines of a legal run and yields every log it can make of them; what it yields is illegal by the
rules, whatever the run was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from millstream import events
from millstream.events import Call

from .edits import CLOSING, ENDS, REPORTS, Lines, breaks, edited, follows, next_of, of_root, story, swapped

# --- 2, 3 and 5


@breaks(2)
def write_after_the_turn(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, *CLOSING):
        for _, opened in of_root(lines, events.CallOpened):
            if opened.call.turn == event.turn and follows(lines, at, opened.call, *ENDS):
                yield edited(lines, at, event, events.ArgsDelta(opened.call, " "))


def sealed_text(lines: Lines) -> Iterator[tuple[int, events.ArgsDelta]]:
    """Pieces that the sealed arguments can not do without."""
    for at, event in of_root(lines, events.ArgsDelta):
        needed = event.text.strip() and not follows(lines, at, event.call, events.ArgsReplaced)
        seals = [step for _, step in story(lines, event.call) if isinstance(step, events.CallSealed)]
        if needed and seals and seals[0].args != {}:
            yield at, event


@breaks(3)
def lose_or_repeat_text(lines: Lines) -> Iterator[Lines]:
    for at, event in sealed_text(lines):
        yield edited(lines, at)
        yield edited(lines, at, event, event)


@breaks(3)
def seal_something_else(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallSealed):
        yield edited(lines, at, replace(event, args={"other": 1}))
        yield edited(lines, at, event, event)


@breaks(3)
def start_on_more_text_than_was_sealed(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallSealed):
        if follows(lines, at, event.call, events.CallStarted):
            yield edited(lines, at, event, events.ArgsDelta(event.call, "]"))


@breaks(5)
def settle_something_else(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.ArgSettled):
        if follows(lines, at, event.call, events.CallSealed):
            yield edited(lines, at, replace(event, value="other"))
            yield edited(lines, at, replace(event, path=("other",)))


# --- 6


@breaks(6)
def lose_the_opening_or_the_end(lines: Lines) -> Iterator[Lines]:
    for at, _ in of_root(lines, events.CallOpened, *ENDS):
        yield edited(lines, at)


@breaks(6)
def open_or_end_twice(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallOpened, *ENDS):
        yield edited(lines, at, event, event)


@breaks(6)
def open_late(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallOpened):
        step = next_of(lines, at, event.call)
        if step is not None:
            yield swapped(lines, at, step[0])


@breaks(6)
def speak_after_the_end(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, *ENDS):
        yield edited(lines, at, event, events.CallProgress(event.call, 1))


@breaks(6)
def confuse_identities(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallOpened):
        yield edited(lines, at, events.CallOpened(replace(event.call, index=event.call.index + 1)))
        yield edited(lines, at, events.CallOpened(replace(event.call, provider_id="other")))
    for at, event in of_root(lines, *ENDS):
        yield edited(lines, at, replace(event, call=replace(event.call, name="other")))


@breaks(6)
def forget_what_is_pending(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.RunSuspended):
        if event.pending:
            yield edited(lines, at, replace(event, pending=event.pending[1:]))
        yield edited(lines, at, replace(event, pending=(*event.pending, Call("x", 1, 0, "x", "x"))))


# --- 7


@breaks(7)
def answer_wrongly(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.TurnStarted):
        answers = event.answers
        yield edited(lines, at, replace(event, answers=(*answers, "stranger")))
        if answers:
            yield edited(lines, at, replace(event, answers=answers[:-1]))
            yield edited(lines, at, replace(event, answers=(*answers, answers[0])))
        if len(answers) > 1:
            yield edited(lines, at, replace(event, answers=answers[::-1]))


@breaks(7)
def ask_before_a_call_has_ended(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.TurnStarted):
        if event.answers:
            (end,) = (place for place, each in of_root(lines, *ENDS) if each.call.id == event.answers[0])
            yield swapped(lines, at, end)


# --- 10


@breaks(10)
def lose_the_seal(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallStarted):
        seals = [
            place for place, each in story(lines, event.call) if isinstance(each, events.CallSealed) and place < at
        ]
        if event.state != "streaming":
            yield edited(lines, seals[0])
            if event.attempt == 1:
                yield swapped(lines, seals[0], at)


@breaks(10)
def lose_a_start(lines: Lines) -> Iterator[Lines]:
    resumed = [at for at, _ in of_root(lines, events.RunResumed)]
    for at, event in of_root(lines, events.CallStarted):
        # An earlier attempt that another process took over may itself be what reports and returns.
        inherited = event.attempt > 1 and any(place < at for place in resumed)
        step = next_of(lines, at, event.call)
        kinds = (*REPORTS, events.CallRetrying, events.CallReturned)
        if step is not None and isinstance(step[1], kinds) and not inherited:
            yield edited(lines, at)
            yield swapped(lines, at, step[0])


@breaks(10)
def start_or_retry_once_more(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallStarted, events.CallRetrying):
        yield edited(lines, at, event, event)
    for at, event in of_root(lines, *ENDS):
        yield edited(lines, at, event, events.CallStarted(event.call, 1, "eager", "d"))


@breaks(10)
def lose_a_retry(lines: Lines) -> Iterator[Lines]:
    resumed = [at for at, _ in of_root(lines, events.RunResumed)]
    for at, event in of_root(lines, events.CallRetrying):
        around = [place for place, each in story(lines, event.call) if isinstance(each, events.CallStarted)]
        last = max(place for place in around if place < at)
        following = [place for place in around if place > at]
        if following and not any(last < place < following[0] for place in resumed):
            yield edited(lines, at)


@breaks(10)
def claim_another_state_or_attempt(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallStarted):
        yield edited(lines, at, replace(event, attempt=event.attempt + 1))
        if not any(place < at and each.turn == event.call.turn for place, each in of_root(lines, *CLOSING)):
            yield edited(lines, at, replace(event, state="end"))


@breaks(10)
def start_on_a_torn_end(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.TurnEnded):
        opened = [each.call for _, each in of_root(lines, events.CallOpened) if each.call.turn == event.turn]
        items = [place for place, each in of_root(lines, events.TextDelta) if each.turn == event.turn]
        for place, start in of_root(lines, events.CallStarted):
            if start.state == "safe" and opened and start.call == opened[-1] and all(item < place for item in items):
                (begun,) = (each for each, other in of_root(lines, events.CallOpened) if other.call == start.call)
                if all(item < begun for item in items):
                    kept = tuple(call.id for call in opened)
                    yield edited(lines, at, events.TurnTorn(event.turn, "cut", kept))


# --- 11


@breaks(11)
def start_without_or_against_the_decision(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.ApprovalResolved):
        step = next_of(lines, at, event.call)
        if step is not None and isinstance(step[1], events.CallStarted):
            yield edited(lines, at)
            yield swapped(lines, at, step[0])
            yield edited(lines, at, replace(event, digest="other"))
            yield edited(lines, at, replace(event, answer="denied"))
            yield edited(lines, at, replace(event, answer="answered"))


@breaks(11)
def decide_twice(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.ApprovalResolved):
        yield edited(lines, at, event, event)


@breaks(11)
def end_a_denied_call_otherwise(lines: Lines) -> Iterator[Lines]:
    for at, event in of_root(lines, events.CallFailed):
        if isinstance(event.failure, events.Denied):
            yield edited(lines, at, replace(event, failure=events.Cancelled("x")))
