"""What a tool says while it runs is bearable, whatever the tool does, and its first and last words are heard."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import Any

import pytest

from millstream.events import Call, CallEvent, CallLogged, CallProgress
from millstream.limits import Limits
from millstream.runtime.progress import LAST_LINES, Words
from tests.unit.runtime.outlets import Kept

pytestmark = pytest.mark.anyio
CALL = Call("call-1-0", 1, 0, "work", "x")


def words_of(kept: Kept, **limits: Any) -> Words:
    return Words(CALL, kept, Limits(**limits))


def done(events: list[CallEvent]) -> list[float | None]:
    return [event.done for event in events if isinstance(event, CallProgress)]


def lines(kept: Kept) -> list[str]:
    return [event.text for event in kept.said if isinstance(event, CallLogged)]


async def test_a_flood_is_heard_at_a_steady_rate_with_its_first_and_its_last_word() -> None:
    kept = Kept()
    words = words_of(kept, progress_interval_s=0.25)
    for step in range(4001):  # a thousand words a second for four seconds
        kept.wait_until(100 + step / 1000)
        words.say(CallProgress(CALL, step))
    words.close()
    heard = done(kept.said)
    assert heard[0] == 0
    assert heard[-1] == 4000
    assert heard == sorted(heard, key=lambda one: one or 0)
    assert 17 <= len(heard) <= 18
    assert all(after - before >= 0.25 for before, after in pairwise(kept.at_s[:-1]))


async def test_what_is_said_slowly_is_heard_at_once() -> None:
    kept = Kept()
    words = words_of(kept, progress_interval_s=0.25)
    for step in range(5):
        kept.wait_until(100 + step * 0.25)
        words.say(CallProgress(CALL, step))
        assert done(kept.said) == list(range(step + 1))


async def test_the_newest_is_heard_when_the_interval_is_over_although_nothing_more_is_said() -> None:
    kept = Kept()
    words = words_of(kept, progress_interval_s=0.25)
    for step in range(3):
        words.say(CallProgress(CALL, step))
    assert done(kept.said) == [0]
    kept.wait_until(100.2)
    assert done(kept.said) == [0]
    kept.wait_until(100.3)
    assert done(kept.said) == [0, 2]
    kept.wait_until(200)
    words.close()
    assert done(kept.said) == [0, 2]


async def test_the_last_is_heard_before_the_attempt_ends_and_nothing_after() -> None:
    kept = Kept()
    words = words_of(kept)
    for step in range(3):
        words.say(CallProgress(CALL, step, message=f"step {step}"))
    words.close()
    assert kept.said == [CallProgress(CALL, 0, message="step 0"), CallProgress(CALL, 2, message="step 2")]
    words.say(CallProgress(CALL, 3))
    words.say(CallLogged(CALL, "late"))
    words.close()
    kept.wait_until(200)
    assert len(kept.said) == 2


async def test_with_no_interval_all_is_heard() -> None:
    kept = Kept()
    words = words_of(kept, progress_interval_s=0)
    for step in range(50):
        words.say(CallProgress(CALL, step))
    assert done(kept.said) == list(range(50))


@pytest.mark.parametrize("interval_s", [0, 0.25])
async def test_while_the_consumer_lags_only_the_newest_is_kept(interval_s: float) -> None:
    kept = Kept()
    words = words_of(kept, progress_interval_s=interval_s)
    words.say(CallProgress(CALL, 0))
    kept.crowded = True
    for step in range(1, 100):
        kept.wait_until(100 + step)
        words.say(CallProgress(CALL, step))
    assert done(kept.said) == [0]
    kept.make_room()
    kept.wait_until(201)
    assert done(kept.said) == [0, 99]


async def test_a_message_is_cut() -> None:
    kept = Kept()
    words = words_of(kept, max_log_line_chars=100)
    words.say(CallProgress(CALL, message="x" * 1000))
    words.say(CallLogged(CALL, "y" * 1000))
    words.say(CallLogged(CALL, "y" * 100))
    progress, line, short = kept.said
    assert isinstance(progress, CallProgress)
    assert isinstance(line, CallLogged)
    assert "characters left out here" in progress.message
    assert "characters left out here" in line.text
    assert len(progress.message) <= 100
    assert short == CallLogged(CALL, "y" * 100)


async def test_lines_are_kept_up_to_a_number_and_the_last_ones_follow_behind_a_mark() -> None:
    kept = Kept()
    words = words_of(kept, max_log_lines=3)
    for n in range(1000):
        words.say(CallLogged(CALL, f"line {n}"))
    assert lines(kept) == ["line 0", "line 1", "line 2"]
    words.close()
    left_out = 1000 - 3 - LAST_LINES
    last = [f"line {n}" for n in range(1000 - LAST_LINES, 1000)]
    assert lines(kept) == ["line 0", "line 1", "line 2", f"… {left_out} lines left out here …", *last]


@pytest.mark.parametrize("more", [0, 1, LAST_LINES])
async def test_nothing_is_marked_where_nothing_is_left_out(more: int) -> None:
    kept = Kept()
    words = words_of(kept, max_log_lines=3)
    said = [f"line {n}" for n in range(3 + more)]
    for line in said:
        words.say(CallLogged(CALL, line))
    words.close()
    assert lines(kept) == said


async def test_from_threads_every_line_is_counted_and_the_last_word_of_each_is_not_lost() -> None:
    kept = Kept()
    words = words_of(kept, max_log_lines=0)
    each = 5000

    def talk() -> None:
        for n in range(each):
            words.say(CallLogged(CALL, f"line {n}"))
            words.say(CallProgress(CALL, n))

    threads = [threading.Thread(target=talk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    words.close()
    assert lines(kept)[0] == f"… {4 * each - LAST_LINES} lines left out here …"
    assert done(kept.said) == [each - 1], "what waits for the loop is replaced, here even the first"
