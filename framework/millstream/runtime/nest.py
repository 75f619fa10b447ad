"""What a run lends to the agents that work for it: a place in its log, and how much deeper they may go.

It knows neither models nor tools. The body of a tool finds the place it runs at in `WITHIN`.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from millstream.errors import UsageError
from millstream.events import Call, Usage
from millstream.runtime.event_log import EventLog

if TYPE_CHECKING:
    from millstream.runtime.attempt import RunContext
    from millstream.runtime.run import Run


@dataclass(slots=True)
class Nest:
    """The inside of one run, for its sub-agents.

    Args:
        log: the log of the run.
        depth_left: how many sub-agents may still be nested below it.
    """

    log: EventLog
    depth_left: int
    runs: dict[str, list[Run]] = field(default_factory=dict[str, "list[Run]"])
    """Those of its sub-agents by the id of the call they serve, the latest last."""
    at_work: set[str] = field(default_factory=set[str])
    """The calls that have a sub-agent at work."""

    handed_over: dict[int, Call] = field(default_factory=dict[int, Call])
    """The call that handed the conversation over, by the number of its response."""

    @property
    def usage(self) -> Usage:
        """The tokens of its sub-agents so far."""
        return sum((run.usage for runs in self.runs.values() for run in runs), Usage())

    @contextmanager
    def place(self, call: Call, run: Run) -> Generator[None]:
        """The place of a sub-agent's run under a call: one at a time, since nobody could tell apart the events of two.

        Raises:
            UsageError: another sub-agent is at work for the call.
        """
        if call.id in self.at_work:
            raise UsageError(f"{call.name} runs two sub-agents at the same time: await one before the next")
        self.at_work.add(call.id)
        self.runs.setdefault(call.id, []).append(run)
        try:
            yield
        finally:
            self.at_work.discard(call.id)


@dataclass(frozen=True, slots=True)
class Within:
    """Where the body of a tool runs: the run, the call and the number of the attempt."""

    shared: RunContext
    call: Call
    attempt: int


WITHIN: Final[ContextVar[Within | None]] = ContextVar("millstream_within", default=None)
