"""What the tests of executors share: a piece of work as an executor is given it, and whether a process is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from millstream import Tool, ToolContext
from millstream.events import Call, CallEvent
from millstream.executors import Work

CALL = Call("call-1-0", 1, 0, "work", "id")


class Heard:
    """What a piece of work said and yielded."""

    def __init__(self) -> None:
        self.said: list[CallEvent] = []
        self.yielded: list[Any] = []


def work_of(tool: Tool[..., Any], heard: Heard | None = None, *, deps: Any = None, **kwargs: Any) -> Work:
    """One attempt of one call of a tool."""
    heard = heard or Heard()
    context: ToolContext[Any] = ToolContext(
        CALL, deps, heard.said.append, run_id="run", idempotency_key="run:call-1-0", attempt=1
    )
    if tool.context_parameter is not None:
        kwargs[tool.context_parameter] = context
    return Work(tool, {}, partial(tool.function, **kwargs), context, heard.said.append, heard.yielded.append)


def is_there(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc/self").is_dir()


async def until(reached: Callable[[], Any], timeout_s: float = 30.0) -> None:
    """Wait for what tells no event loop."""
    with anyio.fail_after(timeout_s):
        while not reached():  # noqa: ASYNC110
            await anyio.sleep(0.005)
