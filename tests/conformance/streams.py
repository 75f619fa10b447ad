"""The recorded and the constructed streams of every wire there is, each with what others found in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millstream.wire.formats import DECODINGS
from tests.corpus import recorded

_SUFFIXES = (".sse", ".ndjson", ".bin", ".jsonl")


@dataclass(frozen=True, slots=True)
class Stream:
    """One body, the wire it is of, and what others found in it."""

    path: Path
    api: str

    @property
    def name(self) -> str:
        """Its file's name, without the suffix."""
        return self.path.stem

    @property
    def body(self) -> bytes:
        """Its bytes."""
        return self.path.read_bytes()

    @property
    def expected(self) -> dict[str, Any]:
        """What it says, by the server's own final word and by other clients."""
        data: dict[str, Any] = json.loads(_expected(self.path).read_text("utf-8"))
        return data

    @property
    def request(self) -> dict[str, Any] | None:
        """The request it answers, where that was recorded."""
        path = self.path.with_suffix(".request.json")
        if not path.exists():
            return None
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return data


def streams() -> list[Stream]:
    """All of them; [] where there are none on this machine."""
    found = [Stream(path, api) for api in DECODINGS for path in _bodies(f"*/{api}")]
    for path in _bodies("edge/constructed"):
        api = json.loads(_expected(path).read_text("utf-8")).get("api")
        if api in DECODINGS:
            found.append(Stream(path, api))
    return found


def _bodies(folder: str) -> list[Path]:
    return [path for path in recorded(f"{folder}/*") if path.suffix in _SUFFIXES]


def _expected(path: Path) -> Path:
    return path.with_suffix(".expected.json")
