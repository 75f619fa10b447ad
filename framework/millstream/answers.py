"""What a person, or code that stands for one, answers about a call that waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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


Approver: TypeAlias = Callable[[Call, JsonValue], Awaitable[Approve | Deny]]
"""Asked inline, with the call and its arguments, before a tool that needs approval may start."""
