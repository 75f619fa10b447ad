"""Legal logs of whole runs: suspended, interrupted, torn, with sub-agents; each with what it shows."""

from __future__ import annotations

from collections.abc import Sequence

from millstream.events import (
    ApprovalRequested,
    ApprovalResolved,
    CallFailed,
    CallOpened,
    CallProgress,
    CallRetrying,
    CallReturned,
    Cancelled,
    Denied,
    Raised,
    RunFailed,
    RunFinished,
    RunSuspended,
    TextDelta,
    Truncated,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
    Unknown,
    Usage,
)

from .logs import (
    DONE,
    RAN_A,
    RESUMED,
    RETURNED_A,
    RUN,
    STARTED_A,
    SUB_DONE,
    SUB_RESUMED,
    SUB_RUN,
    TURN_2,
    WRITTEN_A,
    A,
    B,
    Line,
    call,
    ended,
    part,
    ran,
    started,
    under,
    written,
)

C2 = call("c", turn=2)
MAIL = call("a", name="mail")

RUNS: dict[str, Sequence[Line]] = {
    "suspended and answered": (
        *(
            RUN,
            TurnStarted(1),
            *WRITTEN_A,
            *ran(B),
            ended(1),
            ApprovalRequested(A, {}, "d"),
            RunSuspended((A,)),
            RESUMED,
        ),
        *(ApprovalResolved(A, "answered", "d"), RETURNED_A, TurnStarted(2, ("a", "b")), ended(2), DONE),
    ),
    "suspended for good": (RUN, TurnStarted(1), *WRITTEN_A, ended(1), RunSuspended((A,))),
    "interrupted: an idempotent call runs again": (
        *(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, RESUMED, TurnTorn(1, "interrupted", ("a",))),
        *(started(A, attempt=2), RETURNED_A, *TURN_2),
    ),
    "interrupted: another call's end is unknown": (
        *(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, ended(1), RESUMED, CallFailed(A, Unknown("gone")), *TURN_2),
    ),
    "interrupted: a person decides, the attempt's end being unknown": (
        *(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, ended(1), RESUMED, ApprovalRequested(A, {}, "d")),
        *(RunSuspended((A,)), RESUMED, ApprovalResolved(A, "denied", "d"), CallFailed(A, Denied("no")), *TURN_2),
    ),
    "the later part of a run": (
        *(RESUMED, CallProgress(A, 1), RETURNED_A, TurnStarted(4, ("z", "a")), *ran(call("n", turn=4)), ended(4), DONE),
    ),
    "the later part of a run, from its middle on": (
        *(
            RESUMED,
            TurnTorn(1, "interrupted", ("a",)),
            started(A, "end", attempt=7),
            CallRetrying(A, 7, 0, Raised("E")),
        ),
        *(RunSuspended((A, B)), RESUMED, started(A, attempt=8), RETURNED_A, TurnStarted(2, ("a",)), ended(2), DONE),
    ),
    "salvaged, the dropped call left out": (
        *(
            RUN,
            TurnStarted(1),
            *RAN_A,
            CallOpened(B),
            CallFailed(B, Truncated("cut")),
            TurnTorn(1, "cut", ("a",), ("b",)),
        ),
        *TURN_2,
    ),
    "salvaged, the dropped call answered": (
        *(
            RUN,
            TurnStarted(1),
            *RAN_A,
            CallOpened(B),
            TurnTorn(1, "cut", ("a",), ("b",)),
            CallFailed(B, Truncated("cut")),
        ),
        *(TurnStarted(2, ("a", "b")), ended(2), DONE),
    ),
    "restarted at once": (
        *(RUN, TurnStarted(1), TextDelta("he", 1, 0), TurnTorn(1, "cut"), TurnRestarted(1), TurnStarted(2)),
        *(TextDelta("hello", 2, 0), ended(2), DONE),
    ),
    "restarted, the request repeats its answers": (
        *(RUN, TurnStarted(1), *RAN_A, ended(1), TurnStarted(2, ("a",)), TurnTorn(2, "cut"), TurnRestarted(2)),
        *(TurnStarted(3, ("a",)), TurnTorn(3, "cut"), TurnRestarted(3), TurnStarted(4), TurnTorn(4, "cut")),
        *(TurnRestarted(4), TurnStarted(5, ("a",)), ended(5), DONE),
    ),
    "restarted, a result is reused": (
        *(RUN, TurnStarted(1), *ran(A), TurnTorn(1, "cut", (), ("a",)), TurnRestarted(1), TurnStarted(2), *written(C2)),
        *(started(C2, reused_of="a"), CallReturned(C2, "ok"), ended(2), TurnStarted(3, ("c",)), ended(3), DONE),
    ),
    "restarted while a cancelled call still cleans up": (
        *(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, TurnTorn(1, "cut", (), ("a",)), TurnRestarted(1), TurnStarted(2)),
        *(CallFailed(A, Cancelled("torn")), ended(2), DONE),
    ),
    "failed within a response": (
        *(RUN, TurnStarted(1), *WRITTEN_A, CallFailed(A, Cancelled("failed")), RunFailed("WireError", "gone")),
    ),
    "finished on the results of its last response": (RUN, TurnStarted(1), *RAN_A, ended(1), DONE),
    "a sub-agent": (
        *part(
            RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *under("a", *SUB_RUN, *ran(A), *SUB_DONE), RETURNED_A, ended(1)
        ),
        *TURN_2,
    ),
    "a sub-agent of a sub-agent": (
        *part(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *under("a", *SUB_RUN, *WRITTEN_A, STARTED_A)),
        *part(*under("a/a", *SUB_RUN, TextDelta("x", 1, 0), *SUB_DONE), *under("a", RETURNED_A, *SUB_DONE), RETURNED_A),
        *(ended(1), *TURN_2),
    ),
    "a sub-agent in each attempt": (
        *part(
            RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *under("a", *SUB_RUN, *ran(A), RunFailed("WireError", "gone"))
        ),
        *part(
            CallRetrying(A, 1, 0, Raised("RunError")), started(A, attempt=2), *under("a", *SUB_RUN, *ran(A), *SUB_DONE)
        ),
        *(RETURNED_A, ended(1), *TURN_2),
    ),
    "a sub-agent is suspended with its run": (
        *part(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *under("a", *SUB_RUN, *written(MAIL), ended(1))),
        *part(
            *under("a", ApprovalRequested(MAIL, {}, "d"), RunSuspended((MAIL,))),
            ended(1),
            RunSuspended((A, MAIL)),
            RESUMED,
        ),
        *part(started(A, attempt=2), *under("a", SUB_RESUMED, ApprovalResolved(MAIL, "approved", "d"))),
        *part(*under("a", started(MAIL), CallReturned(MAIL, 1), RunFinished("sent", Usage())), RETURNED_A, *TURN_2),
    ),
    "a sub-agent is cut by an interruption": (
        *part(
            RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *under("a", *SUB_RUN, *WRITTEN_A, STARTED_A), ended(1), RESUMED
        ),
        *(CallFailed(A, Unknown("gone")), *TURN_2),
    ),
    "a sub-agent is begun anew after an interruption": (
        *part(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, *under("a", *SUB_RUN, *WRITTEN_A), ended(1), RESUMED),
        *part(started(A, attempt=2), *under("a", *SUB_RUN, *ran(A), *SUB_DONE), RETURNED_A, *TURN_2),
    ),
    "a sub-agent in the later part of a run": (
        *part(RESUMED, *under("a", SUB_RESUMED, TurnStarted(3), ended(3), SUB_DONE[1]), RETURNED_A),
        *(TurnStarted(2, ("a",)), ended(2), DONE),
    ),
}
