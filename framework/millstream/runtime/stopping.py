"""Asks the stop rule of a run. It decides nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from millstream.errors import UsageError
from millstream.runtime.own_code import failed, name_of
from millstream.so_far import SoFar
from millstream.stop import StopRule


def is_over(rule: StopRule | None, so_far: Callable[[], SoFar[Any]]) -> bool:
    """Whether the rule ends the run now; without one, never.

    Raises:
        RunError: the rule raised.
        UsageError: its answer is neither True nor False.
    """
    if rule is None:
        return False
    try:
        answer: Any = rule(so_far())
    except Exception as error:
        raise failed("the stop rule", rule, error) from error
    if answer is not True and answer is not False:
        raise UsageError(f"the stop rule {name_of(rule)} says {type(answer).__name__}: return True or False")
    return answer
