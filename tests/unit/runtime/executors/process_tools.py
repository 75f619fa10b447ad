"""Tools for child processes, which import this file."""

from __future__ import annotations

import contextvars
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import anyio.lowlevel
from pydantic import BaseModel

from millstream import Final, ModelRetry, ToolContext, ToolError, tool

WHO: contextvars.ContextVar[Any] = contextvars.ContextVar("who", default="nobody")
LATE: list[threading.Thread] = []


class City(BaseModel):
    name: str


class Odd(Exception):
    """One that can be pickled but not read again."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


class OddForTheModel(ToolError):
    """As `Odd`, for the model."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")
        self.lock = threading.Lock()


@tool(executor="process")
def facts(city: City, ctx: ToolContext) -> Any:
    """Tell what is known in there."""
    same = ToolContext.current() is ctx
    print("printed in the child")
    return [city.name, os.getpid(), ctx.deps, ctx.call.id, ctx.run_id, ctx.idempotency_key, ctx.attempt, same]


@tool(executor="process")
def pid() -> int:
    """Tell the process."""
    time.sleep(0.01)
    return os.getpid()


@tool(executor="process")
def who() -> str:
    """Tell the context variable."""
    WHO.set(f"{WHO.get()}, changed")
    return str(WHO.get())


@tool(executor="process")
def says(ctx: ToolContext) -> str:
    """Say things."""
    ctx.progress(1, 2, "half", data={"a": {1}})
    ctx.log("a line")
    return "said"


@tool(executor="process")
def says_late(ctx: ToolContext) -> str:
    """Start a thread that says something after the call."""
    go_on = threading.Event()

    def say() -> None:
        go_on.wait()
        ctx.log("too late")

    threading.Thread(target=say).start()
    threading.Timer(0.05, go_on.set).start()
    return "returned"


@tool(executor="process")
def words() -> Iterator[Any]:
    """Say words."""
    yield "one"
    yield City(name="Paris")
    yield Final("result")
    yield "three"


@tool(executor="process")
async def async_words() -> AsyncIterator[Any]:
    """Say words."""
    yield "one"
    await anyio.lowlevel.checkpoint()
    yield "two"


@tool(executor="process")
async def async_pid() -> int:
    """Tell the process."""
    await anyio.lowlevel.checkpoint()
    return os.getpid()


@tool(executor="process")
def fails(how: str) -> Any:
    """Fail."""
    match how:
        case "ToolError":
            raise ToolError("no such city")
        case "ModelRetry":
            raise ModelRetry("name the city")
        case "ValueError":
            raise ValueError("a secret")
        case "group":
            raise ExceptionGroup("group", [KeyError("one")])
        case "Odd":
            raise Odd("one", "two")
        case "OddForTheModel":
            raise OddForTheModel("one", "two")
        case "exit":
            sys.exit(3)
        case "object":
            return object()
        case _:
            return "x" * 10_000


@tool(executor="process")
def dies(how: str) -> str:
    """Die."""
    if how == "_exit":
        os._exit(3)
    if how == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    os.closerange(3, 256)
    time.sleep(60)
    return "never"


@tool(executor="process")
def never(ctx: ToolContext) -> str:
    """Start another process, say both ids, and keep a processor busy with what lets no other thread run."""
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    ctx.progress(data=[os.getpid(), other.pid])
    if ctx.deps == "GIL":
        sum(itertools.repeat(1))
    while True:
        time.sleep(1)


@tool(executor="process")
def deps_of_current() -> str:
    """Ask for dependencies through the current context."""
    return str(ToolContext.current().deps.name)
