from __future__ import annotations

import anyio
import pytest

from millstream.errors import UsageError
from millstream.events import RunStarted, TextDelta, TurnEnded
from millstream.journal.memory import MemoryJournal
from millstream.limits import Limits
from millstream.runtime.log import Log
from millstream.runtime.scoped_log import ScopedLog

pytestmark = pytest.mark.anyio


def log_of(journal: MemoryJournal, limits: Limits | None = None) -> Log:
    ticks = iter(range(10_000))
    return Log("run", journal, lambda: float(next(ticks)), limits or Limits())


async def test_what_is_emitted_goes_into_the_log_around_with_the_path_of_calls() -> None:
    journal = MemoryJournal()
    log = log_of(journal)
    inner = ScopedLog(log, "a")
    innermost = ScopedLog(inner, "b")
    log.emit([TurnEnded(1, "stop")])
    inner.emit([TurnEnded(2, "stop")])
    innermost.emit([TurnEnded(3, "stop")])
    await innermost.flush()
    records = journal.records("run")
    assert [(record.seq, record.scope) for record in records] == [(1, ()), (2, ("a",)), (3, ("a", "b"))]
    assert [record.at_s for record in records] == sorted(record.at_s for record in records)


async def test_texts_of_two_scopes_are_never_one() -> None:
    journal = MemoryJournal()
    log = log_of(journal)
    first, second = ScopedLog(log, "a"), ScopedLog(log, "b")
    log.emit([TurnEnded(1, "stop")])
    for one, text in ((first, "x"), (first, "y"), (second, "z"), (log, "w"), (first, "v")):
        one.emit([TextDelta(text, 1, 0)])
    await first.flush_all()
    told = [(record.scope, getattr(record.event, "text", "")) for record in journal.records("run")[1:]]
    assert told == [(("a",), "xy"), (("b",), "z"), ((), "w"), (("a",), "v")]


async def test_all_readers_wait_for_room_and_all_go_on() -> None:
    log = log_of(MemoryJournal(), Limits(max_buffered_chars=3))
    inner = ScopedLog(log, "a")
    inner.emit([TextDelta("long", 1, 0)])
    await inner.flush()
    on: list[str] = []

    async def read(name: str, one: Log | ScopedLog) -> None:
        await one.room()
        on.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read, "outer", log)
        tasks.start_soon(read, "inner", inner)
        tasks.start_soon(read, "innermost", ScopedLog(inner, "b"))
        await anyio.wait_all_tasks_blocked()
        assert on == []
        await log.take()
    assert sorted(on) == ["inner", "innermost", "outer"]


async def test_it_ends_nothing_around_it_and_has_no_consumer() -> None:
    journal = MemoryJournal()
    log = log_of(journal)
    inner = ScopedLog(log, "a")
    inner.emit([RunStarted("r", "m", None, 0.0)])
    inner.give_up()
    inner.close()
    with pytest.raises(UsageError, match="what a sub-agent does is in the log of the run around it"):
        await inner.take()
    record = await log.take()
    assert record is not None
    assert record.scope == ("a",)
