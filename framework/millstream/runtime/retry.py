"""Trying again: a frozen `Retry` -> attempts. The only home of tenacity."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import anyio

from millstream.policy import Retry

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")


async def retrying(
    attempt: Callable[[int], Awaitable[T]],
    retry: Retry,
    *,
    may_retry: Callable[[BaseException], bool],
    on_retry: Callable[[int, float, BaseException], None],
    asked_wait_s: Callable[[BaseException], float | None] = lambda _: None,
) -> T:
    """Call `attempt(n)`, n from 1, until it returns, or an exception must not or can not be tried again.

    Args:
        attempt: one try.
        retry: how often, and how long to wait in between.
        may_retry: whether an exception may be mended by another try.
        on_retry: told before each pause of the attempt that failed, the pause in seconds and the exception.
        asked_wait_s: the pause that an exception itself asks for, over the one of `retry`.

    Raises:
        The exception of the last attempt, as it was.
    """
    if retry.attempts <= 1:
        return await attempt(1)
    import tenacity as _t

    growing = _t.wait_exponential(multiplier=retry.first_wait_s, max=retry.max_wait_s)
    backoff = growing + _t.wait_random(0, retry.jitter_s)

    def wait(state: RetryCallState) -> float:
        asked = asked_wait_s(_failure(state))
        return backoff(state) if asked is None else asked

    def before_sleep(state: RetryCallState) -> None:
        pause = state.next_action.sleep if state.next_action is not None else 0.0
        on_retry(state.attempt_number, pause, _failure(state))

    tries = _t.AsyncRetrying(
        stop=_t.stop_after_attempt(retry.attempts),
        wait=wait,
        retry=_t.retry_if_exception(may_retry),
        before_sleep=before_sleep,
        sleep=anyio.sleep,
        reraise=True,
    )
    async for one in tries:
        with one:
            return await attempt(one.retry_state.attempt_number)
    raise AssertionError("tenacity ended without a result or an exception")


def _failure(state: RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome is not None else None
    assert error is not None, "asked for a failed attempt only"
    return error
