"""What the tests of the tools share: both event loops, and a context to call a tool with."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from millstream import ToolContext
from millstream.events import Call, CallEvent


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Context(ToolContext[None]):
    """A context that keeps what the tool said."""

    def __init__(self) -> None:
        self.said: list[CallEvent] = []
        call = Call("call-1", 1, 0, "tool", "call-1")
        super().__init__(call, None, self.said.append, run_id="run", idempotency_key="key", attempt=1)


@pytest.fixture
def ctx() -> Context:
    return Context()


@pytest.fixture
def _nothing_left_open() -> Iterator[None]:
    """Fails a test after which more files are open than before, or a child process is alive."""
    before = open_files()
    yield
    assert open_files() <= before
    with pytest.raises(ChildProcessError):  # there is none to wait for
        os.waitpid(-1, os.WNOHANG)


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())
