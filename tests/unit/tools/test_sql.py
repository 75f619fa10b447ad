"""`query_sql` and `describe_tables`: what the model is told, and that no query outlives its deadline or its call."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from millstream import ModelRetry, ToolError, UsageError
from millstream.events import CallFailed, CallReturned, CallStarted, Cancelled, Raised
from millstream_tools.sql import Database
from tests.scripted import calling, saying, scripted

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_nothing_left_open")]

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
DOUBLING = "WITH RECURSIVE n(s) AS (SELECT 'a' UNION ALL SELECT s || s FROM n WHERE length(s) < 1000000)"
IN_ONE_CALL = f"{DOUBLING} SELECT replace(max(s), substr(max(s), 1, 500000) || 'b', '') FROM n"
# SQLite before 3.41 doubles the work with each expression, and asks nobody while it does.
IN_PREPARATION = (
    "WITH c0 AS (SELECT 1 x), "
    + ", ".join(f"c{i} AS (SELECT (SELECT x FROM c{i - 1}) + (SELECT x FROM c{i - 1}) x)" for i in range(1, 40))
    + " SELECT * FROM c39"
)
COUNTING = "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k)"
SPILLING = f"{COUNTING} SELECT printf('%.*c', 100000, 'x') || i FROM k ORDER BY 1"
LARGE = (
    "WITH RECURSIVE n(s) AS (SELECT 'a' UNION ALL SELECT s || s FROM n WHERE length(s) < 2000000), m(s) AS"
    f" (SELECT max(s) FROM n) SELECT {', '.join(f's || {i}' for i in range(190))}, 1 FROM m"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL); INSERT INTO orders VALUES (1, 2.5), (2, 4.0);"
            "CREATE TABLE secrets (word TEXT); CREATE VIEW large AS SELECT id FROM orders WHERE total > 3;"
        )
    return file


class TestDescription:
    def test_the_model_is_told_the_tables(self, path: Path) -> None:
        told = Database(path)["query_sql"].description
        assert "large(id INTEGER); orders(id INTEGER, total REAL); secrets(word TEXT)" in told

    def test_of_many_tables_it_is_told_where_the_rest_is(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"CREATE TABLE wide ({', '.join(f'column_{i} TEXT' for i in range(500))})")
        told = Database(path)["query_sql"].description
        assert len(told) < 5000
        assert "describe_tables" in told

    def test_tables_are_described_as_they_are_now(self, path: Path) -> None:
        tools = Database(path, tables=["Orders"])
        with closing(sqlite3.connect(path)) as database:
            database.execute("ALTER TABLE orders ADD COLUMN country TEXT")
        columns = [
            {"name": "id", "type": "INTEGER"},
            {"name": "total", "type": "REAL"},
            {"name": "country", "type": "TEXT"},
        ]
        assert tools.describe_tables() == [{"table": "orders", "kind": "table", "columns": columns}]

    def test_both_tools_only_read(self, path: Path) -> None:
        assert [(name, tool.options.read_only) for name, tool in Database(path).items()] == [
            ("query_sql", True),
            ("describe_tables", True),
        ]


class TestOwnersMistakes:
    def test_a_file_that_is_none_is_told_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "text.db").write_text("this is not a database, whatever its name says" * 100)
        for name in ("none.db", "text.db", "."):
            with pytest.raises(UsageError, match="can not be read as a SQLite database"):
                Database(tmp_path / name)
        assert not (tmp_path / "none.db").exists()

    def test_a_table_that_is_none_is_told_at_once(self, path: Path) -> None:
        with pytest.raises(UsageError, match='no table "ordres"'):
            Database(path, tables=["ordres"])


class TestQueries:
    async def test_a_query_gives_columns_and_rows(self, path: Path) -> None:
        answer = await Database(path).query_sql("SELECT sum(total) AS all_of_it FROM orders")
        assert answer == {"columns": ["all_of_it"], "rows": [[6.5]], "truncated": False}

    async def test_rows_are_capped_by_the_model_and_by_the_owner(self, path: Path) -> None:
        assert (await Database(path).query_sql("SELECT id FROM orders", max_rows=1))["truncated"]
        assert (await Database(path, max_rows=1).query_sql("SELECT id FROM orders", max_rows=50))["rows"] == [[1]]

    async def test_the_engines_words_are_for_the_model(self, path: Path) -> None:
        with pytest.raises(ToolError, match="no such table: customers"):
            await Database(path).query_sql("SELECT * FROM customers")

    async def test_tables_that_were_not_chosen_can_not_be_read(self, path: Path) -> None:
        with pytest.raises(ToolError, match="prohibited"):
            await Database(path, tables=["orders"]).query_sql("SELECT * FROM secrets")

    @pytest.mark.parametrize("arguments", [{"sql": "SELECT 1", "max_rows": 0}, {"sql": "SELECT 1" + " " * 10_000}])
    async def test_what_can_not_be_asked_is_told(self, path: Path, arguments: dict[str, Any]) -> None:
        with pytest.raises(ModelRetry):
            await Database(path).query_sql(**arguments)

    async def test_the_process_gets_nothing_of_the_environment(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "tells.py").write_text(
            "import json, os, sys\n"
            "print(json.dumps({'names': list(os.environ), 'alone': [sys.flags.isolated, sys.flags.no_site]}))"
        )
        monkeypatch.setattr("millstream_tools.sql._WORKER", tmp_path / "tells.py")
        monkeypatch.setenv("SECRET", "hunter2")
        told = await Database(path).query_sql("SELECT 1")
        assert "SECRET" not in told["names"]
        assert set(told["names"]) <= {"LC_CTYPE"}  # Python sets that one itself
        assert told["alone"] == [1, 1]


class TestHostileQueries:
    @pytest.mark.parametrize("sql", [ENDLESS, IN_ONE_CALL, IN_PREPARATION])
    async def test_a_query_without_end_is_stopped_at_its_deadline(self, path: Path, sql: str) -> None:
        began = time.perf_counter()
        with pytest.raises(ToolError, match=r"stopped after 0\.5 s"):
            await Database(path, deadline_s=0.5).query_sql(sql)
        assert time.perf_counter() - began < 5

    @pytest.mark.parametrize(("sql", "needs"), [(SPILLING, "room to sort"), (LARGE, "memory")])
    async def test_memory_and_disk_are_bounded(self, path: Path, sql: str, needs: str) -> None:
        with pytest.raises(ToolError, match=f"needs more {needs}"):
            await Database(path, deadline_s=60).query_sql(sql)

    async def test_a_worker_that_fails_is_not_the_models_affair(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "broken.py").write_text("raise ValueError('a bug')")
        monkeypatch.setattr("millstream_tools.sql._WORKER", tmp_path / "broken.py")
        with pytest.raises(RuntimeError, match="a bug"):
            await Database(path).query_sql("SELECT 1")

    async def test_a_worker_that_the_system_stopped_is_told(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "killed.py").write_text("import os; os.kill(os.getpid(), 9)")
        monkeypatch.setattr("millstream_tools.sql._WORKER", tmp_path / "killed.py")
        with pytest.raises(ToolError, match="stopped by the system"):
            await Database(path).query_sql("SELECT 1")


class TestInAnAgent:
    async def test_the_model_reads_the_rows(self, path: Path) -> None:
        agent, transport = scripted(
            [Database(path)],
            calling(("query_sql", {"sql": "SELECT count(*) AS n FROM orders"}), ("describe_tables", {})),
            saying("There are 2."),
        )
        result = await agent.run("how many orders?")
        returned = [record.event.result for record in result.records if isinstance(record.event, CallReturned)]
        assert {"columns": ["n"], "rows": [[2]], "truncated": False} in returned
        assert '"rows":[[2]]' in transport.tool_results[0]

    async def test_a_refusal_is_a_failed_call_with_the_engines_words(self, path: Path) -> None:
        agent, transport = scripted(
            [Database(path)], calling(("query_sql", {"sql": "DROP TABLE orders"})), saying("I may not.")
        )
        result = await agent.run("drop it")
        [failed] = [record.event for record in result.records if isinstance(record.event, CallFailed)]
        assert isinstance(failed.failure, Raised)
        assert transport.tool_results == [failed.failure.message]
        assert "not authorized" in failed.failure.message

    @pytest.mark.parametrize("sql", [ENDLESS, IN_PREPARATION])
    async def test_a_cancelled_query_ends_its_process(self, path: Path, sql: str) -> None:
        agent, _ = scripted([Database(path, deadline_s=60)], calling(("query_sql", {"sql": sql})), saying("Stopped."))
        began = time.perf_counter()
        async with agent.stream("count") as run, anyio.create_task_group() as tasks:
            async for event in run:
                if isinstance(event, CallStarted):
                    tasks.start_soon(self._cancel_soon, run, event.call.id)
        [failed] = [record.event for record in run.records if isinstance(record.event, CallFailed)]
        assert isinstance(failed.failure, Cancelled)
        assert run.text == "Stopped."
        assert time.perf_counter() - began < 10

    async def _cancel_soon(self, run: Any, call_id: str) -> None:
        await anyio.sleep(0.3)  # by then the process is at work
        run.cancel(call_id)

    async def test_leaving_the_run_ends_the_process(self, path: Path) -> None:
        agent, _ = scripted([Database(path, deadline_s=60)], calling(("query_sql", {"sql": ENDLESS})))
        async with agent.stream("count") as run:
            async for event in run:
                if isinstance(event, CallStarted):
                    await anyio.sleep(0.3)
                    break
