"""The figures that say what overlap was worth, worked out from turns and calls. Knows no view and no events."""

from __future__ import annotations

from collections.abc import Iterable

from millstream.ui.call_view import CallView


def saved_s(response_ended_s: float, calls: Iterable[CallView]) -> float:
    """Time saved by overlap in one turn, in seconds, never negative.

    How much earlier the next request could leave than if the turn's calls had only been started, all at the same time,
    when their response ended: the latest end under that assumption less the latest actual end, or less the end of the
    response where all tools were done before it. A call's run time is taken as it was, from its start to its end,
    retries included; that of a tool that reads its arguments while they arrive, from their end on, since before it
    waited for the model. Calls that never started or reused a recorded result do not count. 0 while a call of the turn
    still runs: nobody knows yet.

    Args:
        response_ended_s: when the response ended, in the same seconds as the calls' times.
        calls: the calls of that response.
    """
    ran = [call for call in calls if call.started_s is not None and call.reused_of is None]
    ends = [call.ended_s for call in ran if call.ended_s is not None]
    if not ran or len(ends) < len(ran):
        return 0.0
    longest_s = max(call.work_s for call in ran)
    return max(response_ended_s + longest_s - max(response_ended_s, *ends), 0.0)


def at_once(calls: Iterable[CallView]) -> int:
    """How many of the calls are at work now; one that pauses between attempts or reuses a result is not."""
    return sum(call.state == "running" and call.reused_of is None for call in calls)
