from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import anyio
import pytest

from millstream.errors import UsageError
from millstream.sessions import SqliteSessions
from millstream.transcript import Entry, Transcript, user
from tests.samples import ENTRIES

pytestmark = pytest.mark.anyio

ONE: tuple[Entry, ...] = (user("One"),)
TWO: tuple[Entry, ...] = (user("Two \ud83d half"), user("Three"))


async def test_what_was_added_is_there_in_order(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "chats.db")
    assert await store.load("a") == Transcript()
    assert await store.append("a", ONE, after=0)
    assert await store.append("a", TWO, after=1)
    assert await store.append("b", ONE, after=0)
    store.close()
    again = SqliteSessions(tmp_path / "chats.db")
    assert (await again.load("a")).entries == ONE + TWO
    assert await again.ids() == ["a", "b"]
    await again.clear("a")
    assert await again.load("a") == Transcript()
    assert await again.ids() == ["b"]
    again.close()


async def test_every_kind_of_entry_comes_back_as_it_was() -> None:
    store = SqliteSessions()
    assert await store.append("a", ENTRIES, after=0)
    assert await store.load("a") == Transcript(ENTRIES)
    store.close()


async def test_behind_something_else_nothing_is_added() -> None:
    store = SqliteSessions()
    assert await store.append("a", ONE, after=0)
    assert not await store.append("a", TWO, after=0)
    assert not await store.append("a", TWO, after=2)
    assert (await store.load("a")).entries == ONE
    store.close()


async def test_memory_ends_with_its_store() -> None:
    store = SqliteSessions()
    await store.append("a", ONE, after=0)
    store.close()
    assert await store.load("a") == Transcript()
    store.close()


async def test_of_many_writers_at_once_one_is_first(tmp_path: Path) -> None:
    stores = [SqliteSessions(tmp_path / "chats.db") for _ in range(4)]
    added: list[bool] = []

    async def add(store: SqliteSessions) -> None:
        added.append(await store.append("a", TWO, after=0))

    async with anyio.create_task_group() as tasks:
        for store in stores:
            tasks.start_soon(add, store)
    assert sorted(added) == [False, False, False, True]
    assert (await stores[0].load("a")).entries == TWO
    for store in stores:
        store.close()


async def test_another_process_reads_it(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "chats.db")
    await store.append("a", ONE, after=0)
    store.close()
    script = (
        "import anyio, sys; from millstream.sessions import SqliteSessions\n"
        "print(anyio.run(SqliteSessions(sys.argv[1]).load, 'a').entries[0].text)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "chats.db")]
    assert (await anyio.run_process(command)).stdout == b"One\n"


async def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all, " * 50)
    with pytest.raises(UsageError, match=r"notes\.txt is no file of sessions"):
        await SqliteSessions(path).load("a")


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"can not be used: unable to open"):
        await SqliteSessions(tmp_path / "no" / "chats.db").load("a")


async def test_a_file_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "chats.db")
    await store.append("a", ONE, after=0)
    store.close()
    with sqlite3.connect(tmp_path / "chats.db") as connection:
        connection.execute("PRAGMA user_version=2")
    connection.close()
    with pytest.raises(UsageError, match="newer release"):
        await SqliteSessions(tmp_path / "chats.db").load("a")


async def test_tables_of_others_may_be_in_the_file(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("PRAGMA user_version=7")
        connection.execute("CREATE TABLE orders (id INTEGER)")
    connection.close()
    store = SqliteSessions(tmp_path / "app.db")
    assert await store.append("a", ONE, after=0)
    assert (await store.load("a")).entries == ONE
    store.close()
