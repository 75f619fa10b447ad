"""What calls of a torn response have done already, for the calls of the response that is asked for in its place.

Pure bookkeeping: which entry stands for which call. An entry is looked for by the tool's name and the exact arguments,
the oldest first, and stands for one call only. Only calls of tools that may be repeated come in here, for a response
with any other started call is never asked for again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from millstream.toolbox.output import Output


@dataclass(frozen=True, slots=True)
class Did:
    """A call that returned: its output stands in for running the tool again. `key` is its idempotency key."""

    call_id: str
    key: str
    output: Output


@dataclass(frozen=True, slots=True)
class Began:
    """A call that was started and did not return: it may have had its effect, which `key` keeps from being repeated."""

    call_id: str
    key: str


LedgerEntry: TypeAlias = Did | Began


class Ledger:
    """The entries that no call has taken yet."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], deque[LedgerEntry]] = {}

    def enter(self, tool: str, digest: str, entry: LedgerEntry) -> None:
        """Keep what a call of `tool`, with the arguments that `digest` names, has done; in call order."""
        self._entries.setdefault((tool, digest), deque()).append(entry)

    def take(self, tool: str, digest: str) -> LedgerEntry | None:
        """The oldest entry for a call of `tool` with these arguments, which is used up by it."""
        entries = self._entries.get((tool, digest))
        return entries.popleft() if entries else None

    def clear(self) -> None:
        """The response stands: a call that comes later is another call, whatever its arguments."""
        self._entries.clear()
