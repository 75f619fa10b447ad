"""What a run lends to the agents that work for it: a place in its log, and how much deeper they may go.

It knows neither models nor tools. The body of a tool finds the place it runs at in `WITHIN`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from millstream.errors import UsageError
from millstream.events import Call, Usage
from millstream.runtime.event_log import EventLog

if TYPE_CHECKING:
    from millstream.runtime.attempt import RunContext
    from millstream.runtime.run import Run

Scope: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class Nest:
    """The inside of one run, for its sub-agents.

    Args:
        log: the log of the run.
        depth_left: how many sub-agents may still be nested below it.
        at_work: entered around each attempt of a tool, see `RunContext`.
    """

    log: EventLog
    depth_left: int
    at_work: Callable[[str, Scope], AbstractContextManager[None]] = lambda _, __: nullcontext()
    runs: dict[str, list[Run[Any]]] = field(default_factory=dict[str, "list[Run[Any]]"])
    """Those of its sub-agents by the id of the call they serve, the latest last."""
    served: set[str] = field(default_factory=set[str])
    """The calls that have a sub-agent at work."""

    handed_over: dict[int, Call] = field(default_factory=dict[int, Call])
    """The call that handed the conversation over, by the number of its response."""

    @property
    def usage(self) -> Usage:
        """The tokens of its sub-agents so far."""
        return sum((run.usage for runs in self.runs.values() for run in runs), Usage())

    @contextmanager
    def place(self, call: Call, run: Run[Any]) -> Generator[None]:
        """The place of a sub-agent's run under a call: one at a time, since nobody could tell apart the events of two.

        Raises:
            UsageError: another sub-agent is at work for the call.
        """
        if call.id in self.served:
            raise UsageError(f"{call.name} runs two sub-agents at the same time: await one before the next")
        self.served.add(call.id)
        self.runs.setdefault(call.id, []).append(run)
        try:
            yield
        finally:
            self.served.discard(call.id)


@dataclass(frozen=True, slots=True)
class Within:
    """Where the body of a tool runs: the run, the call and the number of the attempt."""

    shared: RunContext
    call: Call
    attempt: int


WITHIN: Final[ContextVar[Within | None]] = ContextVar("millstream_within", default=None)
