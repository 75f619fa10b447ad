"""The one vocabulary: what happens in a run, as facts in the past tense.

Every provider, transport and user interface speaks these and only these. An event is a frozen record with its `Call`
first where it is about one; the run's log numbers them as `Record`s. The union grows with new releases: keep a
`case _: pass` in every `match`. Values inside events (`args`, `value`, `result`) are JSON values; treat them as
read-only. Nothing here knows how events come about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

from millstream.events.call import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallEnded,
    CallFailed,
    CallLogged,
    CallOpened,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallStarted,
    CallYielded,
)
from millstream.events.run import (
    RunCancelled,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSteered,
    RunSuspended,
)
from millstream.events.turn import (
    AnnotationAdded,
    OutputDelta,
    OutputSettled,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    ServerToolUpdated,
    TextDelta,
    TextReplaced,
    TurnEnded,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
)
from millstream.events.values import (
    Call,
    CallKind,
    JsonObject,
    JsonValue,
    Path,
    StartState,
    Usage,
)
from millstream.failures import (
    Cancelled,
    Denied,
    Failure,
    Problem,
    Raised,
    Rejected,
    TimedOut,
    Truncated,
    Unknown,
)

__all__ = (
    "CALL_EVENTS",
    "AnnotationAdded",
    "AnswerRequested",
    "ApprovalRequested",
    "ApprovalResolved",
    "ArgSettled",
    "ArgsDelta",
    "ArgsReplaced",
    "Call",
    "CallEnded",
    "CallEvent",
    "CallFailed",
    "CallKind",
    "CallLogged",
    "CallOpened",
    "CallProgress",
    "CallQueued",
    "CallRetrying",
    "CallReturned",
    "CallSealed",
    "CallStarted",
    "CallYielded",
    "Cancelled",
    "Denied",
    "Event",
    "Failure",
    "JsonObject",
    "JsonValue",
    "OutputDelta",
    "OutputSettled",
    "Path",
    "Problem",
    "ProviderEvent",
    "Raised",
    "ReasoningDelta",
    "Record",
    "RefusalDelta",
    "Rejected",
    "RunCancelled",
    "RunEvent",
    "RunFailed",
    "RunFinished",
    "RunResumed",
    "RunStarted",
    "RunSteered",
    "RunSuspended",
    "ServerToolUpdated",
    "StartState",
    "TextDelta",
    "TextReplaced",
    "TimedOut",
    "Truncated",
    "TurnEnded",
    "TurnEvent",
    "TurnRestarted",
    "TurnStarted",
    "TurnTorn",
    "Unknown",
    "Usage",
)

RunEvent: TypeAlias = RunStarted | RunResumed | RunSteered | RunFinished | RunFailed | RunCancelled | RunSuspended
TurnEvent: TypeAlias = (
    TurnStarted
    | TextDelta
    | TextReplaced
    | ReasoningDelta
    | RefusalDelta
    | AnnotationAdded
    | OutputDelta
    | OutputSettled
    | ServerToolUpdated
    | TurnEnded
    | TurnTorn
    | TurnRestarted
    | ProviderEvent
)
CallEvent: TypeAlias = (
    CallOpened
    | ArgsDelta
    | ArgsReplaced
    | ArgSettled
    | CallSealed
    | ApprovalRequested
    | ApprovalResolved
    | AnswerRequested
    | CallQueued
    | CallStarted
    | CallProgress
    | CallLogged
    | CallYielded
    | CallRetrying
    | CallReturned
    | CallFailed
)
CALL_EVENTS: Final[tuple[type[CallEvent], ...]] = get_args(CallEvent)
"""The classes of `CallEvent`, for isinstance."""
Event: TypeAlias = RunEvent | TurnEvent | CallEvent
"""Everything that can happen in a run."""


@dataclass(frozen=True, slots=True)
class Record:
    """One numbered line of a run's log.

    `seq` strictly increases within a run (gaps are allowed) and is what a viewer resumes from; `at_s` counts seconds
    from `RunStarted.started_unix_s`; `scope` is the path of call ids whose sub-agent the event belongs to, () for the
    run itself. A record never changes once it has a number.
    """

    seq: int
    at_s: float
    event: Event
    scope: tuple[str, ...] = ()
