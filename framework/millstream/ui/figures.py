"""The figures that say what overlap was worth, worked out from turns and calls. Knows no view and no events."""

from __future__ import annotations

from collections.abc import Iterable

from millstream.ui.call_view import CallView


def saved_s(response_ended_s: float, calls: Iterable[CallView]) -> float:
    """Time saved by overlap in one turn, in seconds, never negative.

    How much earlier all tools of the turn were finished than if its calls had only been started, all at the same time,
    when their response ended: the latest end under that assumption less the latest actual end. A call's run time is
    taken as it was, from its start to its end, retries included. Calls that never started, still run or reused a
    recorded result do not count.

    Args:
        response_ended_s: when the response ended, in the same seconds as the calls' times.
        calls: the calls of that response.
    """
    ran = [
        (call.started_s, call.ended_s)
        for call in calls
        if call.started_s is not None and call.ended_s is not None and call.reused_of is None
    ]
    if not ran:
        return 0.0
    waited_s = response_ended_s + max(ended_s - started_s for started_s, ended_s in ran)
    return max(waited_s - max(ended_s for _, ended_s in ran), 0.0)


def at_once(calls: Iterable[CallView]) -> int:
    """How many of the calls are at work now; one that pauses between attempts or reuses a result is not."""
    return sum(call.state == "running" and call.reused_of is None for call in calls)
