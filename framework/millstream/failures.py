"""What can go wrong with one call, as values.

A model's mistake or a tool's failure is not an exception: it is a `Failure` that ends the call, is shown to people and
is told to the model. `explain` gives the words the model reads. Nothing here knows providers, schemas or tasks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, assert_never

_PARTLY: Final = "It may have had part of its effect."
_AT_WORK: Final = "It could not be stopped: it may be at work still, and take effect later."


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the arguments of a call.

    `path` is a JSON Pointer (RFC 6901) into the arguments, "" for the whole; `message` is a sentence the model can act
    on; `keyword` names the rule ("type", "required", "json", "limit" …); `at` is the offset of the character, counted
    from 0 in the provider's text, at which the problem became certain.
    """

    path: str
    message: str
    keyword: str
    at: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """The model's arguments can not be accepted; the tool did not run. `at` is the deciding character's offset."""

    problems: tuple[Problem, ...]
    at: int
    type: Literal["Rejected"] = field(default="Rejected", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Truncated:
    """The response ended before the call did; the tool did not run. `reason` says how ("length", "stream cut" …)."""

    reason: str
    type: Literal["Truncated"] = field(default="Truncated", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Raised:
    """The tool raised.

    `error` is the exception's class name and `where` the place it came from ("weather.py:12 in lookup"). `message` is
    its text only where that text was meant for the model (`ToolError`, `ModelRetry`, and `NotJson`, which says why a
    result can not be sent) or the policy shows all texts; otherwise it is empty, because the text of an exception may
    hold secrets. Its notes and causes are told to nobody. The exception itself stays in the process:
    `run.calls[call.id].exception`.
    """

    error: str
    message: str = ""
    where: str = ""
    type: Literal["Raised"] = field(default="Raised", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The tool did not end within its `timeout_s` (waiting for its turn or for approval does not count).

    `stopped` is False where it could not be stopped, as a thread can not: it may be at work still.
    """

    after_s: float
    stopped: bool = True
    type: Literal["TimedOut"] = field(default="TimedOut", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Denied:
    """A person, or a rule that stands for one, refused the call; the tool did not run."""

    reason: str
    type: Literal["Denied"] = field(default="Denied", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The call was cancelled, alone or with its run. It may have had part of its effect.

    `stopped` is False where the tool took no notice within `Limits.cancel_grace_s`: it may be at work still.
    """

    reason: str
    stopped: bool = True
    type: Literal["Cancelled"] = field(default="Cancelled", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The call was started and nobody knows how it ended. It is never guessed and never silently repeated."""

    reason: str
    type: Literal["Unknown"] = field(default="Unknown", init=False, repr=False)


Failure: TypeAlias = Rejected | Truncated | Raised | TimedOut | Denied | Cancelled | Unknown
"""Every way a call can end other than by returning."""


def explain(failure: Failure, tool: str) -> str:
    """The words in which the model is told that its call of `tool` failed: what happened, and what it can do."""
    match failure:
        case Rejected(problems=problems):
            listed = "\n".join(f"- {p.path or 'arguments'}: {p.message}" for p in problems)
            return f"{tool} was not run, its arguments were not accepted:\n{listed}\nCorrect them and call it again."
        case Truncated(reason=reason):
            return f"{tool} was not run: its arguments were cut off ({reason}). Call it again, with shorter arguments."
        case Raised(message=""):
            return f"{tool} failed with an internal error. Do not expect it to work with the same arguments."
        case Raised(message=message):
            return message
        case TimedOut(after_s=after_s, stopped=stopped):
            left = _PARTLY if stopped else _AT_WORK
            return f"{tool} did not finish within {after_s:g} s{' and was stopped' if stopped else ''}. {left}"
        case Denied(reason=reason):
            return f"{tool} was not run: it was denied{': ' + reason if reason else ''}."
        case Cancelled(reason=reason, stopped=stopped):
            return f"{tool} was cancelled{': ' + reason if reason else ''}. {_PARTLY if stopped else _AT_WORK}"
        case Unknown(reason=reason):
            return f"It is not known whether {tool} took effect ({reason}). Do not repeat it without checking first."
        case _:
            assert_never(failure)
