"""Fields of the user's own over those of a request, on every wire alike."""

from __future__ import annotations

import pytest

from millstream.settings import Settings
from millstream.transcript import Transcript, user
from millstream.wire.format import Ask
from millstream.wire.formats import FORMATS
from millstream.wire.merging import over


def test_objects_are_merged_and_everything_else_is_replaced() -> None:
    request = {"a": {"b": {"c": 1}, "d": [1]}, "e": 1}
    assert over(request, {"a": {"b": {"f": 2}, "d": [2]}, "g": {}}) == {
        "a": {"b": {"c": 1, "f": 2}, "d": [2]},
        "e": 1,
        "g": {},
    }
    assert request == {"a": {"b": {"c": 1}, "d": [1]}, "e": 1}


@pytest.mark.parametrize("api", FORMATS)
def test_a_field_of_the_users_own_stands_in_every_body(api: str) -> None:
    settings = Settings(body={"mine": {"x": 1}})
    assert FORMATS[api].request(Ask("m", Transcript((user("Hi"),)), settings=settings))["mine"] == {"x": 1}
