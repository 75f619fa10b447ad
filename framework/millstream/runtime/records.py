"""The records of a run, one by one: an iterator, and no generator that somebody would have to close."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self

from millstream.events import Record


class Records:
    """Iterate over it; `take` gives the next record, and raises what an iterator raises."""

    def __init__(self, take: Callable[[], Awaitable[Record]]) -> None:
        self._take = take

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Record:
        return await self._take()
