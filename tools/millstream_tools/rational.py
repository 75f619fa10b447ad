"""What can be done with exact numbers: the operators and functions of `calculate`, on fractions. Pure."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Final

_WORKING: Final = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN)


def operate(operator: ast.operator, left: Fraction, right: Fraction) -> Fraction | None:
    """`left operator right`, None where there is no such operator; an exponent is a whole number.

    Raises:
        ZeroDivisionError: a division by zero.
    """
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return Fraction(left // right)
        case ast.Mod():
            return left % right
        case ast.Pow():
            return left**right.numerator
        case _:
            return None


def bits(value: Fraction) -> int:
    """How large a number is to work with."""
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _round(value: Fraction, places: Fraction = Fraction(0)) -> Fraction:
    return Fraction(round(value, int(places)))


def _min(*values: Fraction) -> Fraction:
    return min(values)


def _max(*values: Fraction) -> Fraction:
    return max(values)


def _sum(*values: Fraction) -> Fraction:
    return sum(values, start=Fraction(0))


def _abs(value: Fraction) -> Fraction:
    return abs(value)


def _sqrt(value: Fraction) -> Fraction:
    """Exact for the square of a fraction, else to 60 digits."""
    exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    if exact * exact == value:
        return exact
    return Fraction(_WORKING.sqrt(_WORKING.divide(Decimal(value.numerator), Decimal(value.denominator))))


FUNCTIONS: Final[dict[str, tuple[Callable[..., Fraction], int, int]]] = {
    "round": (_round, 1, 2),
    "min": (_min, 1, 100),
    "max": (_max, 1, 100),
    "sum": (_sum, 1, 100),
    "abs": (_abs, 1, 1),
    "sqrt": (_sqrt, 1, 1),
}
"""By name: what it does, and how many numbers it takes at least and at most."""
