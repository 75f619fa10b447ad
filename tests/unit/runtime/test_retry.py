from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from trio.testing import MockClock

from millstream.policy import Retry
from millstream.runtime.retry import retrying


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, MockClock]]:
    """Time that passes when nobody has anything else to do."""
    return "trio", {"clock": MockClock(autojump_threshold=0)}


pytestmark = pytest.mark.anyio
STEADY = Retry(attempts=5, first_wait_s=1, max_wait_s=4, jitter_s=0)


class Attempts:
    """Fails as often as it is told to; notes when it was tried, and what was told before each pause."""

    def __init__(self, failures: int, error: Callable[[int], BaseException] = lambda n: OSError(f"no {n}")) -> None:
        self.at: list[float] = []
        self.numbers: list[int] = []
        self.pauses: list[tuple[int, float, str]] = []
        self._failures = failures
        self._error = error

    async def __call__(self, number: int) -> str:
        self.at.append(anyio.current_time())
        self.numbers.append(number)
        if len(self.at) <= self._failures:
            raise self._error(number)
        return f"attempt {number}"

    def told(self, number: int, pause_s: float, error: BaseException) -> None:
        self.pauses.append((number, pause_s, str(error)))

    @property
    def gaps(self) -> list[float]:
        return [round(later - earlier, 6) for earlier, later in zip(self.at, self.at[1:], strict=False)]


async def run(attempts: Attempts, retry: Retry, asked: Callable[[BaseException], float | None] | None = None) -> str:
    return await retrying(
        attempts,
        retry,
        may_retry=lambda error: isinstance(error, OSError),
        on_retry=attempts.told,
        **({} if asked is None else {"asked_wait_s": asked}),
    )


async def test_what_works_is_not_repeated() -> None:
    attempts = Attempts(0)
    assert await run(attempts, STEADY) == "attempt 1"
    assert attempts.numbers == [1]


async def test_pauses_double_up_to_the_longest() -> None:
    attempts = Attempts(4)
    assert await run(attempts, STEADY) == "attempt 5"
    assert attempts.numbers == [1, 2, 3, 4, 5]
    assert attempts.gaps == [1, 2, 4, 4]
    assert attempts.pauses == [(1, 1.0, "no 1"), (2, 2.0, "no 2"), (3, 4.0, "no 3"), (4, 4.0, "no 4")]


async def test_the_last_exception_is_raised_as_it_was() -> None:
    attempts = Attempts(9)
    with pytest.raises(OSError, match="no 5") as caught:
        await run(attempts, STEADY)
    assert type(caught.value) is OSError
    assert len(attempts.at) == 5
    assert len(attempts.pauses) == 4


async def test_what_can_not_be_mended_is_raised_at_once() -> None:
    attempts = Attempts(9, lambda _: KeyError("mine"))
    with pytest.raises(KeyError, match="mine"):
        await run(attempts, STEADY)
    assert attempts.numbers == [1]


async def test_one_attempt_is_one() -> None:
    attempts = Attempts(9)
    with pytest.raises(OSError, match="no 1"):
        await run(attempts, Retry(attempts=1))
    assert attempts.pauses == []


async def test_the_exception_may_ask_for_a_pause_of_its_own() -> None:
    attempts = Attempts(3)
    pauses = {"no 1": 7.0, "no 2": 0.0, "no 3": None}
    await run(attempts, STEADY, lambda error: pauses[str(error)])
    assert attempts.gaps == [7, 0, 4]


async def test_jitter_is_added() -> None:
    gaps: set[float] = set()
    for _ in range(10):
        attempts = Attempts(1)
        await run(attempts, Retry(attempts=2, first_wait_s=1, jitter_s=0.5))
        gaps.add(attempts.gaps[0])
    assert all(1 <= gap <= 1.5 for gap in gaps)
    assert len(gaps) > 1


async def test_a_pause_can_be_cancelled() -> None:
    attempts = Attempts(1)
    with anyio.move_on_after(0.5) as scope:
        await run(attempts, STEADY)
    assert scope.cancelled_caught
    assert attempts.numbers == [1]


async def test_an_attempt_can_be_cancelled() -> None:
    async def forever(number: int) -> str:
        await anyio.sleep_forever()
        return str(number)

    with anyio.move_on_after(0.5) as scope:
        await retrying(forever, STEADY, may_retry=lambda _: True, on_retry=Attempts(0).told)
    assert scope.cancelled_caught


async def test_what_is_meant_for_the_process_goes_through() -> None:
    attempts = Attempts(1, lambda _: KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await run(attempts, STEADY)
    assert attempts.numbers == [1]
