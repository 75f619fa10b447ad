"""Runs one query in a process of its own: `python sql_worker.py`, a JSON request on stdin, a JSON answer on stdout.

A process, because one call within SQLite can last for ever and only a process can be stopped: `replace()` on large
texts, or a few nested common table expressions, which SQLite before 3.41 expands without asking anybody. It may only
import the standard library, and it starts in some 30 ms.

What is allowed is decided by the engine, never by reading the SQL: the file is opened read-only, and an authorizer
knows the tables and functions that may be named. Anything else is refused while the statement is prepared.
"""

from __future__ import annotations

import json
import math
import resource
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any, Final

_MEMORY_BYTES: Final = 512 * 1024 * 1024
_SPILL_BYTES: Final = 256 * 1024 * 1024
"""Of a temporary file that sorting may need."""
_NO_ROOM: Final = ("SQLITE_FULL", "SQLITE_IOERR_WRITE")
_CELL_BYTES: Final = 4 * 1024 * 1024
# What selects need; nothing that reads files, loads code or tells of the engine.
_NAMES: Final = (
    "abs avg ceil ceiling coalesce concat concat_ws count cume_dist date datetime dense_rank exp first_value floor"
    " format glob group_concat hex ifnull iif instr julianday lag last_value lead length like ln log log10 log2 lower"
    " ltrim max min mod nth_value ntile nullif octet_length percent_rank pi pow power printf quote random rank replace"
    " round row_number rtrim sign sqrt strftime string_agg substr substring sum time timediff total trim trunc typeof"
    " unicode unixepoch upper json json_array_length json_extract json_type json_valid -> ->>"
)
_FUNCTIONS: Final = frozenset(_NAMES.split())


def run(request: dict[str, Any]) -> dict[str, Any]:
    """One query: `{"columns", "rows", "truncated"}`, or `{"error"}` with the engine's words."""
    try:
        with closing(sqlite3.connect(request["uri"], uri=True, timeout=1, isolation_level=None)) as database:
            _confine(database, request["only"])
            cursor = database.execute(request["sql"])
            if cursor.description is None:
                return {"error": "that gives no table: write one SELECT"}
            columns = [column[0] for column in cursor.description]
            return {"columns": columns, **_rows(cursor, request["max_rows"], request["max_chars"])}
    except MemoryError:
        return {"error": "the query needs more memory than it may use: select less"}
    except (sqlite3.Error, sqlite3.Warning, UnicodeError) as error:
        if getattr(error, "sqlite_errorname", "") in _NO_ROOM:
            return {"error": "the query needs more room to sort than it may use: select less"}
        return {"error": str(error) or type(error).__name__}


def _confine(database: sqlite3.Connection, only: list[str] | None) -> None:
    database.text_factory = _text
    for pragma in ("query_only=ON", "trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
        database.execute(f"PRAGMA {pragma}")
    names = frozenset(row[0].lower() for row in database.execute("SELECT name FROM sqlite_schema"))
    tables = frozenset(name for name in names if not name.startswith("sqlite_") and (only is None or name in only))
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _CELL_BYTES)
    database.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, 200)
    database.set_authorizer(_authorizer(tables, names - tables))


def _authorizer(tables: frozenset[str], hidden: frozenset[str]) -> Callable[..., int]:
    """What may be compiled: reading the tables, and the functions listed.

    That SQLite also tells through which view a table is read is no help: a statement can give its own table expression
    the name of a view.
    """

    def authorize(action: int, first: str | None, second: str | None, _database: str | None, _view: str | None) -> int:
        allowed = False
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            allowed = True
        elif action == sqlite3.SQLITE_FUNCTION:
            allowed = str(second).lower() in _FUNCTIONS
        elif action == sqlite3.SQLITE_READ:
            name = str(first).lower()
            # A name without a column may be a table expression of the statement's own, as in count(*) of one.
            own = not second and name not in hidden and not name.startswith("sqlite_")
            allowed = name in tables or own
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize


def _rows(cursor: sqlite3.Cursor, max_rows: int, max_chars: int) -> dict[str, Any]:
    """The first rows: at most `max_rows`, and at most `max_chars` of JSON text."""
    rows: list[list[Any]] = []
    chars = 0
    for row in cursor:
        cells = [_cell(value) for value in row]
        chars += len(json.dumps(cells))
        if len(rows) == max_rows or chars > max_chars:
            if not rows:
                return {
                    "error": f"one row is larger than {max_chars} characters: select fewer columns, or use substr()"
                }
            return {"rows": rows, "truncated": True}
        rows.append(cells)
    return {"rows": rows, "truncated": False}


def _cell(value: Any) -> Any:
    """A value as JSON can carry it."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def limit_process(cpu_s: int) -> None:
    """Bound what this process may use, where the system can: the one that started it stops it at its deadline too."""
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, _SPILL_BYTES),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # macOS knows no RLIMIT_AS; a lower limit of the user's own stays
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    asked = json.loads(sys.stdin.buffer.read())
    limit_process(asked["cpu_s"])
    sys.stdout.write(json.dumps(run(asked)))
