"""Calls a function that runs an event loop, from code that is not async, whether or not a loop is running there."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio.lowlevel import current_token

T = TypeVar("T")


def _forget_loop() -> None:
    """A copied context says which event loop runs; in a new thread none does."""
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None:
        sniffio.current_async_library_cvar.set(None)


def blocking(function: Callable[[], T]) -> T:
    """Call a function that runs an event loop, in another thread if this one has a loop running."""
    try:
        current_token()
    except anyio.NoEventLoopError:
        return function()
    outcome: list[T] = []
    failure: list[BaseException] = []
    context = contextvars.copy_context()

    def work() -> None:
        try:
            context.run(_forget_loop)
            outcome.append(context.run(function))
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=work, name="millstream run_sync")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]
