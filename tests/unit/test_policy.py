from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from millstream.policy import Policy


def test_by_default_tools_decide_and_a_run_goes_on_where_that_is_safe() -> None:
    assert Policy() == Policy(
        start=None, on_torn="salvage", on_reject="drain", on_truncated="answer", coerce=True, tool_errors="sentence"
    )


def test_every_rule_is_explained() -> None:
    for field in fields(Policy):
        assert f"{field.name}: " in (Policy.__doc__ or "")


def test_a_policy_is_a_value() -> None:
    with pytest.raises(FrozenInstanceError):
        Policy().start = "end"  # type: ignore[misc]
