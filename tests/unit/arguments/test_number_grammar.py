from __future__ import annotations

import re
from itertools import product

import pytest

from millstream.arguments.number_grammar import FIRST, START, Steps, may_end

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)


def run(text: str) -> Steps | None:
    """The state after `text`, None where it can not be the beginning of a number."""
    steps: Steps | None = START
    for char in text:
        steps = None if steps is None else steps.get(char)
    return steps


def test_it_accepts_the_numbers_of_the_rfc_and_nothing_else() -> None:
    numbers = 0
    for length in range(1, 7):
        for chars in product("019.-+eE", repeat=length):
            text = "".join(chars)
            steps = run(text)
            accepted = steps is not None and may_end(steps)
            assert accepted == (WHOLE.fullmatch(text) is not None), text
            numbers += accepted
    assert numbers > 5000


def test_it_stops_at_the_first_character_that_no_number_begins_with() -> None:
    """Where it stops, no continuation is a number; where it does not, some continuation is."""
    for length in range(1, 5):
        for chars in product("019.-+e", repeat=length):
            text = "".join(chars)
            continued = any(WHOLE.fullmatch(text + more) for more in ("", "0", "0e0", "1"))
            assert (run(text) is not None) == continued, text


@pytest.mark.parametrize("char", ["\u0661", "\u00b2", "\uff11", "a", " ", "\U0001d7cf", "_", ","])
def test_only_ascii_digits_are_digits(char: str) -> None:
    assert char not in FIRST
    for begun in ("-", "1", "0", "1.", "1.5", "1e", "1e+", "1e5"):
        assert run(begun + char) is None


def test_a_number_begins_with_a_digit_or_a_minus() -> None:
    assert set("-0123456789") == FIRST
