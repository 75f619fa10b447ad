"""One attempt of one call: the body run once, within its time; every way it can end, as a value or `AttemptFailed`."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from millstream.answers import Approver
from millstream.errors import UsageError
from millstream.events import Call, CallEvent, CallYielded, Failure, JsonValue, TimedOut
from millstream.limits import Limits
from millstream.policy import Policy
from millstream.runtime.argstream import ArgReader
from millstream.runtime.executors import execute
from millstream.runtime.outcomes import failure_of
from millstream.toolbox.argstream import ArgStream
from millstream.toolbox.context import CURRENT, ToolContext
from millstream.toolbox.results import to_json
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


def check_approver(toolbox: Toolbox, approver: Approver | None) -> None:
    """Check that somebody can be asked about the tools that need it.

    Raises:
        UsageError: a tool needs approval and there is no approver.
    """
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
    say: Callable[[CallEvent], None]
    reader: ArgReader | None = None

    async def run(self, number: int, shared: RunContext) -> JsonValue:
        """Run the body once; its result as a JSON value.

        Raises:
            AttemptFailed: it raised, exceeded its time, or returned what is no JSON value.
            BaseException: what is meant for the whole process, KeyboardInterrupt above all.
        """
        context: ToolContext[Any] = ToolContext(
            self.call,
            shared.deps,
            self.say,
            run_id=shared.run_id,
            idempotency_key=f"{shared.run_id}:{self.call.id}",
            attempt=number,
        )
        kwargs = dict(self.bound.kwargs)
        if self.tool.context_parameter is not None:
            kwargs[self.tool.context_parameter] = context
        if self.reader is not None:
            kwargs[self.reader.source.parameter] = ArgStream(self.reader)
        timeout_s = self.tool.options.timeout_s or shared.limits.tool_timeout_s
        token = CURRENT.set(context)
        try:
            with anyio.move_on_after(timeout_s) as time_limit:
                if self.reader is not None:
                    self.reader.time_limit = time_limit
                call = partial(self.tool.function, *self.bound.args, **kwargs)
                return to_json(await execute(self.tool, call, self._yielded, shared.limits, time_limit))
        except (anyio.get_cancelled_exc_class(), CancelledError, SystemExit) as error:  # trio's, asyncio's
            await checkpoint_if_cancelled()  # raises if it was the run or the call; else the tool raised it by itself
            raise AttemptFailed(failure_of(error, shared.policy), None) from error
        except Exception as error:
            raise AttemptFailed(failure_of(error, shared.policy), error) from error
        finally:
            CURRENT.reset(token)
        raise AttemptFailed(TimedOut(timeout_s), TimeoutError())

    def _yielded(self, value: Any) -> None:
        self.say(CallYielded(self.call, to_json(value)))
