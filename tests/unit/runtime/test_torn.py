"""The policy table whole: every combination of facts, and what each policy makes of it."""

from __future__ import annotations

from itertools import product
from typing import Literal

import pytest

from millstream.policy import Policy
from millstream.runtime.torn import Recovery, Torn, recovery

FACTS = [Torn(*facts) for facts in product([False, True], [False, True], [False, True], [0, 1, 3])]


def expected(on_torn: str, torn: Torn) -> Recovery:
    if on_torn == "raise":
        return "raise"
    if on_torn == "salvage" and torn.any_sealed:
        return "salvage"
    if torn.started_unrepeatable or not torn.retryable or torn.restarts_left == 0:
        return "raise"
    return "restart"


@pytest.mark.parametrize("torn", FACTS, ids=str)
@pytest.mark.parametrize("on_torn", ["salvage", "retry", "raise"])
def test_the_table(on_torn: Literal["salvage", "retry", "raise"], torn: Torn) -> None:
    assert recovery(Policy(on_torn=on_torn), torn) == expected(on_torn, torn)


def test_nothing_is_ever_asked_again_that_could_repeat_an_effect() -> None:
    for on_torn, torn in product(("salvage", "retry", "raise"), FACTS):
        if torn.started_unrepeatable:
            assert recovery(Policy(on_torn=on_torn), torn) != "restart"  # type: ignore[arg-type]


def test_the_default_keeps_what_is_there() -> None:
    torn = Torn(retryable=True, any_sealed=True, started_unrepeatable=False, restarts_left=3)
    assert recovery(Policy(), torn) == "salvage"
