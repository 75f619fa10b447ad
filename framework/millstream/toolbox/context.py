"""What a tool may know and say while it runs: its call, the caller's dependencies, progress and log lines.

A tool asks for it by annotating a parameter with `ToolContext`; nested code finds it with `ToolContext.current()`. The
words go through a function the dispatcher supplies: nothing here waits, and nothing blocks, from async code, from
threads or from code that knows no event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Generic

from millstream.errors import UsageError
from millstream.events import Call, CallLogged, CallProgress, JsonValue
from millstream.toolbox.results import to_json

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Deps = TypeVar("Deps", default=Any)  # so that a bare ToolContext is typed too
else:
    from typing import TypeVar

    Deps = TypeVar("Deps")

CURRENT: Final[ContextVar[ToolContext[Any]]] = ContextVar("millstream_tool_context")


class ToolContext(Generic[Deps]):
    """The surroundings of one attempt of one call.

    `deps` is what was passed as `deps=` to the run. `idempotency_key` is the same for every attempt of a call, also in
    another process, and for the call that a model makes again where its torn response is asked for again: hand it to
    whatever must not take effect twice. `attempt` counts from 1.
    """

    __slots__ = ("_say", "attempt", "call", "deps", "idempotency_key", "run_id")

    def __init__(
        self,
        call: Call,
        deps: Deps,
        say: Callable[[CallProgress | CallLogged], None],
        *,
        run_id: str,
        idempotency_key: str,
        attempt: int,
    ) -> None:
        self.call: Call = call
        self.deps: Deps = deps
        self.run_id: str = run_id
        self.idempotency_key: str = idempotency_key
        self.attempt: int = attempt
        self._say = say

    @staticmethod
    def current() -> ToolContext[Any]:
        """The context of the tool this code runs in, also in the threads it started with its context copied.

        Raises:
            UsageError: no tool is running here.
        """
        try:
            return CURRENT.get()
        except LookupError:
            message = "ToolContext.current() outside of a tool: it exists only while a tool runs"
            raise UsageError(message) from None

    def progress(
        self, done: float | None = None, total: float | None = None, message: str = "", *, data: JsonValue = None
    ) -> None:
        """Tell people how far the tool is: `done` of `total` in its own units. Never blocks; call it from anywhere.

        As often as it likes: `Limits.progress_interval_s` says how often people hear of it, and then it is the newest.

        Raises:
            NotJson: no JSON value stands for `data`.
        """
        self._say(CallProgress(self.call, done, total, to_json(message), to_json(data)))

    def log(self, text: str) -> None:
        """Write a line for people; the model does not see it. Never blocks; call it from anywhere.

        Beyond `Limits.max_log_lines` only the last lines are kept, with a mark that counts those left out.
        """
        self._say(CallLogged(self.call, to_json(text)))
