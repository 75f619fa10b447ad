"""What type checkers see of executors of one's own. Not collected by pytest: mypy and pyright read it."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Any, assert_type

from millstream import ToolContext, tool
from millstream.events import JsonValue
from millstream.executors import Executor, Work


class Jobs:
    """One that runs nothing."""

    async def submit(self, work: Work) -> object:
        assert_type(work.tool.name, str)
        assert_type(work.args, JsonValue)
        assert_type(work.context, ToolContext[Any])
        assert_type(work.context.idempotency_key, str)
        return work.run()

    async def cancel(self, work: Work) -> None: ...


class NoCancel:
    """One that can not stop anything."""

    async def submit(self, work: Work) -> object: ...


JOBS: Executor = Jobs()
NONE: Executor = NoCancel()  # type: ignore[assignment]


@tool(executor=JOBS)
def elsewhere(n: int) -> str:
    """Work."""
    return str(n)


@tool(executor="process")
def in_a_process(n: int) -> str:
    """Work."""
    return str(n)


assert_type(elsewhere(1), str)
assert_type(in_a_process(1), str)

tool(executor="threads")  # type: ignore[call-overload]
