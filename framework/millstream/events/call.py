"""Events about one tool call, from its name to its end, each with the `Call` first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from millstream.events.values import Call, JsonValue, Path, StartState
from millstream.failures import Failure


@dataclass(frozen=True, slots=True)
class CallOpened:
    """The model began a call: its name is known, its arguments are not."""

    call: Call
    type: Literal["CallOpened"] = field(default="CallOpened", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ArgsDelta:
    """New argument text, exactly as the provider wrote it."""

    call: Call
    text: str
    type: Literal["ArgsDelta"] = field(default="ArgsDelta", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ArgsReplaced:
    """The provider's own final text differs from the deltas it sent: `text` is the whole, what was shown is void."""

    call: Call
    text: str
    type: Literal["ArgsReplaced"] = field(default="ArgsReplaced", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ArgSettled:
    """The argument at `path` is complete and final, however the text was cut (a top-level one, in a run's log)."""

    call: Call
    path: Path
    value: JsonValue
    type: Literal["ArgSettled"] = field(default="ArgSettled", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallSealed:
    """The provider closed the call as complete; JSON and schema hold. Only from here on do `args` exist."""

    call: Call
    args: JsonValue
    type: Literal["CallSealed"] = field(default="CallSealed", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """A person is asked. `digest` names the exact canonical arguments that an approval will cover."""

    call: Call
    args: JsonValue
    digest: str
    type: Literal["ApprovalRequested"] = field(default="ApprovalRequested", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnswerRequested:
    """The call of a deferred tool was handed out: its result comes from outside, with `run.answer` or `answers=`.

    `digest` names the exact canonical arguments, as in `ApprovalRequested`.
    """

    call: Call
    args: JsonValue
    digest: str
    type: Literal["AnswerRequested"] = field(default="AnswerRequested", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ApprovalResolved:
    """A person answered. `digest` names the arguments that were approved, edited ones included.

    "answered" says that the result itself was given, for a deferred tool or in place of running one.
    """

    call: Call
    answer: Literal["approved", "denied", "answered"]
    digest: str
    reason: str = ""
    type: Literal["ApprovalResolved"] = field(default="ApprovalResolved", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallQueued:
    """The call is sealed and waits; `why` says for what, in words for people."""

    call: Call
    why: str
    type: Literal["CallQueued"] = field(default="CallQueued", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The tool is about to run: recorded before its body can have any effect.

    `attempt` counts from 1; `state` is how far the call had come; `digest` names the canonical arguments it runs with;
    of a "streaming" start those that were settled, all but the one that the tool reads as it is written. `reused_of` is
    the id of the earlier call whose recorded result stands in for running it.
    """

    call: Call
    attempt: int
    state: StartState
    digest: str
    reused_of: str | None = None
    type: Literal["CallStarted"] = field(default="CallStarted", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallProgress:
    """The tool reported how far it is: `done` of `total` in its own units, either may be unknown."""

    call: Call
    done: float | None = None
    total: float | None = None
    message: str = ""
    data: JsonValue = None
    type: Literal["CallProgress"] = field(default="CallProgress", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallLogged:
    """The tool wrote a line for people; the model does not see it."""

    call: Call
    text: str
    type: Literal["CallLogged"] = field(default="CallLogged", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallYielded:
    """A generator tool yielded a partial result."""

    call: Call
    value: JsonValue
    type: Literal["CallYielded"] = field(default="CallYielded", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallRetrying:
    """Attempt `attempt` failed and the tool's `Retry` allows another, after `delay_s`."""

    call: Call
    attempt: int
    delay_s: float
    failure: Failure
    type: Literal["CallRetrying"] = field(default="CallRetrying", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The end of a call: a `CallReturned` or a `CallFailed`, exactly one for every `CallOpened`."""

    call: Call

    @property
    def ok(self) -> bool:
        """Whether the tool returned."""
        return isinstance(self, CallReturned)


@dataclass(frozen=True, slots=True)
class CallReturned(CallEnded):
    """The tool returned. `result` is its full JSON value; the model's copy may have been cut.

    `media` names the places of images and files in `result`, which is a list then: there stands `{"type": "media",
    "media_type": "image/png", "base64": "…", "name": "chart.png"}`, with `url` instead of `base64` where it is
    elsewhere, and `name` only where it has one. An object of that form at any other place is JSON and nothing more.
    """

    result: JsonValue
    media: tuple[int, ...] = ()
    type: Literal["CallReturned"] = field(default="CallReturned", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallFailed(CallEnded):
    """The call ended without a result; the model is told why (`failures.explain`) and the run goes on."""

    failure: Failure
    type: Literal["CallFailed"] = field(default="CallFailed", init=False, repr=False)
