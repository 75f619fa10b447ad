"""A fraction as a person reads it: in full where its decimals end, else rounded. Pure."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any, Final

_ROUNDED: Final = Context(prec=30, Emax=MAX_EMAX, Emin=MIN_EMIN)
_MAX_PLACES: Final = 50
_MAX_FRACTION_CHARS: Final = 200
_LEAST_EXPONENT: Final = -12  # a smaller number is easier to read as 1.5E-13


def written(value: Fraction, *, rounded: bool) -> dict[str, Any]:
    """`{"value", "exact"}`, and the exact `"fraction"` of a value that had to be rounded here.

    Args:
        value: at most some 4,000 digits, which is what Python writes out.
        rounded: whether it is no longer exact already.
    """
    places = next((n for n in range(_MAX_PLACES + 1) if 10**n % value.denominator == 0), None)
    if places is not None and not rounded:
        digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
        text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
        return {"value": f"-{text}" if value < 0 else text, "exact": True}
    short = _ROUNDED.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(_ROUNDED)
    text = f"{short:f}" if _LEAST_EXPONENT <= short.adjusted() < _ROUNDED.prec else str(short)
    fraction = f"{value.numerator}/{value.denominator}"
    exactly = {} if rounded or len(fraction) > _MAX_FRACTION_CHARS else {"fraction": fraction}
    return {"value": text, "exact": False, **exactly}
