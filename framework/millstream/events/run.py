"""Events about a whole run. Exactly one of the last four ends it, and a suspended run may go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from millstream.events.values import Call, JsonValue, Usage


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first event of a run. `started_unix_s` is the wall clock at the moment from which `Record.at_s` counts.

    Of a sub-agent's run it is the moment at which that began; `at_s` counts from the start of the run around it.
    """

    run_id: str
    model: str
    prompt: str | None
    started_unix_s: float
    type: Literal["RunStarted"] = field(default="RunStarted", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class RunResumed:
    """A suspended or interrupted run goes on, with the same id and the next `seq`."""

    run_id: str
    started_unix_s: float
    type: Literal["RunResumed"] = field(default="RunResumed", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class RunSteered:
    """The user said more while the run went on: response `turn` is the first that is told, None stands for no text."""

    text: str | None
    turn: int
    type: Literal["RunSteered"] = field(default="RunSteered", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run ended as it should; `output` is what it was for, `usage` the sum over its turns."""

    output: JsonValue
    usage: Usage
    type: Literal["RunFinished"] = field(default="RunFinished", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run can not go on. The same error is raised in the consumer's frame after this event."""

    error: str
    message: str
    retryable: bool = False
    type: Literal["RunFailed"] = field(default="RunFailed", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class RunCancelled:
    """The run was left or cancelled before its end."""

    reason: str
    type: Literal["RunCancelled"] = field(default="RunCancelled", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class RunSuspended:
    """The run waits for answers to its `pending` calls and may go on in another process (`RunResumed`)."""

    pending: tuple[Call, ...]
    type: Literal["RunSuspended"] = field(default="RunSuspended", init=False, repr=False)
