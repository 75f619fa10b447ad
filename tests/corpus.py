"""Where third-party test data lies: in MILLSTREAM_CORPUS, or in ../shared/corpus beside the repository; never in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parent.parent


def suite(name: str) -> Path:
    """The folder of a test suite; the module that asks for one is skipped where it is absent."""
    root = Path(os.environ.get("MILLSTREAM_CORPUS") or _REPOSITORY.parent / "shared" / "corpus")
    folder = root / "suites" / name
    if not folder.is_dir():
        pytest.skip(f"no {name} in {folder.parent}: set MILLSTREAM_CORPUS", allow_module_level=True)
    return folder
