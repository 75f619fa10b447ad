"""A fraction as text: the same number where it says it is exact, near it where it does not."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from millstream_tools.number_text import written


@given(st.integers(), st.integers(0, 50))
def test_decimals_that_end_are_given_in_full(numerator: int, places: int) -> None:
    value = Fraction(numerator, 10**places)
    told = written(value, rounded=False)
    assert told["exact"]
    assert Fraction(told["value"]) == value
    assert "E" not in told["value"]


@given(st.fractions())
def test_others_are_near_and_their_fraction_is_exact(value: Fraction) -> None:
    told = written(value, rounded=False)
    assume(not told["exact"])
    assert abs(Fraction(Decimal(told["value"])) - value) <= abs(value) / 10**29
    assert Fraction(told["fraction"]) == value


def test_a_fraction_too_long_to_read_is_left_out() -> None:
    assert "fraction" not in written(Fraction(1, 3**500), rounded=False)


def test_what_was_rounded_before_has_no_fraction_and_is_not_exact() -> None:
    assert written(Fraction(3, 2), rounded=True) == {"value": "1.5", "exact": False}


def test_large_and_small_numbers_are_short_when_rounded() -> None:
    assert written(Fraction(10**40, 3), rounded=True)["value"] == "3.33333333333333333333333333333E+39"
    assert written(Fraction(1, 3 * 10**20), rounded=True)["value"] == "3.33333333333333333333333333333E-21"
