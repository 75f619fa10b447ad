"""The table of formats."""

from __future__ import annotations

import pytest

from millstream.errors import UsageError
from millstream.wire.format import ReadOptions
from millstream.wire.formats import FORMATS, format_named


def test_each_format_is_found_by_its_name_and_gives_a_new_reader_for_each_response() -> None:
    for name, format_ in FORMATS.items():
        assert format_named(name) is format_
        assert format_.name == name
        assert format_.path("a-model").startswith("/")
        assert format_.reader(ReadOptions()) is not format_.reader(ReadOptions())


def test_another_name_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(UsageError, match=r'no wire format "openai".*openai-responses, openai-chat'):
        format_named("openai")
