"""What the engine lets a query do, and what it refuses: the worker's code, here without its process."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from millstream_tools.sql_worker import _confine, run  # pyright: ignore[reportPrivateUsage]  to see each layer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "shop #1?.db"  # what a URI would cut
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL, note TEXT, extra BLOB);"
            "INSERT INTO orders VALUES (1, 2.5, 'first', x'00ff'), (2, 9e999, CAST(x'ff41' AS TEXT), NULL);"
            "CREATE TABLE users (name TEXT, password TEXT);"
            "INSERT INTO users VALUES ('ada', 'hunter2');"
            "CREATE VIEW names AS SELECT name FROM users;"
            "CREATE VIEW passwords AS SELECT password FROM users;"
        )
    return file


def ask(path: Path, sql: str, **changes: Any) -> dict[str, Any]:
    request = {"uri": f"{path.as_uri()}?mode=ro", "sql": sql, "only": None, "max_rows": 100, "max_chars": 10_000}
    return run(request | changes)


class TestAnswers:
    def test_rows_come_with_their_columns(self, path: Path) -> None:
        answer = ask(path, "SELECT id, total * 2 AS double FROM orders WHERE id = 1")
        assert answer == {"columns": ["id", "double"], "rows": [[1, 5.0]], "truncated": False}

    def test_what_json_can_not_carry_is_told_in_words(self, path: Path) -> None:
        assert ask(path, "SELECT extra FROM orders WHERE id = 1")["rows"] == [["<2 bytes>"]]
        assert ask(path, "SELECT total, note FROM orders WHERE id = 2")["rows"] == [["inf", "\ufffdA"]]

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT name FROM names",
            "WITH n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 9) SELECT count(*), sum(x) FROM n",
            "SELECT note -> '$', upper(printf('%.2f', total)), replace(note, 'a', 'b') FROM orders WHERE id = 3",
            "SELECT row_number() OVER (ORDER BY id), strftime('%Y', '2025-01-01') FROM orders",
            "SELECT * FROM orders o JOIN users u ON o.id = u.rowid ORDER BY 1 LIMIT 1",
            "VALUES (1), (2);",
            "-- the orders\nSELECT 1 /* ; */ ;",
            "EXPLAIN QUERY PLAN SELECT * FROM orders",
        ],
    )
    def test_what_a_select_needs_is_there(self, path: Path, sql: str) -> None:
        assert "rows" in ask(path, sql)

    def test_rows_end_at_the_number_asked_for(self, path: Path) -> None:
        assert ask(path, "SELECT id FROM orders", max_rows=1) == {"columns": ["id"], "rows": [[1]], "truncated": True}
        assert ask(path, "SELECT id FROM orders", max_rows=2)["truncated"] is False

    def test_rows_end_where_they_are_too_long_together(self, path: Path) -> None:
        counting = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, hex(x) FROM n"
        answer = ask(path, counting, max_rows=10**6, max_chars=1000)
        assert answer["truncated"]
        assert 50 < len(answer["rows"]) < 200

    def test_a_single_row_that_is_too_long_is_an_error_with_advice(self, path: Path) -> None:
        assert "substr()" in ask(path, "SELECT printf('%.*c', 20000, 'x')")["error"]


class TestRefusals:
    @pytest.mark.parametrize(
        "sql",
        [
            "DELETE FROM orders",
            "INSERT INTO orders (id) VALUES (3)",
            "UPDATE orders SET total = 0",
            "WITH gone AS (SELECT 1) DELETE FROM orders",
            "/* harmless */ DROP TABLE orders",
            "CREATE TABLE t (x)",
            "CREATE TEMP TABLE t (x)",
            "CREATE VIRTUAL TABLE temp.t USING fts5(x)",
            "REPLACE INTO orders (id) VALUES (1)",
            "SELECT 1; DELETE FROM orders",
            "COMMIT; DELETE FROM orders",
            "BEGIN",
            "BEGIN IMMEDIATE",
            "SAVEPOINT s",
            "PRAGMA query_only = OFF",
            "PRAGMA writable_schema = ON",
            "PRAGMA journal_mode = DELETE",
            "PRAGMA table_info(orders)",
            "ATTACH '/tmp/other.db' AS other",
            "ATTACH ':memory:' AS other",
            "DETACH main",
            "VACUUM",
            "VACUUM INTO '/tmp/copy.db'",
            "REINDEX",
            "ANALYZE",
            "SELECT load_extension('/tmp/evil')",
            "SELECT readfile('/etc/passwd')",
            "SELECT writefile('/tmp/x', 'y')",
            "SELECT fts3_tokenizer('simple')",
            "SELECT sqlite_compileoption_get(1)",
            "SELECT * FROM sqlite_schema",
            "SELECT count(*) FROM sqlite_master",
            "SELECT * FROM sqlite_temp_master",
            "SELECT * FROM pragma_table_info('orders')",
            "SELECT * FROM pragma_database_list",
            "SELECT * FROM dbstat",
            "SELECT zeroblob(1000000000)",
            "SELECT randomblob(100)",
            "SELECT * FROM nowhere",
            "SELEC 1",
            "",
            "-- nothing",
            "SELECT 1\0; DELETE FROM orders",
            "SELECT '\ud800'",
        ],
    )
    def test_anything_but_reading_the_tables_is_refused(self, path: Path, tmp_path: Path, sql: str) -> None:
        before = path.read_bytes()
        answer = ask(path, sql)
        assert answer.keys() == {"error"}
        assert answer["error"]
        assert path.read_bytes() == before
        assert [file.name for file in tmp_path.iterdir()] == [path.name]

    def test_the_engine_says_what_is_wrong(self, path: Path) -> None:
        assert ask(path, "SELECT totl FROM orders")["error"] == "no such column: totl"
        assert ask(path, "SELECT load_extension('x')")["error"] == "not authorized to use function: load_extension"

    def test_a_file_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        assert "unable to open" in ask(tmp_path / "none.db", "SELECT 1")["error"]
        assert not list(tmp_path.iterdir())


class TestLayers:
    """Each of them would do for most statements; none is relied on alone."""

    @pytest.fixture
    def confined(self, path: Path) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:  # not even opened read-only
            _confine(database, None)
            database.set_authorizer(None)
            yield database

    def test_without_an_authorizer_nothing_can_be_written(self, confined: sqlite3.Connection) -> None:
        for sql in ("DELETE FROM orders", "WITH gone AS (SELECT 1) DELETE FROM orders", "CREATE TABLE t (x)"):
            with pytest.raises(sqlite3.OperationalError, match="readonly database"):
                confined.execute(sql)

    def test_without_an_authorizer_nothing_can_be_attached(self, confined: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.OperationalError, match="too many attached databases"):
            confined.execute("ATTACH ':memory:' AS other")

    def test_without_an_authorizer_no_code_can_be_loaded(self, confined: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.OperationalError, match="not authorized"):
            confined.execute("SELECT load_extension('x')")

    def test_the_other_settings_hold_too(self, confined: sqlite3.Connection) -> None:
        settings = {name: confined.execute(f"PRAGMA {name}").fetchone()[0] for name in ("trusted_schema", "mmap_size")}
        assert settings == {"trusted_schema": 0, "mmap_size": 0}


class TestChosenTables:
    def test_the_chosen_tables_can_be_read(self, path: Path) -> None:
        assert ask(path, "SELECT count(*) FROM Orders", only=["orders"])["rows"] == [[2]]
        assert ask(path, "WITH o AS (SELECT * FROM orders) SELECT count(*) FROM o", only=["orders"])["rows"] == [[2]]

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT password FROM users",
            "SELECT count(*) FROM users",
            "SELECT 1 FROM Users",
            "SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM users)",
            "SELECT id FROM orders WHERE id IN (SELECT rowid FROM users)",
            "SELECT o.id FROM orders o, users",
            "SELECT * FROM orders NATURAL JOIN users",
            "WITH orders AS (SELECT password FROM users) SELECT * FROM orders",
            "WITH names AS (SELECT password FROM users) SELECT * FROM names",
            "SELECT * FROM (SELECT password FROM users) AS orders",
            "SELECT (SELECT password FROM users)",
            "SELECT * FROM orders UNION SELECT password, 1, 1, 1 FROM users",
            "SELECT * FROM passwords",
            "SELECT count(*) FROM passwords",
            "SELECT * FROM main.users",
        ],
    )
    def test_the_others_can_not_by_any_way(self, path: Path, sql: str) -> None:
        assert ask(path, sql, only=["orders", "names"]).keys() == {"error"}

    def test_a_view_needs_its_tables(self, path: Path) -> None:
        assert "error" in ask(path, "SELECT name FROM names", only=["names"])
        assert ask(path, "SELECT name FROM names", only=["names", "users"])["rows"] == [["ada"]]
