"""The seam for where the body of a tool runs, and what an executor is given. Nothing waits here.

The executors that millstream brings ("inline", "thread", "process") live in `runtime.executors`. What runs bodies
elsewhere, a cluster or a queue, is an object with `submit` and `cancel`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from millstream.errors import UsageError
from millstream.events import CallLogged, CallProgress, JsonValue
from millstream.toolbox.context import CURRENT, ToolContext
from millstream.toolbox.final import Final

if TYPE_CHECKING:
    from millstream.toolbox.tool import Tool


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One attempt of one call, as an executor is given it.

    An executor in this process calls `run`, in a thread of its own; one elsewhere sends the tool's name and `args`.

    Args:
        tool: the tool: its `name`, its `function`, its `body`.
        args: the arguments as JSON.
        function: calls the tool's function with its arguments; of an async one it gives the coroutine.
        context: the call, `run_id`, `idempotency_key` (hand it to whatever must not do the work twice), `attempt`,
            `deps`.
        say: records an event about the call that the tool caused, from any thread; `context.progress` and
            `context.log` do it for you.
        yielded: records a partial result, from any thread; raises NotJson where no JSON value stands for it.
    """

    tool: Tool[..., Any]
    args: JsonValue
    function: Callable[[], Any]
    context: ToolContext[Any]
    say: Callable[[CallProgress | CallLogged], None]
    yielded: Callable[[Any], None]

    def run(self) -> Any:
        """Run a plain function or generator to its end, here and in this thread; what it returned.

        Raises:
            UsageError: the tool is async: its coroutine or async generator is what `function()` gives.
            Exception: whatever the tool raises.
        """
        if self.tool.body.startswith("async"):
            raise UsageError(f"{self.tool.name} is async: await work.function() on an event loop")
        token = CURRENT.set(self.context)
        try:
            result = self.function()
            return self._drain(result) if self.tool.body == "generator" else result
        finally:
            CURRENT.reset(token)

    def _drain(self, generator: Generator[Any, Any, Any]) -> Any:
        result: Any = None
        try:
            for value in generator:
                if isinstance(value, Final):
                    return value.value
                result = value
                self.yielded(value)
        finally:
            generator.close()
        return result


@runtime_checkable
class Executor(Protocol):
    """Runs the bodies of tools somewhere: `@tool(executor=…)` takes one, of which all calls of the tool are asked.

    It is used from the event loop of the run, by many calls at a time; one object may serve several event loops.
    """

    async def submit(self, work: Work) -> Any:
        """Run the body once; what it returned, of which `to_json` can make a JSON value.

        What it raises is the failure of the call; `ToolError` and `ModelRetry` reach the model. It is cancelled where
        the call is, or its time is over.
        """
        ...

    async def cancel(self, work: Work) -> None:
        """Stop the body of which `submit` was cancelled, wherever it runs; return once nothing of it goes on.

        It is shielded from the cancellation that it is about, for `Limits.cancel_grace_s`. A body that is known to be
        at work still when it raises or takes longer is reported as not stopped.
        """
        ...
