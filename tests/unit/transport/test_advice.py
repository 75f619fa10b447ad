"""How long a refusal asks to wait, and whether it says that another try is worth it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from millstream.errors import WireError
from millstream.transport.advice import follow_advice, retry_after_s


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "0", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37"}, 0.0),
    ],
)
def test_retry_after(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(httpx2.Headers(headers)) == wait_s


def test_retry_after_as_a_date() -> None:
    wait_s = retry_after_s({"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)})
    assert wait_s is not None
    assert 55 < wait_s <= 60


@pytest.mark.parametrize(
    ("advice", "before", "after"), [("true", False, True), ("false", True, False), ("no", True, True)]
)
def test_the_provider_s_word_decides(advice: str, *, before: bool, after: bool) -> None:
    error = WireError("no", retryable=before)
    follow_advice(error, {"x-should-retry": advice})
    assert error.retryable is after


def test_a_wait_that_the_body_asked_for_stands_where_no_header_does() -> None:
    error = WireError("no", retry_after_s=48.0)
    follow_advice(error, {})
    assert error.retry_after_s == 48.0
    follow_advice(error, {"retry-after": "2"})
    assert error.retry_after_s == 2.0
