"""Legal logs of one response and its calls, each with what it shows."""

from __future__ import annotations

from collections.abc import Sequence

from millstream.events import (
    AnnotationAdded,
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallFailed,
    CallLogged,
    CallOpened,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallYielded,
    Denied,
    OutputDelta,
    OutputSettled,
    Problem,
    ProviderEvent,
    Raised,
    ReasoningDelta,
    RefusalDelta,
    Rejected,
    RunCancelled,
    RunFinished,
    ServerToolUpdated,
    TextDelta,
    TextReplaced,
    Truncated,
    TurnStarted,
    TurnTorn,
    Usage,
)

from .logs import (
    DONE,
    OPENED_A,
    RAN_A,
    RETURNED_A,
    RUN,
    SEALED_A,
    STARTED_A,
    TEXT_A,
    TURN_2,
    WRITTEN_A,
    A,
    B,
    Line,
    call,
    ended,
    ran,
    started,
    written,
)

BAD_ARGS = Rejected((Problem("/city", "not a city", "enum", 9),), 9)

RESPONSES: dict[str, Sequence[Line]] = {
    "only text": (RUN, TurnStarted(1), TextDelta("hello", 1, 0), ended(1), DONE),
    "everything a response may hold": (
        *(RUN, TurnStarted(1), ReasoningDelta("hm", 1, 0), TextDelta("see", 1, 1), RefusalDelta("no", 1, 2)),
        *(AnnotationAdded({"url": "x"}, 1, 1), OutputDelta("[1", 1, 3), OutputSettled((0,), 1, 1)),
        *(ServerToolUpdated("search", "done", {}, 1, 4), ProviderEvent("ping", {}, 1), ended(1)),
        *(ProviderEvent("trailer", {}, 1), RunFinished([1], Usage())),
    ),
    "an output": (
        *(RUN, TurnStarted(1), OutputDelta('{"a": 1, "b": ', 1, 0), OutputSettled(("a",), 1, 1)),
        *(OutputDelta("[2]}", 1, 0), OutputSettled(("b",), [2], 1), ended(1)),
        RunFinished({"a": 1, "b": [2]}, Usage()),
    ),
    "an output in a field of its own, after one that was not accepted": (
        *(RUN, TurnStarted(1), OutputDelta('{"result": 0}', 1, 0), OutputSettled((), 0, 1), ended(1)),
        *(TurnStarted(2), OutputDelta('{"result": 1}', 2, 0), OutputSettled((), 1, 2), ended(2)),
        RunFinished(1, Usage()),
    ),
    "an output that the provider replaced": (
        *(RUN, TurnStarted(1), OutputDelta('{"a": 1', 1, 0), OutputSettled(("a",), 1, 1)),
        *(TextReplaced('{"a": 2}', 1, 0), OutputSettled(("a",), 2, 1), ended(1), RunFinished({"a": 2}, Usage())),
    ),
    "an output in a fence": (
        *(RUN, TurnStarted(1), OutputDelta('```json\n{"a": 1}\n```', 1, 0), ended(1), RunFinished({"a": 1}, Usage())),
    ),
    "a call between two that stand for an output": (
        *(RUN, TurnStarted(1), OutputDelta("{}", 1, 0), *ran(B), OutputDelta("{}", 1, 2), ended(1)),
        *(TurnStarted(2, ("b",)), OutputDelta("{}", 2, 0), ended(2), RunFinished({}, Usage())),
    ),
    "a call": (RUN, TurnStarted(1), *RAN_A, ended(1), *TURN_2),
    "a call that returns after its turn": (
        *(RUN, TurnStarted(1), *WRITTEN_A, CallQueued(A, "waits"), STARTED_A, ended(1)),
        *(CallProgress(A, 1, 2), CallLogged(A, "line"), CallYielded(A, 1), RETURNED_A, *TURN_2),
    ),
    "interleaved calls that end out of order": (
        *(RUN, TurnStarted(1), OPENED_A, CallOpened(B), ArgsDelta(A, '{"city": '), ArgsDelta(B, '{"n": 1'), TEXT_A),
        *(ArgsReplaced(A, '{"city": "Paris"}'), ArgSettled(A, ("city",), "Paris"), ArgsDelta(B, "0}"), SEALED_A),
        *(ArgSettled(B, ("n",), 10), CallSealed(B, {"n": 10}), STARTED_A, started(B), CallReturned(B, None)),
        *(RETURNED_A, ended(1), TurnStarted(2, ("a", "b")), ended(2), DONE),
    ),
    "no arguments": (
        *(RUN, TurnStarted(1), OPENED_A, CallSealed(A, {}), STARTED_A, RETURNED_A, CallOpened(B), ArgsDelta(B, " \n")),
        *(CallSealed(B, {}), started(B), CallReturned(B, 1), ended(1), TurnStarted(2, ("a", "b")), ended(2), DONE),
    ),
    "free text arguments": (
        *(RUN, TurnStarted(1), *written(call("a", kind="custom"), "{not json", "{not json")),
        *(started(call("a", kind="custom")), CallReturned(call("a", kind="custom"), 1), ended(1), *TURN_2),
    ),
    "white space after the seal": (RUN, TurnStarted(1), *RAN_A[:-1], ArgsDelta(A, "\n"), RETURNED_A, ended(1), *TURN_2),
    "text after the seal rejects the call": (
        *(RUN, TurnStarted(1), *WRITTEN_A, ArgsDelta(A, "}"), CallFailed(A, BAD_ARGS), ended(1), *TURN_2),
    ),
    "text after the start tears the response": (
        *(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, ArgsDelta(A, "}"), TurnTorn(1, "bad", ("a",)), RETURNED_A),
        *TURN_2,
    ),
    "settled anew after the text was replaced": (
        *(RUN, TurnStarted(1), OPENED_A, ArgsDelta(A, '{"city": "Rome", "n": 1'), ArgSettled(A, ("city",), "Rome")),
        *(ArgsReplaced(A, '{"city": "Paris"}'), ArgSettled(A, ("city",), "Paris"), SEALED_A, STARTED_A, RETURNED_A),
        *(ended(1), *TURN_2),
    ),
    "rejected while it streams": (
        *(RUN, TurnStarted(1), OPENED_A, ArgsDelta(A, '{"city": X'), CallFailed(A, BAD_ARGS), ended(1), *TURN_2),
    ),
    "cut by the length limit": (
        *(RUN, TurnStarted(1), OPENED_A, ArgsDelta(A, '{"ci'), CallFailed(A, Truncated("length")), ended(1, "length")),
        *TURN_2,
    ),
    "safe: the next call opened": (
        *(RUN, TurnStarted(1), *WRITTEN_A, CallOpened(B), started(A, "safe"), RETURNED_A, TurnTorn(1, "cut", ("a",))),
        *(CallFailed(B, Truncated("cut")), TurnStarted(2, ("a", "b")), ended(2), DONE),
    ),
    "safe: text followed": (
        *(RUN, TurnStarted(1), TextDelta("x", 1, 0), *WRITTEN_A, started(A, "safe"), RETURNED_A, TextDelta("y", 1, 2)),
        *(TurnTorn(1, "cut", ("a",)), *TURN_2),
    ),
    "safe: the finish was known before the end": (RUN, TurnStarted(1), *ran(A, "safe"), ended(1), *TURN_2),
    "safe: the finish was known before the tear": (
        *(RUN, TurnStarted(1), *ran(A, "safe"), TurnTorn(1, "cut", ("a",), reason="tool_calls"), *TURN_2),
    ),
    "safe: the run ended before anybody could tell": (RUN, TurnStarted(1), *ran(A, "safe"), RunCancelled("left")),
    "end": (RUN, TurnStarted(1), *written(A), ended(1), started(A, "end"), RETURNED_A, *TURN_2),
    "streaming": (RUN, TurnStarted(1), OPENED_A, started(A, "streaming"), TEXT_A, SEALED_A, RETURNED_A, ended(1), DONE),
    "streaming, aborted": (
        *(RUN, TurnStarted(1), OPENED_A, started(A, "streaming"), ArgsDelta(A, '{"'), CallFailed(A, Truncated("cut"))),
        *(TurnTorn(1, "cut", ("a",)), *TURN_2),
    ),
    "two retries": (
        *(RUN, TurnStarted(1), *WRITTEN_A, STARTED_A, CallRetrying(A, 1, 0.5, Raised("E")), started(A, attempt=2)),
        *(CallProgress(A, 1), CallRetrying(A, 2, 1.0, Raised("E")), ended(1), started(A, attempt=3)),
        *(CallFailed(A, Raised("E")), *TURN_2),
    ),
    "approved": (
        *(
            RUN,
            TurnStarted(1),
            *WRITTEN_A,
            ended(1),
            ApprovalRequested(A, {}, "d"),
            ApprovalResolved(A, "approved", "d"),
        ),
        *(STARTED_A, RETURNED_A, *TURN_2),
    ),
    "approved with edited arguments": (
        *(
            RUN,
            TurnStarted(1),
            *WRITTEN_A,
            ended(1),
            ApprovalRequested(A, {}, "d"),
            ApprovalResolved(A, "approved", "e"),
        ),
        *(started(A, digest="e"), CallRetrying(A, 1, 0, Raised("E")), started(A, attempt=2, digest="e"), RETURNED_A),
        *TURN_2,
    ),
    "denied": (
        *(RUN, TurnStarted(1), *WRITTEN_A, ended(1), ApprovalRequested(A, {}, "d"), ApprovalResolved(A, "denied", "d")),
        *(CallFailed(A, Denied("no")), *TURN_2),
    ),
}
