"""What the consumer of a run is handed: its records one by one, and how a failure of the run is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self

from millstream.errors import MillstreamError, WireError
from millstream.events import Record, RunFailed


class Following:
    """The records of a run, one by one."""

    def __init__(self, take: Callable[[], Awaitable[Record]]) -> None:
        self._take = take

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Record:
        return await self._take()


def failed(error: BaseException) -> RunFailed:
    """The event of a failure. The text of an exception that is not ours may hold secrets: only its name is told."""
    message = str(error) if isinstance(error, MillstreamError) else type(error).__name__
    retryable = isinstance(error, WireError) and error.retryable
    return RunFailed(type(error).__name__, message, retryable)
