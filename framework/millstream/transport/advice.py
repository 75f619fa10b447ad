"""What the headers of a refusal say about another try: how long to wait, and whether it is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from millstream.errors import WireError


def follow_advice(error: WireError, headers: Mapping[str, str]) -> None:
    """Put what the provider advises into the error; header names are looked up in lower case.

    `x-should-retry`, sent by OpenAI and Anthropic and followed by their own clients, decides over the status.
    """
    wait_s = retry_after_s(headers)
    error.retry_after_s = error.retry_after_s if wait_s is None else wait_s
    advice = headers.get("x-should-retry", "")
    error.retryable = advice == "true" if advice in ("true", "false") else error.retryable


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long a provider asks to wait, in seconds (RFC 9110 §10.2.3, and OpenAI's `retry-after-ms`).

    Milliseconds come first, but Azure sends `retry-after-ms: 0` beside a `retry-after` of seconds.
    """
    exact, asked = _number(headers.get("retry-after-ms", ""), 0.001), headers.get("retry-after", "")
    if exact:
        return exact
    seconds = _number(asked, 1.0)
    if seconds is not None:
        return seconds
    try:
        until = parsedate_to_datetime(asked)
    except (TypeError, ValueError):
        return exact
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _number(text: str, scale: float) -> float | None:
    try:
        return max(0.0, float(text) * scale)
    except ValueError:
        return None
