"""The structured output of a run as a running program sees it: what is known of it now, typed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from millstream.events import Event, OutputDelta, OutputSettled, RunFinished, TextDelta, TextReplaced
from millstream.runtime.event_log import EventLog
from millstream.runtime.output import OutputJudge, OutputPlan
from millstream.runtime.response import Response
from millstream.runtime.resumed import Resumed
from millstream.toolbox.partial_model import PartialFields

_CHANGES = (OutputDelta, OutputSettled, TextDelta, TextReplaced, RunFinished)


def partial_output(
    plan: OutputPlan | None, response: Response | Resumed | None, judge: OutputJudge | None, text: str
) -> PartialFields[Any] | None:
    """The output so far; None before anything of it is there.

    Args:
        plan: how it is got, None where it is the text of the answer.
        response: the latest one.
        judge: knows the output once it is accepted.
        text: of the answer so far.
    """
    if plan is None:
        return PartialFields(text, frozenset()) if text else None
    if judge is not None and judge.accepted is not None:
        return plan.kind.whole(judge.accepted.bound, judge.accepted.value)
    if not isinstance(response, Response) or response.output is None or response.blocked is not None or response.torn:
        return None
    return plan.kind.partial(response.output.partial)


async def changes(events: AsyncIterator[Event], log: EventLog) -> AsyncIterator[None]:
    """One item whenever the output has changed and everything that has happened was taken: the newest counts."""
    changed = False
    async for event in events:
        changed = changed or isinstance(event, _CHANGES)
        if changed and not log.has_more:
            changed = False
            yield
    if changed:
        yield
