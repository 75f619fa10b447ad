"""The two wires that every fault is tried on; the two event loops are the default of the plugin."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.alive import nothing_left
from tests.faults.playing import API


@pytest.fixture(params=["openai-responses", "openai-chat"])
def api(request: pytest.FixtureRequest) -> API:
    wire: API = request.param
    return wire


@pytest.fixture(autouse=True, scope="module")
def _only_new_garbage() -> None:
    """What the tests before left is not looked at after each test here, which would take longer than the tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """After each test no thread, no socket and no file is left, and nothing complains when it is collected."""
    with nothing_left():
        yield
        gc.collect()
