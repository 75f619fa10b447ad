"""A response that its provider goes on with, whether anybody reads it or not: where to read on, and how to stop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a response was read: everything up to and with its event number `after`."""

    response_id: str
    after: int


@runtime_checkable
class ResumableReader(Protocol):
    """A reader that can go on with what a second connection brings."""

    @property
    def cursor(self) -> Cursor | None:
        """Where to read on; None while that is not possible."""
        ...

    def resume(self) -> None:
        """What comes now is of another connection: events up to the cursor may come again, and are passed over."""
        ...


@runtime_checkable
class Resuming(Protocol):
    """A format whose provider goes on with a response without a reader."""

    def resume_path(self, cursor: Cursor) -> str:
        """What is appended to the base URL for a GET of the rest of a response."""
        ...

    def cancel_path(self, cursor: Cursor) -> str:
        """What is appended to the base URL for a POST that stops a response."""
        ...
