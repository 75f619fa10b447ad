"""Where recorded streams lie: in MILLSTREAM_CORPUS, or in ../shared/corpus beside the repository; never in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

_REPOSITORY: Final = Path(__file__).resolve().parent.parent


def corpus_path() -> Path | None:
    """The folder that holds `streams/`, None where there is none."""
    root = Path(os.environ.get("MILLSTREAM_CORPUS") or _REPOSITORY.parent / "shared" / "corpus")
    return root if root.is_dir() else None


requires_corpus: Final = pytest.mark.skipif(
    corpus_path() is None, reason="no recorded streams: set MILLSTREAM_CORPUS to their folder"
)
"""Marks tests of recorded streams: skipped where there are none."""


def recorded(pattern: str) -> list[Path]:
    """The files under `streams/` that match, in order; [] where there is no corpus."""
    root = corpus_path()
    return [] if root is None else sorted((root / "streams").glob(pattern))
