"""Sessions in an SQLite file, or in memory: one row an entry, written all at once or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anyio.to_thread import run_sync

from millstream.codec import transcript_from_json, transcript_to_json
from millstream.errors import UsageError
from millstream.transcript import Entry, Transcript

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

_VERSION: Final = 1
_APPLICATION_ID: Final = 0x6D696C6C  # "mill"
_BUSY_TIMEOUT_S: Final = 10.0
_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS millstream_session (
        session TEXT NOT NULL, at INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (session, at)
    ) WITHOUT ROWID
"""


class SqliteSessions:
    """Keeps any number of sessions; several processes may share a file.

    Args:
        path: the file, made where there is none; in memory by default.

    Raises, from its methods:
        UsageError: the file is no SQLite file, or one of a newer release.
        OSError: it can not be opened.
    """

    def __init__(self, path: str | PathLike[str] | None = None) -> None:
        self._path = ":memory:" if path is None else fspath(path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    async def load(self, session_id: str) -> Transcript:
        """What was said in a session; see `SessionStore`."""

        def load(connection: sqlite3.Connection) -> list[str]:
            query = "SELECT entry FROM millstream_session WHERE session = ? ORDER BY at"
            return [row[0] for row in connection.execute(query, (session_id,))]

        return transcript_from_json(map(json.loads, await self._work(load)))

    async def append(self, session_id: str, entries: Sequence[Entry], *, after: int) -> bool:
        """Add entries behind the first `after`; see `SessionStore`."""
        texts = [json.dumps(entry) for entry in transcript_to_json(Transcript(tuple(entries)))]

        def append(connection: sqlite3.Connection) -> bool:
            connection.execute("BEGIN IMMEDIATE")
            count = "SELECT count(*) FROM millstream_session WHERE session = ?"
            if connection.execute(count, (session_id,)).fetchone()[0] != after:
                return False
            rows: list[tuple[Any, ...]] = [(session_id, after + at, text) for at, text in enumerate(texts)]
            connection.executemany("INSERT INTO millstream_session VALUES (?, ?, ?)", rows)
            return True

        return await self._work(append)

    async def clear(self, session_id: str) -> None:
        """Forget a session; see `SessionStore`."""
        await self._work(lambda it: it.execute("DELETE FROM millstream_session WHERE session = ?", (session_id,)))

    async def ids(self) -> list[str]:
        """The names of the sessions there are."""
        query = "SELECT DISTINCT session FROM millstream_session ORDER BY session"
        return await self._work(lambda it: [row[0] for row in it.execute(query)])

    def close(self) -> None:
        """Close the file; it is opened again when it is asked for something. What was in memory only is gone."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    async def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in one transaction, in a thread. Who leaves meanwhile waits for it."""
        return await run_sync(self._in_transaction, work)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        import sqlite3

        try:
            with self._lock:
                self._connection = self._connection or self._open()
                return _transacted(self._connection, work)
        except sqlite3.OperationalError as error:
            raise OSError(f"the sessions in {self._path} can not be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise UsageError(f"{self._path} is no file of sessions: {error}") from error

    def _open(self) -> sqlite3.Connection:
        import sqlite3

        connection = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if owner == _APPLICATION_ID and version > _VERSION:
            raise UsageError(f"{self._path} was written by a newer release of millstream: upgrade it")
        connection.execute(_TABLE)
        if owner == 0 and version == 0:
            connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={_VERSION}")


def _transacted(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    try:
        result = work(connection)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return result
