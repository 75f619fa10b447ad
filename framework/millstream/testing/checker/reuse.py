"""When the result of an earlier call may stand in for running a tool again (10).

A result is reused where its response was asked for again, by a call of the same tool with the same arguments, once, and
as it is: the tool does not run, so that it reports nothing. Whether the tool may be repeated at all is not in a log.
Where a run was taken up again in between, the response need not have been restarted for it; and what lies in an
earlier part of the log, or in an earlier run of a sub-agent, is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from millstream.events import CallLogged, CallProgress, CallRetrying, CallReturned, CallStarted, CallYielded
from millstream.testing.checker.run_log import CallStory, RunLog, Step
from millstream.testing.checker.violation import Violation


def check_reuse(run: RunLog) -> Iterator[Violation]:
    """Violations of how results are reused."""
    used: set[str] = set()
    for story in run.calls.values():
        for step in story.steps:
            if isinstance(step.event, CallStarted) and step.event.reused_of is not None:
                for message in _check_source(run, story, step, used):
                    yield Violation(10, message, step.seq)
                yield from _check_rest(run, story, step)


def _check_source(run: RunLog, story: CallStory, step: Step, used: set[str]) -> Iterator[str]:
    assert isinstance(step.event, CallStarted)
    source_id = step.event.reused_of
    assert source_id is not None
    source = run.calls.get(source_id)
    if source is None:
        if run.from_start and not run.scope:
            yield f"{story.label} reuses the result of call {source_id}, which is not in the log"
    elif source.end is None or source.end.at > step.at or not isinstance(source.end.event, CallReturned):
        yield f"{story.label} reuses the result of {source.label}, which had none"
    elif source.call.name != story.call.name:
        yield f"{story.label} reuses the result of {source.label}, another tool"
    elif _digest(source) not in {step.event.digest, None}:
        yield f"{story.label} reuses the result of {source.label}, which had other arguments"
    elif not _asked_again(run, source, step):
        yield f"{story.label} reuses the result of {source.label}, whose response was not asked for again"
    if source_id in used:
        yield f"{story.label} reuses the result of call {source_id}, which was used before"
    used.add(source_id)


def _check_rest(run: RunLog, story: CallStory, start: Step) -> Iterator[Violation]:
    """Violations of what follows a start in place of which a result stands."""
    assert isinstance(start.event, CallStarted)
    source = run.calls.get(start.event.reused_of or "")
    for step in story.steps:
        if step.at < start.at or story.ended_before(step.at):
            continue
        match step.event:
            case CallProgress() | CallLogged() | CallYielded() | CallRetrying() as event:
                yield Violation(10, f"{event.type} of {story.label}, which reuses a result: no tool runs", step.seq)
            case CallReturned() as event:
                was = source.end.event if source is not None and source.end is not None else None
                if isinstance(was, CallReturned) and was.call.name == event.call.name and not _same(was, event):
                    message = f"{story.label} reuses the result of call {was.call.id}, but returned another"
                    yield Violation(10, message, step.seq)
            case _:
                pass


def _same(one: CallReturned, other: CallReturned) -> bool:
    return (one.result, one.media) == (other.result, other.media)


def _digest(source: CallStory) -> str | None:
    """The arguments that a call ran with last; None where that is not in the log."""
    starts = [step.event for step in source.steps if isinstance(step.event, CallStarted)]
    return starts[-1].digest if starts else None


def _asked_again(run: RunLog, source: CallStory, step: Step) -> bool:
    turn = run.turns.get(source.call.turn)
    assert source.end is not None
    return turn is None or turn.restarted or run.resumed_between(source.end.at, step.at)
