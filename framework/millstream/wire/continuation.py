"""What a format can say instead of the whole history, where the provider still has what was said before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from millstream.wire.format import Ask


@dataclass(frozen=True, slots=True)
class Continuation:
    """A request that goes on from the response `previous_response_id`; `input` is only what came after it."""

    previous_response_id: str
    input: list[dict[str, Any]]


@runtime_checkable
class Continuing(Protocol):
    """A format whose provider may remember its responses."""

    def continuation(self, ask: Ask) -> Continuation | None:
        """How to go on from the last response; None where only the whole history will do."""
        ...
