from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from millstream.failures import (
    Cancelled,
    Denied,
    Failure,
    Problem,
    Raised,
    Rejected,
    TimedOut,
    Truncated,
    Unknown,
    explain,
)
from tests.samples import FAILURES


def test_there_is_a_sample_of_every_failure() -> None:
    assert {type(failure) for failure in FAILURES} == set(get_args(Failure))
    assert {failure.type for failure in FAILURES} == {kind.__name__ for kind in get_args(Failure)}


def test_a_failure_names_its_own_type() -> None:
    for kind in get_args(Failure):
        named = next(field for field in fields(kind) if field.name == "type")
        assert (named.init, named.repr, named.default) == (False, False, kind.__name__)


def test_a_failure_is_a_value() -> None:
    for failure in FAILURES:
        assert not hasattr(failure, "__dict__")
        with pytest.raises(FrozenInstanceError):
            failure.type = "Other"  # type: ignore[misc, assignment]


TWO = (Problem("/days", "expected integer, found 1.5", "type", 8), Problem("", "missing: city", "required", 9))


REJECTED = """\
weather was not run, its arguments were not accepted:
- /days: expected integer, found 1.5
- arguments: missing: city
Correct them and call it again."""


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Rejected(TWO, 8), REJECTED),
        (
            Truncated("length"),
            "weather was not run: its arguments were cut off (length). Call it again, with shorter arguments.",
        ),
        (
            Raised("ValueError", "", "weather.py:3 in get"),
            "weather failed with an internal error. Do not expect it to work with the same arguments.",
        ),
        (Raised("ToolError", "no such city"), "no such city"),
        (
            TimedOut(300.0),
            "weather did not finish within 300 s and was stopped. It may have had part of its effect.",
        ),
        (TimedOut(0.25), "weather did not finish within 0.25 s and was stopped. It may have had part of its effect."),
        (
            TimedOut(2, stopped=False),
            (
                "weather did not finish within 2 s. "
                "It could not be stopped: it may be at work still, and take effect later."
            ),
        ),
        (
            Cancelled("enough", stopped=False),
            "weather was cancelled: enough. It could not be stopped: it may be at work still, and take effect later.",
        ),
        (Denied("too dear"), "weather was not run: it was denied: too dear."),
        (Denied(""), "weather was not run: it was denied."),
        (Cancelled("left"), "weather was cancelled: left. It may have had part of its effect."),
        (Cancelled(""), "weather was cancelled. It may have had part of its effect."),
        (
            Unknown("the process died"),
            "It is not known whether weather took effect (the process died). Do not repeat it without checking first.",
        ),
    ],
)
def test_the_model_is_told_what_happened_and_what_it_can_do(failure: Failure, words: str) -> None:
    assert explain(failure, "weather") == words


def test_what_an_exception_said_is_not_told_unless_it_was_meant_to_be() -> None:
    """Neither its class nor its place are told: they may name files, hosts or secrets."""
    words = explain(Raised("PostgresError", "", "db.py:9 in connect"), "query")
    assert "Postgres" not in words
    assert "db.py" not in words
