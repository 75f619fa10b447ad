"""One tool call as a view shows it, folded from the call's own events.

The state says what people should know now, the segments say when it was what. Nothing here knows other calls, the run
or how a call is drawn; texts a model or a tool wrote are kept as they came, except for those named `…_line`, which are
safe to show.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    Call,
    CallEvent,
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
    Cancelled,
    Denied,
    Failure,
    JsonValue,
    Raised,
    Rejected,
    TimedOut,
    Truncated,
    Unknown,
)
from millstream.ui.safe_text import one_line
from millstream.ui.segments import Segment, SegmentKind
from millstream.ui.words import failure_line, result_line, with_media_named

CallState: TypeAlias = Literal[
    "args",
    "queued",
    "approval",
    "running",
    "retrying",
    "done",
    "failed",
    "rejected",
    "truncated",
    "denied",
    "cancelled",
    "timeout",
    "unknown",
]
"""Arguments arrive; it waits; a person is asked; an attempt runs; it pauses before the next; and the ways to end."""

ENDED: frozenset[CallState] = frozenset(
    ("done", "failed", "rejected", "truncated", "denied", "cancelled", "timeout", "unknown")
)
LOG_LINES = 200
"""The tail of a call's log: a few screens; the whole is in the records."""
LOG_CHARS = 2000
"""Of one log line or message: more than any view shows on a line."""
NAME_CHARS = 64
"""Of a tool's name: as long as providers allow."""
ARGS_TAIL_CHARS = 400
"""Of the argument text that is still arriving: one wide row."""


def _log() -> deque[str]:
    return deque(maxlen=LOG_LINES)


@dataclass(slots=True)
class CallView:
    """What is known of one call. Feed it the call's events in the order of the log; everything else is for reading.

    Args:
        call: who it is.
        scope: the calls of the sub-agents it belongs to, () for a call of the run itself.
        opened_s: when its name was known, in seconds of the view's time; so are all times here.
    """

    call: Call
    opened_s: float
    scope: tuple[str, ...] = ()

    state: CallState = "args"
    why: str = ""
    """What a "queued" call waits for, as the runtime said it."""
    segments: list[Segment] = field(default_factory=list[Segment])
    """In the order in which they began. They follow each other, except that the arguments of a streaming tool go on
    arriving while it runs. A call that failed before any attempt ends with a segment of no length."""

    args_bytes: int = 0
    """Size of the argument text so far, in UTF-8."""
    args_tail: str = ""
    """The end of the argument text so far, at most ARGS_TAIL_CHARS characters."""
    settled: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """Top-level arguments that are final, in the order in which they settled."""
    args: JsonValue = None
    """The arguments as the tool gets them, None before they are sealed."""

    attempt: int = 0
    """The attempt that runs or ran last, from 1; 0 before the first."""
    retry_at_s: float = 0.0
    """While "retrying": when the next attempt is due."""
    reused_of: str | None = None
    """The id of the call whose recorded result stands in for running this one."""
    done: float | None = None
    total: float | None = None
    message: str = ""
    log: deque[str] = field(default_factory=_log)
    said_tail: str = ""
    """The end of what its sub-agent says in its latest response, at most ARGS_TAIL_CHARS characters."""
    started_s: float | None = None
    """When its first attempt started, None if none did."""
    ended_s: float | None = None
    result_line: str = ""
    """The result, or the last value it yielded, on one line."""
    failure: Failure | None = None
    """Why it, or its last attempt, failed."""
    failure_line: str = ""

    def __post_init__(self) -> None:
        self._enter("args", self.opened_s)

    @property
    def key(self) -> tuple[str, ...]:
        """What it is known by in the run: the ids of the calls around it and its own."""
        return (*self.scope, self.call.id)

    @property
    def name_line(self) -> str:
        """Its name, safe to show; a model may write any."""
        return one_line(self.call.name, NAME_CHARS) or "(no name)"

    @property
    def ended(self) -> bool:
        """Whether it has its result or its failure."""
        return self.state in ENDED

    def run_s(self, now_s: float) -> float:
        """How long the tool has been at work up to `now_s`, retries and pauses included; 0 if it never was."""
        if self.started_s is None:
            return 0.0
        return max((now_s if self.ended_s is None else self.ended_s) - self.started_s, 0.0)

    @property
    def work_s(self) -> float:
        """How long it ran with its arguments complete, retries and pauses included; 0 before it ended."""
        if self.started_s is None or self.ended_s is None:
            return 0.0
        return self.ended_s - max(self.started_s, self.segments[0].end_s or self.started_s)

    def feed(self, event: CallEvent, at_s: float) -> None:
        """Take up one event of this call that happened at `at_s`."""
        match event:
            case CallOpened():
                pass  # the view was made of it
            case ArgsDelta() | ArgsReplaced() | ArgSettled() | CallSealed():
                self._take_arguments(event, at_s)
            case CallQueued() | ApprovalRequested() | AnswerRequested() | ApprovalResolved():
                self._wait(event, at_s)
            case CallStarted() | CallRetrying():
                self._attempt(event, at_s)
            case CallProgress() | CallLogged() | CallYielded():
                self._report(event)
            case CallReturned(result=result, media=media):
                self.result_line = result_line(with_media_named(result, media))
                self._end("done", "done", at_s)
            case CallFailed(failure=failure):
                self._fail(failure)
                self._end(_state_after(failure), _colour_of(failure), at_s)
            case _:
                assert_never(event)

    def _take_arguments(self, event: ArgsDelta | ArgsReplaced | ArgSettled | CallSealed, at_s: float) -> None:
        match event:
            case ArgsDelta(text=text):
                self.args_bytes += len(text.encode("utf-8", "surrogatepass"))
                self.args_tail = (self.args_tail + text)[-ARGS_TAIL_CHARS:]
            case ArgsReplaced(text=text):
                self.args_bytes = len(text.encode("utf-8", "surrogatepass"))
                self.args_tail = text[-ARGS_TAIL_CHARS:]
                self.settled.clear()
            case ArgSettled(path=(str(name),), value=value):
                self.settled[name] = value
            case ArgSettled():
                pass  # a deeper place, subscribed to by someone else
            case CallSealed(args=args):
                self.args = args
                if self.state == "args":
                    self.state = "queued"
                    self._enter("waiting", at_s)
                else:
                    self.segments[0].end(at_s)  # a streaming tool runs on

    def _wait(self, event: CallQueued | ApprovalRequested | AnswerRequested | ApprovalResolved, at_s: float) -> None:
        match event:
            case CallQueued() if self.state == "approval":
                pass  # for the person who is asked, and the state says so
            case CallQueued(why=why):
                self.state, self.why = "queued", why
            case ApprovalRequested(args=args):
                self.state, self.args = "approval", args
            case AnswerRequested(args=args):
                self.state, self.why, self.args = "queued", "its result from outside", args
            case ApprovalResolved(answer=answer):
                self.state, self.why = "queued", answer
        if self.segments[-1].kind != "waiting":
            self._enter("waiting", at_s)

    def _attempt(self, event: CallStarted | CallRetrying, at_s: float) -> None:
        match event:
            case CallStarted(attempt=attempt, state=state, reused_of=reused_of):
                self.state, self.attempt, self.reused_of = "running", attempt, reused_of
                self.done = self.total = None  # progress belongs to an attempt
                self.message = ""
                self.started_s = at_s if self.started_s is None else self.started_s
                if state == "streaming" and self.segments[0].end_s is None:
                    self.segments.append(Segment("running", at_s))
                else:
                    self._enter("running", at_s)
            case CallRetrying(delay_s=delay_s, failure=failure):
                self.state, self.retry_at_s = "retrying", at_s + delay_s
                self._fail(failure)
                self.segments[-1].end(at_s, "failed")
                self._enter("backoff", at_s)

    def _report(self, event: CallProgress | CallLogged | CallYielded) -> None:
        match event:
            case CallProgress(done=done, total=total, message=message):
                self.done, self.total = done, total
                self.message = message[:LOG_CHARS] or self.message
            case CallLogged(text=text):
                self.log.append(text[:LOG_CHARS])
            case CallYielded(value=value):
                self.result_line = result_line(value)

    def _fail(self, failure: Failure) -> None:
        self.failure, self.failure_line = failure, failure_line(failure)

    def _end(self, state: CallState, kind: SegmentKind, at_s: float) -> None:
        self.state, self.ended_s = state, at_s
        for segment in self.segments:
            segment.end(at_s, kind if segment.kind == "running" else None)
        if self.started_s is None and kind != "done":
            self.segments.append(Segment(kind, at_s, at_s))

    def _enter(self, kind: SegmentKind, at_s: float) -> None:
        """What was open ends, and a segment of `kind` begins."""
        for segment in self.segments:
            segment.end(at_s, "stopped" if segment.kind == "running" else None)
        self.segments.append(Segment(kind, at_s))


def _state_after(failure: Failure) -> CallState:
    match failure:
        case Rejected():
            return "rejected"
        case Truncated():
            return "truncated"
        case Raised():
            return "failed"
        case TimedOut():
            return "timeout"
        case Denied():
            return "denied"
        case Cancelled():
            return "cancelled"
        case Unknown():
            return "unknown"
        case _:
            assert_never(failure)


def _colour_of(failure: Failure) -> SegmentKind:
    return "stopped" if isinstance(failure, Cancelled | Unknown) else "failed"
