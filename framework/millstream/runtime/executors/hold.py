"""What a call holds its body by: how long it may take, and whether it had to be let go while it was at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

import anyio

from millstream.limits import Limits


@dataclass(slots=True)
class Hold:
    """One for each call. `let_go` stays: what was left at work once may be at work for ever.

    Args:
        limits: those of the run.
        time_limit: the scope of the attempt, which is cancelled when the time of the tool is over.
        timeout_s: that time.
        let_go: a body did not stop in its grace, and goes on by itself.
        on_left: called when nobody wants what the body gives any more, before anybody waits for its end.
    """

    limits: Limits
    time_limit: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    timeout_s: float = inf
    let_go: bool = False
    on_left: Callable[[], object] = lambda: None
    body_scope: anyio.CancelScope | None = None
    """That of the body itself, where it is a task of its own: it has the same deadline."""
    _left_s: float = inf

    def pause(self, now_s: float) -> None:
        """The body waits for something that is not its doing: its time stands still."""
        self._left_s = self.time_limit.deadline - now_s
        for scope in self._scopes:
            scope.deadline = inf

    def go_on(self, now_s: float) -> None:
        """It goes on."""
        for scope in self._scopes:
            scope.deadline = now_s + self._left_s

    @property
    def _scopes(self) -> tuple[anyio.CancelScope, ...]:
        return (self.time_limit,) if self.body_scope is None else (self.time_limit, self.body_scope)

    def stop_clock(self) -> None:
        """The body has not begun: its time does not count yet."""
        self.time_limit.deadline = inf

    def start_clock(self, now_s: float) -> None:
        """The body begins now, by the clock of the event loop."""
        self.time_limit.deadline = now_s + self.timeout_s
