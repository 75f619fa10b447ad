"""A conversation under a name, and the seam of what keeps it. Nothing here knows SQLite or runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from millstream.errors import RunError, UsageError
from millstream.sessions.sqlite import SqliteSessions
from millstream.sessions.trimming import Trim
from millstream.transcript import Entry, Transcript

_MAX_ID_CHARS: Final = 512


class SessionChanged(RunError):
    """Another run has written into the session meanwhile; `transcript` holds what this one said and did."""


class SessionStore(Protocol):
    """What keeps transcripts by the names of their sessions."""

    async def load(self, session_id: str) -> Transcript:
        """What was said in a session, nothing in one that is new."""
        ...

    async def append(self, session_id: str, entries: Sequence[Entry], *, after: int) -> bool:
        """Add entries behind the first `after`, all or none of them.

        False, and nothing is added, where the session holds more or fewer than that.
        """
        ...

    async def clear(self, session_id: str) -> None:
        """Forget what was said in a session."""
        ...


class Session:
    """A conversation that goes on over runs: pass it as `history=`.

    A run begins with what was said before and, whatever its end, adds what it said and did; one that was suspended does
    so when it ends after it was resumed, with the session. Only then are calls and their results kept together, so a
    process that dies in between leaves the session as it was. While a run of it goes on, another one of the same
    session would not know of that: the one that ends last raises `SessionChanged`.

    Args:
        id: names the conversation in its store; at most 512 characters.
        store: what keeps it; the memory of this `Session` by default, which lasts as long as it does.
        trim: what of the history a run is told, see `last_prompts`; the store keeps everything.

    Raises:
        UsageError: the id is empty or too long.
    """

    def __init__(self, id: str = "default", store: SessionStore | None = None, *, trim: Trim | None = None) -> None:  # noqa: A002  the word of every store
        if not 0 < len(id) <= _MAX_ID_CHARS:
            raise UsageError(f"the id of a session has 1 to {_MAX_ID_CHARS} characters, not {len(id)}")
        self.id = id
        self._store = store if store is not None else SqliteSessions()
        self._trim = trim

    def __repr__(self) -> str:
        return f"Session({self.id!r})"

    async def transcript(self) -> Transcript:
        """Everything said so far."""
        return await self._store.load(self.id)

    async def clear(self) -> None:
        """Forget everything."""
        await self._store.clear(self.id)

    async def begin(self) -> tuple[Transcript, int]:
        """What a run is told of the history, and how many entries there are in all."""
        whole = await self._store.load(self.id)
        return (whole if self._trim is None else self._trim(whole)), len(whole)

    async def add(self, entries: Sequence[Entry], *, after: int, transcript: Transcript) -> None:
        """Keep what a run said and did behind the `after` entries that there were at its beginning.

        Raises:
            SessionChanged: there are others by now; nothing is added.
        """
        if entries and not await self._store.append(self.id, entries, after=after):
            message = f"another run has written into session {self.id!r} meanwhile: this one is not in it"
            raise SessionChanged(f"{message}; one run of a session at a time", transcript)
