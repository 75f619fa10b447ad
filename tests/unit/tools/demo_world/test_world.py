"""The world is the same each time, and what it says of itself is what the tools find in it."""

import hashlib
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from millstream.events import CallRetrying, CallReturned
from millstream_tools.archive import Archiver
from millstream_tools.calc import calculate
from millstream_tools.demo_world import StatusServer, World, make_world
from millstream_tools.demo_world.status_server import STATUS
from millstream_tools.fetch import Fetch
from millstream_tools.search import TextSearch
from millstream_tools.sql import Database
from tests.scripted import calling, saying, scripted


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("small") / "world", lines_per_file=20)


def contents(world: World) -> dict[str, str]:
    files = sorted(path for path in world.folder.rglob("*") if path.is_file())
    return {str(path.relative_to(world.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_it_is_made_soon_and_of_the_size_that_is_slow_to_pack(tmp_path: Path) -> None:
    began = time.process_time()
    world = make_world(tmp_path)
    assert time.process_time() - began < 2
    assert 12_000_000 < world.log_bytes < 18_000_000
    assert world.log_files == sum(1 for _ in world.logs.glob("*/*.log")) == 192


def test_it_is_the_same_each_time_also_over_an_older_one(small: World, tmp_path: Path) -> None:
    make_world(tmp_path, lines_per_file=5)
    again = make_world(tmp_path, lines_per_file=20)
    assert contents(again) == contents(small)
    facts = {name: getattr(small, name) for name in World.__slots__ if name not in ("folder", "logs", "database")}
    assert facts == {
        "log_files": 192,
        "log_bytes": small.log_bytes,
        "timeout_lines": 208,
        "orders": 4812,
        "failed_orders": 114,
        "timed_out_orders": 61,
        "revenue_cents": 37_457_112,
    }
    assert small.failed_percent == "2.37"


def test_the_database_holds_what_it_says(small: World) -> None:
    with closing(sqlite3.connect(small.database)) as database:
        [facts] = database.execute(
            "SELECT count(*), sum(status = 'failed'), sum(failure_reason = 'payment timeout'),"
            " sum(amount_cents) FILTER (WHERE status = 'paid') FROM orders"
        )
    assert facts == (small.orders, small.failed_orders, small.timed_out_orders, small.revenue_cents)


def test_the_lines_of_a_log_are_in_the_order_of_their_time(small: World) -> None:
    for path in small.logs.glob("*/*.log"):
        stamps = [line[:19] for line in path.read_text().splitlines()]
        assert stamps == sorted(stamps)
        assert {stamp[:13] for stamp in stamps} == {f"2025-03-14T{path.stem}"}


@pytest.mark.anyio
@pytest.mark.usefixtures("_nothing_left_open")
async def test_an_agent_finds_out_what_is_true_of_it(small: World, tmp_path: Path) -> None:
    with StatusServer() as status:
        tools: list[Any] = [
            TextSearch(small.logs),
            Database(small.database),
            Archiver(small.folder, tmp_path),
            Fetch([status.url], first_wait_s=0.01),
            calculate,
        ]
        agent, _ = scripted(
            tools,
            calling(
                ("search_text", {"pattern": "payment timeout"}),
                ("query_sql", {"sql": "SELECT count(*), sum(status = 'failed') FROM orders"}),
                ("fetch", {"url": f"{status.url}/status"}),
                ("pack_folder", {"folder": "logs"}),
                ("calculate", {"expression": f"round({small.failed_orders} / {small.orders} * 100, 2)"}),
            ),
            saying("All is known."),
        )
        result = await agent.run("what happened on Friday?")
    events = [record.event for record in result.records]
    found = {event.call.name: event.result for event in events if isinstance(event, CallReturned)}
    assert found["search_text"]["count"] == small.timeout_lines
    assert found["query_sql"]["rows"] == [[small.orders, small.failed_orders]]
    assert found["fetch"]["body"] == STATUS
    assert (found["pack_folder"]["files"], found["pack_folder"]["bytes"]) == (small.log_files, small.log_bytes)
    assert found["calculate"] == {"value": small.failed_percent, "exact": True}
    assert [event.call.name for event in events if isinstance(event, CallRetrying)] == ["fetch"]
