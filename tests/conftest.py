"""What many test files share: where recorded streams of real providers lie, if they are on this machine."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The recorded streams: `MILLSTREAM_CORPUS`, or `../shared/corpus` beside the repository; skips where absent."""
    beside = Path(__file__).parents[2] / "shared" / "corpus"
    folder = Path(os.environ.get("MILLSTREAM_CORPUS", beside))
    if not folder.is_dir():
        pytest.skip(f"no recorded streams at {folder}; set MILLSTREAM_CORPUS to their folder")
    return folder
