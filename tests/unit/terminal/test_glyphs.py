from typing import get_args

import pytest

from millstream.terminal.glyphs import ASCII, UNICODE, carried, glyphs_for
from millstream.ui.call_view import ENDED, CallState


@pytest.mark.parametrize(
    ("encoding", "plain"),
    [("utf-8", False), ("utf-16", False), ("ascii", True), ("latin-1", True), ("no such codec", True)],
)
def test_the_encoding_decides(encoding: str, plain: bool) -> None:
    assert glyphs_for(encoding) is (ASCII if plain else UNICODE)


def test_every_sign_is_one_cell_and_ascii_signs_are_ascii() -> None:
    for glyphs in (UNICODE, ASCII):
        assert all(len(getattr(glyphs, name)) == 1 for name in glyphs.__dataclass_fields__)
    assert all(getattr(ASCII, name).isascii() for name in ASCII.__dataclass_fields__)


def test_every_state_has_a_sign_and_ends_are_told_apart_from_the_rest() -> None:
    signs = {state: UNICODE.of(state) for state in get_args(CallState)}
    ends = {signs[state] for state in ENDED}
    assert ends == {"✓", "✗", "■"}
    assert not ends & {signs[state] for state in signs if state not in ENDED}


@pytest.mark.parametrize(
    ("text", "encoding", "same"),
    [
        ("21 °C → ok", "utf-8", "21 °C → ok"),
        ("a · b → c…", "ascii", "a - b -> c..."),
        ("日本", "ascii", "??"),
        ("é", "latin-1", "é"),
        ("é·", "no such codec", "?-"),
    ],
)
def test_what_an_encoding_can_not_carry_has_a_stand_in(text: str, encoding: str, same: str) -> None:
    assert carried(text, encoding) == same
