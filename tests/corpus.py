"""Where third-party test data lies: in MILLSTREAM_CORPUS, or in ../shared/corpus beside the repository; never in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

_REPOSITORY: Final = Path(__file__).resolve().parent.parent


def corpus_path() -> Path | None:
    """The folder of the data, None where there is none on this machine."""
    folder = Path(os.environ.get("MILLSTREAM_CORPUS") or _REPOSITORY.parent / "shared" / "corpus")
    return folder if folder.is_dir() else None


requires_corpus: Final = pytest.mark.skipif(
    corpus_path() is None, reason="no recorded data beside the repository: set MILLSTREAM_CORPUS to its folder"
)
"""Marks tests of recorded streams: skipped where there are none."""


def recorded(pattern: str) -> list[Path]:
    """The files under `streams/` that match, in order; [] where there is no corpus."""
    root = corpus_path()
    return [] if root is None else sorted((root / "streams").glob(pattern))


def suite(name: str) -> Path:
    """The folder of a test suite; the module that asks for one is skipped where it is absent."""
    root = corpus_path()
    if root is None or not (root / "suites" / name).is_dir():
        pytest.skip(f"no {name} beside the repository: set MILLSTREAM_CORPUS", allow_module_level=True)
    return root / "suites" / name
