"""A provider that is faster than we are: its pieces are there already, so that reading them never waits."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Self

import anyio
import pytest
from anyio.lowlevel import checkpoint

from millstream import Agent, Model
from millstream.testing.provider.frames import Asked, compose
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.scenario import Response
from millstream.testing.provider.steps import Say
from millstream.transport.seam import Request

DELTAS = 6_400


class _Ready:
    """A response of which everything has come, an event a piece."""

    def __init__(self) -> None:
        response = Response((Say("word" * DELTAS),), chunk_chars=4)
        frames = compose(response, ResponsesWire(Asked({"model": "m", "input": "Go"})))
        self._pieces: Iterator[bytes] = iter([frame.data for frame in frames if frame.data])

    async def receive(self) -> bytes:
        return next(self._pieces, b"")


class _Transport:
    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_Ready]:
        del request
        yield _Ready()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_other_tasks_get_their_turn_in_a_burst(backend: str) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await checkpoint()
            turns += 1

    async def main() -> None:
        agent = Agent(Model("openai:m", api_key="k", transport=_Transport()))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(other)
            result = await agent.run("Go")
            assert result.text == "word" * DELTAS
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=backend)
    assert turns >= DELTAS // 64
