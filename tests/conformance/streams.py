"""The recorded and the constructed streams of the two OpenAI wires, each with what is known of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.corpus import recorded

APIS = ("openai-responses", "openai-chat")


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
    found = [Stream(path, api) for api in APIS for path in recorded(f"*/{api}/*.sse")]
    for path in recorded("edge/constructed/*.sse"):
        api = json.loads(_expected(path).read_text("utf-8")).get("api")
        if api in APIS:
            found.append(Stream(path, api))
    return found


def _expected(path: Path) -> Path:
    return path.with_suffix(".expected.json")
