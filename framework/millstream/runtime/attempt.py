"""One attempt of one call: the body run once, within its time; every way it can end, as a value or `AttemptFailed`."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from millstream.answers import Approver
from millstream.errors import UsageError
from millstream.events import Call, Failure, JsonValue, TimedOut
from millstream.guards import Guards
from millstream.limits import Limits
from millstream.policy import Policy
from millstream.runtime.argstream import ArgReader
from millstream.runtime.executors.execute import execute
from millstream.runtime.executors.hold import Hold
from millstream.runtime.nest import WITHIN, Nest, Within
from millstream.runtime.outcomes import failure_of
from millstream.runtime.outlet import Outlet
from millstream.runtime.progress import Words
from millstream.runtime.yielding import Yields
from millstream.toolbox.argstream import ArgStream
from millstream.toolbox.context import CURRENT, ToolContext
from millstream.toolbox.executor import Work
from millstream.toolbox.output import Output, output_of
from millstream.toolbox.signature import BoundArguments
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all the calls of a run share."""

    run_id: str
    limits: Limits
    policy: Policy
    deps: Any = None
    approver: Approver | None = None
    guards: Guards | None = None
    entry_guards: Guards | None = None
    """Those of the agent that the run began with, which hold for whoever takes over."""
    at_work: Callable[[str, tuple[str, ...]], AbstractContextManager[None]] = lambda _, __: nullcontext()
    """Entered around each attempt of a tool, with the id of its call and the scope of the records about it."""
    nest: Nest | None = None


def check_approver(toolbox: Toolbox, approver: Approver | None) -> None:
    """Check that the tools need nobody but an approver, for a loop that can not be suspended.

    Raises:
        UsageError: a tool needs approval and there is no approver, or a tool is deferred.
    """
    deferred = next((tool.name for tool in toolbox.values() if tool.options.deferred), None)
    if deferred is not None:
        raise UsageError(f"{deferred} is deferred, and a loop of your own can not wait for its result: use an Agent")
    unapproved = next((tool.name for tool in toolbox.values() if tool.options.needs_approval), None)
    if unapproved is not None and approver is None:
        raise UsageError(f"{unapproved} needs approval: pass approver=, an async function that is asked each time")


class AttemptFailed(Exception):
    """An attempt failed; `cause` is what the tool raised, None where it raised nothing that may be tried again."""

    def __init__(self, failure: Failure, cause: BaseException | None) -> None:
        super().__init__(failure)
        self.failure = failure
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Body:
    """What is to be run: a tool with bound arguments, for one call."""

    call: Call
    tool: Tool[..., Any]
    bound: BoundArguments
    args: JsonValue
    hold: Hold
    outlet: Outlet
    key: str
    """The idempotency key: that of the call, or of an earlier one that it repeats."""
    reader: ArgReader | None = None

    async def run(self, number: int, shared: RunContext) -> Output:
        """Run the body once; what it gave.

        Raises:
            AttemptFailed: it raised, exceeded its time, or returned what is no result.
            BaseException: what is meant for the whole process, KeyboardInterrupt above all.
        """
        words, yields = Words(self.call, self.outlet, shared.limits), Yields(self.call, self.outlet, shared.limits)
        context: ToolContext[Any] = ToolContext(
            self.call,
            shared.deps,
            words.say,
            run_id=shared.run_id,
            idempotency_key=self.key,
            attempt=number,
        )
        kwargs = dict(self.bound.kwargs)
        if self.tool.context_parameter is not None:
            kwargs[self.tool.context_parameter] = context
        if self.reader is not None:
            kwargs[self.reader.source.parameter] = ArgStream(self.reader)
        timeout_s = self.tool.options.timeout_s or shared.limits.tool_timeout_s
        token, within = CURRENT.set(context), WITHIN.set(Within(shared, self.call, number))
        try:
            with shared.at_work(self.call.id, ()), anyio.move_on_after(timeout_s) as self.hold.time_limit:
                self.hold.timeout_s, self.hold.on_left = timeout_s, yields.close
                if self.reader is not None:
                    self.reader.hold = self.hold
                call = partial(self.tool.function, *self.bound.args, **kwargs)
                work = Work(self.tool, self.args, call, context, words.say, yields.taker(self.tool))
                return output_of(await execute(work, self.hold, yields.on_loop), shared.limits)
        except (anyio.get_cancelled_exc_class(), CancelledError, SystemExit) as error:  # trio's, asyncio's
            await checkpoint_if_cancelled()  # raises if it was the run or the call; else the tool raised it by itself
            raise AttemptFailed(failure_of(error, shared.policy), None) from error
        except Exception as error:
            raise AttemptFailed(failure_of(error, shared.policy), error) from error
        finally:
            CURRENT.reset(token)
            WITHIN.reset(within)
            yields.close()
            words.close()
        raise AttemptFailed(TimedOut(timeout_s, stopped=not self.hold.let_go), TimeoutError())
