"""The life of each call (6): it is opened first, ends exactly once, and nothing of it follows its end.

With it goes what makes a call one and the same: ids used once, the same `Call` in all its events, `index` counting the
calls of a response from 0. That a tool does not start after the end of its call is told in `starts`. Of a carried call
the opening is not in the log. A run that is still going, or was cut off, owes no ends yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from millstream.events import (
    CallFailed,
    CallOpened,
    CallReturned,
    CallStarted,
    OutputDelta,
    OutputSettled,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunSuspended,
    TurnTorn,
)
from millstream.testing.checker.run_log import CallStory, RunLog
from millstream.testing.checker.violation import Violation


def check_call_life(run: RunLog) -> Iterator[Violation]:
    """Violations of the life and the identity of calls."""
    for story in run.calls.values():
        yield from _check_story(story)
    yield from _check_identities(run)
    for at, record in enumerate(run.records):
        match record.event:
            case RunSuspended() as event:
                yield from _check_pending(run, at, record.seq, event)
            case RunFinished() | RunFailed() | RunCancelled() as event:
                for story in _open_at(run, at):
                    yield Violation(6, f"{story.label} has no end, and {event.type} leaves no call open", record.seq)
            case _:
                pass


def _check_story(story: CallStory) -> Iterator[Violation]:
    first = story.steps[0]
    if not story.opened and not story.carried:
        yield Violation(6, f"{first.event.type} of {story.label} before it was opened", first.seq)
    for step in story.steps:
        if step.event.call != story.call:
            yield Violation(6, f"{story.label} is not the same Call in all its events", step.seq)
            break
    for step in story.steps[1:]:
        if isinstance(step.event, CallOpened) and story.opened:
            yield Violation(6, f"call id {story.call.id} was opened twice", step.seq)
        elif story.ended_before(step.at):
            if isinstance(step.event, CallReturned | CallFailed):
                yield Violation(6, f"{story.label} ended a second time", step.seq)
            elif not isinstance(step.event, CallStarted):
                yield Violation(6, f"{step.event.type} of {story.label} after its end", step.seq)


def _check_identities(run: RunLog) -> Iterator[Violation]:
    by_provider_id: dict[str, CallStory] = {}
    for story in run.calls.values():
        if _was_dropped(run, story):
            continue  # no request names it, so that a response asked for again may well number its calls as before
        earlier = by_provider_id.setdefault(story.call.provider_id, story)
        if earlier is not story:
            message = f"{story.label} has the provider_id of {earlier.label}: a repeated one is to be changed"
            yield Violation(6, message, story.steps[0].seq)
    # A call that stands for a structured output counts as well, and is no event: only what the model wrote of it is.
    gaps = any(isinstance(record.event, OutputDelta | OutputSettled) for record in run.records)
    for turn in run.turns.values():
        index = -1
        for call_id in turn.calls:
            story = run.calls[call_id]
            index = max(index + 1, story.call.index) if gaps else index + 1
            if story.call.index != index:
                message = f"{story.label} has index {story.call.index}, but it is call {index} of its response"
                yield Violation(6, message, story.steps[0].seq)
                break  # the rest is off by the same fault


def _was_dropped(run: RunLog, story: CallStory) -> bool:
    turn = run.turns.get(story.call.turn)
    return turn is not None and isinstance(turn.closed_by, TurnTorn) and story.call.id in turn.closed_by.dropped


def _open_at(run: RunLog, at: int) -> list[CallStory]:
    return [story for story in run.calls.values() if story.steps[0].at < at and not story.ended_before(at)]


def _check_pending(run: RunLog, at: int, seq: int, event: RunSuspended) -> Iterator[Violation]:
    if len(set(event.pending)) < len(event.pending):
        yield Violation(6, "a call is named twice in pending", seq)
    open_stories = _open_at(run, at)
    still_open = {story.call for story in open_stories}
    for story in open_stories:
        if story.call not in event.pending:
            yield Violation(6, f"{story.label} is open, but not among the pending calls of the suspended run", seq)
    for call in event.pending:
        # Calls of sub-agents may be listed too, for people to answer; of a carried one there may be no event before.
        known = run.calls.get(call.id)
        unheard = not run.from_start and (known is None or (known.carried and known.steps[0].at > at))
        if call not in still_open and call not in run.below and not unheard:
            yield Violation(6, f"call {call.id} ({call.name}) is pending, but it is not open", seq)
