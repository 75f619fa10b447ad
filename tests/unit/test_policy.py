"""`Retry` refuses what could not be meant; `Policy` is a value that explains itself."""

from __future__ import annotations

import asyncio
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from millstream.errors import UsageError
from millstream.policy import Policy, Retry


def test_the_defaults() -> None:
    assert Retry() == Retry(attempts=3, first_wait_s=0.2, max_wait_s=10.0, jitter_s=0.1, on=(Exception,))
    assert Policy() == Policy(
        start=None, on_torn="salvage", on_reject="drain", on_truncated="answer", coerce=True, tool_errors="sentence"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"attempts": 1},
        {"first_wait_s": 0, "max_wait_s": 0, "jitter_s": 0},
        {"first_wait_s": 5.0, "max_wait_s": 1.0},
        {"on": (TimeoutError, ConnectionError)},
        {"on": ()},
    ],
)
def test_what_can_be_meant(fields: dict[str, Any]) -> None:
    retry = Retry(**fields)
    assert {name: getattr(retry, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"attempts": 0}, "Retry(attempts=0) never tries: write 1 for one try"),
        ({"attempts": -2}, "Retry(attempts=-2) never tries"),
        ({"first_wait_s": -0.1}, "Retry(first_wait_s=-0.1) is no time to wait: write seconds, 0 or more"),
        ({"max_wait_s": float("inf")}, "Retry(max_wait_s=inf) is no time to wait"),
        ({"jitter_s": float("nan")}, "Retry(jitter_s=nan) is no time to wait"),
        ({"on": TimeoutError}, "Retry(on=TimeoutError) is no tuple: write on=(TimeoutError,)"),
        ({"on": [TimeoutError]}, "is no tuple"),
        ({"on": ("timeout",)}, "Retry(on=…) holds 'timeout', which no other try can mend"),
        ({"on": (ValueError, int)}, "Retry(on=…) holds int"),
        ({"on": (KeyboardInterrupt,)}, "Retry(on=…) holds KeyboardInterrupt"),
        ({"on": (asyncio.CancelledError,)}, "Retry(on=…) holds CancelledError, which no other try can mend"),
    ],
)
def test_what_can_not_be_meant(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        Retry(**fields)
    assert says in str(caught.value)


def test_every_rule_is_explained() -> None:
    for field in fields(Policy):
        assert f"{field.name}: " in (Policy.__doc__ or "")


def test_a_policy_is_a_value() -> None:
    with pytest.raises(FrozenInstanceError):
        Policy().start = "end"  # type: ignore[misc]
