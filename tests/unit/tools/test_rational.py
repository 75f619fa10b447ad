"""The operators on fractions: those that are listed, and no other."""

import ast
from fractions import Fraction

import pytest

from millstream_tools.rational import bits, operate

THIRD, TWO = Fraction(1, 3), Fraction(2)


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        (ast.Add(), Fraction(7, 3)),
        (ast.Sub(), Fraction(-5, 3)),
        (ast.Mult(), Fraction(2, 3)),
        (ast.Div(), Fraction(1, 6)),
        (ast.FloorDiv(), Fraction(0)),
        (ast.Mod(), Fraction(1, 3)),
        (ast.Pow(), Fraction(1, 9)),
    ],
)
def test_an_operator_gives_a_fraction(operator: ast.operator, value: Fraction) -> None:
    result = operate(operator, THIRD, TWO)
    assert result == value
    assert isinstance(result, Fraction)


@pytest.mark.parametrize("operator", [ast.MatMult(), ast.LShift(), ast.BitXor()])
def test_there_is_no_other(operator: ast.operator) -> None:
    assert operate(operator, THIRD, TWO) is None


def test_the_larger_part_counts() -> None:
    assert (bits(Fraction(1, 256)), bits(Fraction(-1023)), bits(Fraction(0))) == (9, 10, 1)
