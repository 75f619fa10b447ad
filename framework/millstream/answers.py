"""What a person, or code that stands for one, answers about a call that waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from millstream.events import Call, JsonValue


@dataclass(frozen=True, slots=True)
class Approve:
    """The call may run, with exactly the arguments that were shown, or with `args`, which are validated again."""

    args: JsonValue = None


@dataclass(frozen=True, slots=True)
class Deny:
    """The call must not run; the model is told the reason."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of the call is `value`, any value that JSON stands for; no tool runs."""

    value: JsonValue


AnyAnswer: TypeAlias = Approve | Deny | Answer
"""What may be said about a call that waits: for approval, or, of a deferred tool, for its result."""
Answers: TypeAlias = Mapping[str, AnyAnswer]
"""Answers by call id."""

Approver: TypeAlias = Callable[[Call, JsonValue], Awaitable[AnyAnswer] | AnyAnswer]
"""Asked inline, with the call and its arguments, before a tool that needs approval may start; async or not."""
