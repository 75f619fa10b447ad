"""What the tests of the tools share: both event loops, a context to call a tool with, and a look at what is left."""

import os
from collections.abc import Iterator

import pytest

from tests.unit.tools.surroundings import Context, open_files


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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
