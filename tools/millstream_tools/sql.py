"""`Database`: read-only SQL on one SQLite file. The query itself runs in a process of its own, see `sql_worker`."""

from __future__ import annotations

import json
import math
import sqlite3
import sys
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import anyio

from millstream import ModelRetry, Toolbox, ToolError, UsageError, tool

_WORKER: Final = Path(__file__).with_name("sql_worker.py")
_MAX_SQL_CHARS: Final = 10_000
_MAX_RESULT_CHARS: Final = 200_000
_DESCRIBED_CHARS: Final = 4000
_GRACE_S: Final = 5
_MAX_PROCESSES: Final = 4


class Database(Toolbox):
    """The tools `query_sql` and `describe_tables`, for one SQLite file that they can only read.

    Args:
        path: the file. The description that the model reads names its tables and columns as they are now.
        tables: the only tables and views that may be read, None for all. A view shows nothing of a table that is not
            among them.
        deadline_s: seconds after which a query is stopped.
        max_rows: the most rows one call may ask for.

    Raises:
        UsageError: the file can not be read as a SQLite database, or has no table of that name.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        tables: Collection[str] | None = None,
        deadline_s: float = 10.0,
        max_rows: int = 1000,
    ) -> None:
        self._uri = f"{Path(path).resolve().as_uri()}?mode=ro"
        self._only = None if tables is None else frozenset(name.lower() for name in tables)
        self._deadline_s = deadline_s
        self._max_rows = max_rows
        try:
            schema = self._schema()
        except sqlite3.Error as error:
            raise UsageError(f"{path} can not be read as a SQLite database: {error}") from error
        unknown = (self._only or frozenset()) - {table["table"].lower() for table in schema}
        if unknown:
            raise UsageError(f'{path} has no table "{min(unknown)}"')
        terms = tool(
            read_only=True,
            timeout_s=deadline_s + _GRACE_S,
            limit=_MAX_PROCESSES,
            description=f"Run one read-only SELECT on a SQLite database. Its tables: {_listed(schema)}",
        )
        super().__init__([terms(self.query_sql), tool(read_only=True)(self.describe_tables)])

    async def query_sql(self, sql: str, max_rows: int = 100) -> dict[str, Any]:
        """Run one read-only SELECT on a SQLite database.

        Args:
            sql: one SELECT statement in SQLite's dialect.
            max_rows: how many rows to give; `truncated` says whether there are more.
        """
        if len(sql) > _MAX_SQL_CHARS:
            raise ModelRetry(f"the statement has {len(sql)} characters, at most {_MAX_SQL_CHARS} are allowed")
        if max_rows < 1:
            raise ModelRetry("max_rows must be at least 1")
        with anyio.move_on_after(self._deadline_s):
            return await self._ask(sql, min(max_rows, self._max_rows))
        raise ToolError(f"the query was stopped after {self._deadline_s:g} s: select less, or join on indexed columns")

    def describe_tables(self) -> list[dict[str, Any]]:
        """List the tables and views of the database, with their columns and types."""
        return self._schema()

    async def _ask(self, sql: str, max_rows: int) -> dict[str, Any]:
        request = {
            "uri": self._uri,
            "sql": sql,
            "only": None if self._only is None else sorted(self._only),
            "max_rows": max_rows,
            "max_chars": _MAX_RESULT_CHARS,
            "cpu_s": math.ceil(self._deadline_s) + _GRACE_S,
        }
        # Cancelling kills the process and waits for its end. It inherits nothing: no environment, no site packages.
        done = await anyio.run_process(
            [sys.executable, "-I", "-S", str(_WORKER)], input=json.dumps(request).encode(), check=False, env={}
        )
        if done.returncode < 0:
            raise ToolError("the query was stopped by the system, it used more than it may: select less")
        if done.returncode > 0:
            raise RuntimeError(f"{_WORKER.name} failed: {done.stderr.decode(errors='replace')[-500:]}")
        answer: dict[str, Any] = json.loads(done.stdout)
        if "error" in answer:
            raise ToolError(answer["error"])
        return answer

    def _schema(self) -> list[dict[str, Any]]:
        """The tables and views that may be read, with their columns."""
        with closing(sqlite3.connect(self._uri, uri=True, timeout=1)) as database:
            rows = database.execute(
                "SELECT m.name, m.type, c.name, c.type FROM sqlite_schema m, pragma_table_xinfo(m.name) c"
                " WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                " ORDER BY m.name, c.cid"
            ).fetchall()
        tables: dict[str, dict[str, Any]] = {}
        for name, kind, column, type_ in rows:
            if self._only is None or name.lower() in self._only:
                table = tables.setdefault(name, {"table": name, "kind": kind, "columns": []})
                table["columns"].append({"name": column, "type": type_})
        return list(tables.values())


def _listed(schema: list[dict[str, Any]]) -> str:
    """The tables as a sentence of the description; the rest is for `describe_tables`."""
    tables: list[str] = []
    for table in schema:
        columns = ", ".join(f"{column['name']} {column['type']}".strip() for column in table["columns"])
        tables.append(f"{table['table']}({columns})")
    text = "; ".join(tables) or "none"
    return text if len(text) <= _DESCRIBED_CHARS else f"{text[:_DESCRIBED_CHARS]}… call describe_tables for the rest"
