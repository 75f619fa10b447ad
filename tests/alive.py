"""What is alive in this process: tasks of the running event loop, threads, open files. To find what was left behind."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import trio
from anyio.lowlevel import checkpoint

_POOLS = ("AnyIO worker thread", "Trio thread", "asyncio_")
"""Idle threads of an event loop's pool are kept for later: they are the loop's."""
_FILES = Path("/proc/self/fd")
_PATIENCE_S = 2.0


def tasks() -> frozenset[object]:
    """The tasks of the running event loop."""
    try:
        return frozenset(asyncio.all_tasks())
    except RuntimeError:
        pass  # it is trio's
    root = trio.lowlevel.current_root_task()
    found: set[object] = set()
    waiting = [root] if root is not None else []
    while waiting:
        task = waiting.pop()
        found.add(task)
        for nursery in task.child_nurseries:
            waiting += nursery.child_tasks
    return frozenset(found)


def threads() -> frozenset[threading.Thread]:
    """The threads beyond those of pools."""
    return frozenset(thread for thread in threading.enumerate() if not thread.name.startswith(_POOLS))


def files() -> dict[str, str]:
    """The open files and sockets by descriptor; empty where the system does not list them."""
    found: dict[str, str] = {}
    for file in list(_FILES.iterdir()) if _FILES.is_dir() else ():
        try:
            found[file.name] = str(file.readlink())
        except OSError:
            continue  # the one with which we looked
    return found


@asynccontextmanager
async def no_task_left() -> AsyncGenerator[None]:
    """Everything that was started within has ended when the block is left, with no time to do so afterwards.

    A callback of the loop that is due already may run: one checkpoint.
    """
    before = tasks()
    yield
    await checkpoint()
    left = tasks() - before
    assert not left, f"tasks are left: {left}"


@contextmanager
def nothing_left() -> Generator[None]:
    """Threads, files and sockets are afterwards what they were before; those that end soon are waited for."""
    threads_before, files_before = threads(), files()
    yield
    end = time.monotonic() + _PATIENCE_S
    while True:
        left_threads = threads() - threads_before
        left_files = {name: target for name, target in files().items() if files_before.get(name) != target}
        if not left_threads and not left_files:
            return
        assert time.monotonic() < end, f"left alive: {left_threads} {left_files}"
        time.sleep(0.005)
