"""Whether more calls were at work at once than their tools allow: read from a log and the terms, and from nothing else.

A call is at work from its first start to its end. It knows neither the plan nor the dispatcher.
"""

from __future__ import annotations

from collections.abc import Sequence

from millstream.events import AnswerRequested, Call, CallEnded, CallOpened, CallStarted, Record
from tests.property.machine_setting import Setting
from tests.property.puppets import Terms


def overcrowded(records: Sequence[Record], setting: Setting) -> list[str]:
    """Each start that had to wait for another call, in words."""
    tools = {one.name: one for one in setting.tools}
    opened: dict[str, Call] = {}
    at_work: dict[str, Call] = {}
    wrong: list[str] = []
    for event in (record.event for record in records):
        if isinstance(event, CallOpened):
            opened[event.call.id] = event.call
        elif isinstance(event, AnswerRequested):
            opened.pop(event.call.id, None)  # it is elsewhere now, and keeps nobody from working
        elif isinstance(event, CallEnded):
            at_work.pop(event.call.id, None)
            opened.pop(event.call.id, None)
        elif isinstance(event, CallStarted) and event.attempt == 1:
            others = [one for one in at_work.values() if one.id != event.call.id]
            earlier = [one for one in opened.values() if one.index < event.call.index]
            problem = _problem(event.call, others, earlier, tools, setting.max_concurrent)
            if problem:
                wrong.append(f"{event.call.id} started, but {problem}")
            at_work[event.call.id] = event.call
    return wrong


def _problem(call: Call, others: list[Call], earlier: list[Call], tools: dict[str, Terms], most: int) -> str:
    own = tools[call.name]
    if len(others) >= most:
        return "all places were taken"
    if own.limit is not None and sum(one.name == call.name for one in others) >= own.limit:
        return "all places of its tool were taken"
    for one in (*others, *earlier):
        if own.exclusive is True or tools[one.name].exclusive is True:
            return f"{one.id} was before it, and one of them runs alone"
    if own.exclusive and any(tools[one.name].exclusive == own.exclusive for one in others):
        return "its group was held"
    return ""
