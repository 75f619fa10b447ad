"""What many test files share: how much property tests try, and where recorded streams of real providers lie."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.corpus import corpus_path

_common = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
# The same examples in every run: a change that breaks nothing must not fail by chance.
settings.register_profile("default", _common, derandomize=True, max_examples=500)
settings.register_profile("long", _common, max_examples=5000, print_blob=True)
settings.load_profile("default")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of recorded data; a test that asks for it is skipped where it is absent."""
    folder = corpus_path()
    if folder is None:
        pytest.skip("no recorded data beside the repository; set MILLSTREAM_CORPUS to its folder")
    return folder


def pytest_collection_finish() -> None:
    """What was made while tests were collected stays: a search for garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
