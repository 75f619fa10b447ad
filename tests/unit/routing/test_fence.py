from __future__ import annotations

import pytest

from millstream.routing.fence import Unfenced
from tests.pieces import cuttings

JSON = '{"text":"a ``` b\\n```\\n"}'


def unfenced(pieces: list[str]) -> str:
    fence = Unfenced()
    return "".join([*map(fence.feed, pieces), fence.rest()])


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        (JSON, JSON),
        (f"```json\n{JSON}\n```", JSON),
        (f" \n```json\r\n{JSON}\r\n``` \n", JSON),
        (f"```\n{JSON}```", JSON),
        (f"```json\n{JSON}", JSON),
        (f"```json\n{JSON}\n```\nThat is all.", JSON + "\n```\nThat is all."),
        ("``", "``"),
        ("``x", "``x"),
        ("```json", "```json"),
        ("```" + "x" * 40 + "\n{}", "```" + "x" * 40 + "\n{}"),
        ("", ""),
        ("Here it is: ```json\n{}\n```", "Here it is: ```json\n{}\n```"),
    ],
)
def test_the_fence_is_taken_off_however_the_text_was_cut(text: str, inner: str) -> None:
    for pieces in cuttings(text):
        assert unfenced(pieces).rstrip("\r\n") == inner


def test_what_stands_in_it_is_given_as_soon_as_it_is_certain() -> None:
    fence = Unfenced()
    assert [fence.feed(piece) for piece in ("```json\n", '{"a', '":1', "}", "\n`", "``")] == [
        "",
        '{"a',
        '":1',
        "}",
        "",
        "",
    ]
    assert fence.rest() == ""
    bare = Unfenced()
    assert [bare.feed(piece) for piece in ("{", '"a":"`"', "\n")] == ["{", '"a":"`"', "\n"]
