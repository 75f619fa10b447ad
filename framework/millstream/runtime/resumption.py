"""What a suspended run is resumed with, checked before anything happens: the state, and the answers to its calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from millstream.answers import AnyAnswer, Approve
from millstream.arguments.assembler import json_text
from millstream.arguments.outcomes import Sealed
from millstream.errors import UsageError
from millstream.events import Problem, Rejected
from millstream.runtime.answering import checked, edited, fitting, named, not_waiting
from millstream.runtime.attempt import RunContext
from millstream.runtime.job import Job, digest
from millstream.runtime.state import PendingCall, RunState, check_state
from millstream.toolbox.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Resumption:
    """A state, and answers that fit its calls; the others stay pending."""

    state: RunState
    answers: Mapping[str, AnyAnswer]


def as_state(resume: object, **beside: object) -> RunState:
    """The state to resume, from itself or from its dumped text.

    Args:
        resume: what was given as `resume=`.
        beside: what else was given, by name, that can not be: the state says it.

    Raises:
        UsageError: it is none, or there is something beside it.
    """
    wrong = next((name for name, value in beside.items() if value is not None), None)
    match resume:
        case None:
            raise UsageError("answers= goes with resume=, the state of the run whose calls they answer")
        case _ if wrong is not None:
            raise UsageError(f"{wrong}= can not go with resume=: a suspended run goes on from where it was")
        case RunState():
            check_state(resume)
            return resume
        case str():
            return RunState.load(resume)
        case _:
            raise UsageError(
                f"resume= takes run.state, or the text of its dump(), not {type(resume).__name__}; "
                "a run that was not suspended has no state"
            )


def resumption(state: RunState, answers: object, toolbox: Toolbox, shared: RunContext) -> Resumption:
    """A state with answers to its calls.

    Raises:
        UsageError: an answer is for no call of the state, or not one that its call waits for; the message names it.
    """
    if answers is not None and not isinstance(answers, Mapping):
        raise UsageError(f"answers= is a dict, an answer for each call id, not {type(answers).__name__}")
    fit: dict[str, AnyAnswer] = {}
    for call_id, answer in cast("Mapping[str, object]", answers or {}).items():
        pending = state.calls.get(call_id)
        if pending is None:
            raise not_waiting(call_id, state.pending)
        fit[call_id] = fitting(pending.call, pending.waits_for, answer)
        _check_edit(pending, fit[call_id], toolbox, shared)
    return Resumption(state, fit)


def _check_edit(pending: PendingCall, answer: AnyAnswer, toolbox: Toolbox, shared: RunContext) -> None:
    call, tool = pending.call, toolbox.get(pending.call.name)
    if tool is None or not isinstance(answer, Approve) or answer.args is None:
        return
    wrong = edited(call, tool, answer.args, shared)
    if isinstance(wrong, str):
        raise UsageError(f"{named(call)} can not run with the edited arguments: {wrong}")


def restored(pending: PendingCall, toolbox: Toolbox, shared: RunContext) -> Job | Rejected:
    """The job of a call that was left, with exactly its arguments; or why it can not run any more.

    The tool may be gone since, or take other arguments.
    """
    call = pending.call
    opened = toolbox.open_arguments(
        call.name, call.kind, limits=shared.limits, coerce=shared.policy.coerce, custom_tools=call.kind == "custom"
    )
    if isinstance(opened, Problem):
        return Rejected((opened,), 0)
    tool = toolbox[call.name]
    text = pending.args if call.kind == "custom" else json_text(pending.args)
    outcome = checked(call, tool, text, shared)
    if isinstance(outcome, Sealed) and digest(outcome.value) != pending.digest:
        problem = Problem("", "they are not read as those that were shown", "digest", 0)
        return Rejected((problem,), 0)
    if isinstance(outcome, Rejected):
        return outcome
    return Job.of(call, tool, outcome, pending.start, shared)
