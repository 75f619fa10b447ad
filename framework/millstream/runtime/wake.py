"""Flags that tasks wait for, the clock of the event loop, and a way to do things on it from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
from anyio.lowlevel import EventLoopToken, current_token


class Wake:
    """Set it and the one waiter goes on; its next wait waits again. A set without a waiter is remembered once."""

    def __init__(self) -> None:
        self._event: anyio.Event | None = None
        self._is_set = False

    def set(self) -> None:
        """Wake the waiter, or let the next wait pass."""
        self._is_set = True
        if self._event is not None:
            self._event.set()

    async def wait(self) -> None:
        """Wait until it is set."""
        while not self._is_set:
            self._event = anyio.Event()
            await self._event.wait()
            self._event = None
        self._is_set = False


class Bell:
    """Wakes all that wait when it rings. A ring that nobody waits for is forgotten: look first, then wait."""

    def __init__(self) -> None:
        self._event: anyio.Event | None = None

    def ring(self) -> None:
        """Wake all that wait now."""
        event, self._event = self._event, None
        if event is not None:
            event.set()

    async def wait(self) -> None:
        """Wait until it rings."""
        if self._event is None:
            self._event = anyio.Event()
        await self._event.wait()


def loop_clock() -> Callable[[], float]:
    """The clock of the running event loop, which can also be read from its callbacks."""
    native: Any = current_token().native_token
    clock: Callable[[], float] = native.time if hasattr(native, "call_soon_threadsafe") else anyio.current_time
    return clock


class LoopThread:
    """The thread of the event loop it was made on: does things there for code in any thread, without waiting."""

    def __init__(self) -> None:
        self._token: EventLoopToken = current_token()
        self._thread = threading.get_ident()

    def do(self, function: Callable[[], object]) -> None:
        """Call `function` now on the event loop's own thread, else have it called there soon, in order."""
        if threading.get_ident() == self._thread:
            function()
            return
        native: Any = self._token.native_token
        try:
            if hasattr(native, "call_soon_threadsafe"):
                native.call_soon_threadsafe(function)  # asyncio
            else:
                native.run_sync_soon(function)  # trio
        except RuntimeError:
            pass  # the loop has ended, and with it the run that would have heard
