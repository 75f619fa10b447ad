"""The grammar of a JSON number (RFC 8259 §6) as an automaton: each state maps a character to the next state.

Only ASCII digits are digits. The empty string is a key of the states in which the number may end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Steps: TypeAlias = Mapping[str, Any]
"""One state of the automaton: the next state, by character."""

_NONZERO: Final = "123456789"
_DIGITS: Final = "0" + _NONZERO

_exponent: dict[str, Any] = {"": None}
_exponent |= dict.fromkeys(_DIGITS, _exponent)
_exponent_sign: dict[str, Any] = dict.fromkeys(_DIGITS, _exponent)
_exponent_mark: dict[str, Any] = {**_exponent_sign, "+": _exponent_sign, "-": _exponent_sign}
_fraction: dict[str, Any] = {"": None, "e": _exponent_mark, "E": _exponent_mark}
_fraction |= dict.fromkeys(_DIGITS, _fraction)
_point: dict[str, Any] = dict.fromkeys(_DIGITS, _fraction)
_zero: dict[str, Any] = {"": None, ".": _point, "e": _exponent_mark, "E": _exponent_mark}
_integer: dict[str, Any] = dict(_zero)
_integer |= dict.fromkeys(_DIGITS, _integer)
_minus: dict[str, Any] = {"0": _zero, **dict.fromkeys(_NONZERO, _integer)}

START: Final[Steps] = {**_minus, "-": _minus}
"""The state before the first character of a number."""
FIRST: Final = frozenset(START)
"""The characters a number can begin with."""


def may_end(steps: Steps) -> bool:
    """Whether the number is complete if no more of it comes."""
    return "" in steps
