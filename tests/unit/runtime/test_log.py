from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import anyio
import pytest
from anyio.lowlevel import checkpoint

from millstream.errors import RunError, UsageError
from millstream.events import (
    ArgsDelta,
    Call,
    CallLogged,
    CallOpened,
    CallProgress,
    CallYielded,
    Event,
    ReasoningDelta,
    Record,
    RunStarted,
    TextDelta,
    TurnStarted,
)
from millstream.journal.memory import MemoryJournal
from millstream.limits import Limits
from millstream.runtime.log import Log, Writer

pytestmark = pytest.mark.anyio

CALL = Call("call-1-0", 1, 0, "look", "x")
OTHER = Call("call-1-1", 1, 1, "look", "y")


class Journal:
    """A journal that does what a test tells it: waits, fails, and notes what it was given."""

    def __init__(self) -> None:
        self.kept: list[Record] = []
        self.batches: list[list[int]] = []
        self.gate = anyio.Event()
        self.gate.set()
        self.errors: list[Exception] = []

    async def append(self, run_id: str, records: Sequence[Record]) -> None:
        assert run_id == "run"
        self.batches.append([record.seq for record in records])
        await checkpoint()
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.kept += records

    async def read(self, run_id: str, after: int = 0) -> AsyncIterator[Record]:
        for record in self.kept:
            assert run_id
            if record.seq > after:
                yield record


def log_of(journal: Journal | MemoryJournal | None = None, **limits: float) -> Log:
    ticks = iter(range(10_000))
    return Log("run", journal or MemoryJournal(), lambda: float(next(ticks)), Limits(**limits))  # type: ignore[arg-type]


def text(text: str, turn: int = 1, item: int = 0) -> TextDelta:
    return TextDelta(text, turn, item)


async def taken(log: Log) -> list[Event]:
    """Everything there is, up to the end."""
    log.close()
    events: list[Event] = []
    while (record := await log.take()) is not None:
        events.append(record.event)
    return events


async def test_numbers_and_times() -> None:
    log = log_of()
    log.emit((RunStarted("run", "m", None, 0.0), TurnStarted(1)))
    log.emit((text("a"), CallOpened(CALL)))
    log.close()
    records = [await log.take() for _ in range(4)]
    assert [record.seq for record in records if record] == [1, 2, 3, 4]
    assert [record.at_s for record in records if record] == [1.0, 2.0, 3.0, 4.0]
    assert await log.take() is None


async def test_deltas_that_nobody_took_become_one() -> None:
    log = log_of()
    log.emit((text("a"), text("b")))
    log.emit((text("c"),))
    assert await taken(log) == [text("abc")]


async def test_only_deltas_of_one_text_become_one() -> None:
    log = log_of()
    others: list[Event] = [
        text("a"),
        text("b", item=1),
        text("c", item=1),
        text("d", turn=2, item=1),
        ReasoningDelta("e", 2, 1),
        ReasoningDelta("f", 2, 1),
        ArgsDelta(CALL, "{"),
        ArgsDelta(CALL, "}"),
        ArgsDelta(OTHER, "{"),
        CallLogged(OTHER, "x"),
        ArgsDelta(OTHER, "}"),
    ]
    log.emit(others)
    assert await taken(log) == [
        text("a"),
        text("bc", item=1),
        text("d", turn=2, item=1),
        ReasoningDelta("ef", 2, 1),
        ArgsDelta(CALL, "{}"),
        ArgsDelta(OTHER, "{"),
        CallLogged(OTHER, "x"),
        ArgsDelta(OTHER, "}"),
    ]


async def test_a_consumer_that_keeps_up_sees_each_delta() -> None:
    log = log_of()
    seen: list[Event] = []
    for piece in "abc":
        log.emit((text(piece),))
        await log.flush()
        record = await log.take()
        assert record is not None
        seen.append(record.event)
    assert seen == [text("a"), text("b"), text("c")]


async def test_nothing_changes_once_it_has_a_number() -> None:
    """The first delta is in the journal when the second comes: they stay two, whoever took the first."""
    journal = MemoryJournal()
    log = log_of(journal)
    log.emit((text("a"),))
    await log.flush()
    before = list(journal.records("run"))
    log.emit((text("b"), text("c")))
    await log.flush()
    assert journal.records("run") == before, "the consumer lags: what came later has no number yet"
    log.emit((text("d"),))
    assert await taken(log) == [text("a"), text("bcd")]
    assert journal.records("run")[0] == before[0]
    assert [record.seq for record in journal.records("run")] == [1, 2]


async def test_the_time_of_a_joined_delta_is_that_of_its_first_piece() -> None:
    log = log_of()
    log.emit((text("a"),))
    log.emit((text("b"),))
    log.emit((TurnStarted(2),))
    log.close()
    first, second = await log.take(), await log.take()
    assert first is not None
    assert second is not None
    assert (first.at_s, second.at_s) == (1.0, 2.0)


async def test_append_comes_before_emit() -> None:
    """While the journal has not answered, the consumer has nothing."""
    journal = Journal()
    journal.gate = anyio.Event()
    log = log_of(journal)
    log.emit((TurnStarted(1),))
    got: list[Record | None] = []

    async def consume() -> None:
        got.append(await log.take())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(consume)
        tasks.start_soon(log.flush_all)
        await anyio.wait_all_tasks_blocked()
        assert journal.batches == [[1]]
        assert got == []
        journal.gate.set()
    assert got == journal.kept


async def test_what_comes_while_the_journal_works_follows_in_order() -> None:
    journal = Journal()
    journal.gate = anyio.Event()
    log = log_of(journal)
    async with anyio.create_task_group() as tasks:
        for turn in range(1, 4):
            log.emit((TurnStarted(turn),))
            tasks.start_soon(log.flush_all)
            await anyio.wait_all_tasks_blocked()
        journal.gate.set()
    assert [record.seq for record in journal.kept] == [1, 2, 3]
    assert journal.batches == [[1], [2, 3]]
    assert await taken(log) == [TurnStarted(1), TurnStarted(2), TurnStarted(3)]


async def test_who_flushes_waits_also_for_what_another_task_has_on_its_way() -> None:
    """The start of a call goes to the journal with a piece of the response: the body waits for it all the same."""
    journal = Journal()
    journal.gate = anyio.Event()
    log = log_of(journal)
    log.emit((TurnStarted(1),))
    kept: list[list[Record]] = []

    async def flush() -> None:
        await log.flush()
        kept.append(list(journal.kept))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.flush_all)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(flush)
        await anyio.wait_all_tasks_blocked()
        assert kept == []
        journal.gate.set()
    assert kept == [journal.kept]
    assert journal.batches == [[1]]


async def test_a_journal_that_fails_loses_nothing() -> None:
    journal = Journal()
    journal.errors = [OSError("disk full")]
    log = log_of(journal)
    log.emit((TurnStarted(1),))
    with pytest.raises(OSError, match="disk full"):
        await log.flush()
    log.emit((TurnStarted(2),))
    await log.flush()
    assert journal.batches == [[1], [1, 2]]
    assert await taken(log) == [TurnStarted(1), TurnStarted(2)]


async def test_who_leaves_while_the_journal_works_waits_for_it() -> None:
    """Otherwise nobody would know what was kept, and it would be kept again."""
    journal = Journal()
    journal.gate = anyio.Event()
    log = log_of(journal)
    log.emit((TurnStarted(1),))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.flush_all)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
        journal.gate.set()
    await log.flush_all()
    assert journal.batches == [[1]]
    assert await taken(log) == [TurnStarted(1)]


async def test_a_journal_that_does_not_answer_is_an_error() -> None:
    journal = Journal()
    journal.gate = anyio.Event()
    log = log_of(journal, journal_timeout_s=0.01)
    log.emit((TurnStarted(1), TurnStarted(2)))
    with pytest.raises(RunError, match=r"did not keep 2 records within 0.01 s.*Limits\.journal_timeout_s"):
        await log.flush_all()


async def test_what_the_journal_did_not_keep_reaches_nobody() -> None:
    journal = Journal()
    journal.errors = [OSError("gone")]
    log = log_of(journal)
    log.emit((TurnStarted(1), text("a")))
    with pytest.raises(OSError, match="gone"):
        await log.flush_all()
    log.emit((text("b"),))
    log.give_up()
    assert await taken(log) == []


async def test_room_waits_until_the_consumer_has_caught_up() -> None:
    log = log_of(max_buffered_chars=5)
    log.emit((text("12345"),))
    await log.room()
    log.emit((text("6"),))
    went_on = False

    async def read() -> None:
        nonlocal went_on
        await log.room()
        went_on = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        assert not went_on
        log.emit((TurnStarted(2),))  # emitting never waits
        await log.flush()
        await log.take()
        await anyio.wait_all_tasks_blocked()
        assert went_on


async def test_room_ends_with_the_log() -> None:
    log = log_of(max_buffered_chars=1)
    log.emit((text("123"),))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.room)
        await anyio.wait_all_tasks_blocked()
        log.close()


async def test_the_consumer_waits_for_news_and_ends_with_the_log() -> None:
    log = log_of()
    got: list[Record | None] = []

    async def consume() -> None:
        for _ in range(2):
            got.append(await log.take())  # noqa: PERF401  one at a time

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(consume)
        await anyio.wait_all_tasks_blocked()
        log.emit((TurnStarted(1),))
        await log.flush()
        await anyio.wait_all_tasks_blocked()
        log.close()
    assert [record and record.event for record in got] == [TurnStarted(1), None]


async def test_one_consumer() -> None:
    log = log_of()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(log.take)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(UsageError, match="one consumer"):
            await log.take()
        log.close()
    assert await log.take() is None, "the first has ended"


async def test_a_consumer_that_was_cancelled_may_take_again() -> None:
    log = log_of()
    with anyio.move_on_after(0):
        await log.take()
    log.emit((TurnStarted(1),))
    record = await log.take()
    assert record is not None
    assert record.event == TurnStarted(1)


async def test_a_consumer_of_many_records_lets_others_run() -> None:
    log = log_of()
    log.emit([TurnStarted(turn) for turn in range(1, 200)])
    await log.flush()
    others = 0

    async def other() -> None:
        nonlocal others
        while True:
            others += 1
            await checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        for _ in range(199):
            await log.take()
        tasks.cancel_scope.cancel()
    assert others >= 5


async def test_the_writer_delivers_what_was_said_outside() -> None:
    log = log_of()
    writer = Writer(log)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.run)
        await anyio.wait_all_tasks_blocked()
        log.emit((text("a"), CallLogged(CALL, "x")))
        log.said_outside.set()
        assert [(await log.take()), (await log.take())][1] is not None
        writer.stop()


async def test_values_of_tools_count_and_all_who_wait_for_room_go_on() -> None:
    log = log_of(max_buffered_chars=150)
    log.emit((CallYielded(CALL, "x" * 50), CallProgress(CALL, message="y" * 50)))
    assert log.crowded
    passed: list[int] = []

    async def wait(number: int) -> None:
        await log.room()
        passed.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(3):
            tasks.start_soon(wait, number)
        await anyio.wait_all_tasks_blocked()
        assert passed == []
        await log.take()
        await anyio.wait_all_tasks_blocked()
        assert sorted(passed) == [0, 1, 2]
    assert not log.crowded
