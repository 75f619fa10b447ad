from __future__ import annotations

import pytest

from millstream.arguments.pointer import pointer
from millstream.events.values import Path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("",), "/"),
        (("items", 0, "name"), "/items/0/name"),
        (("a/b", "m~n", "~1"), "/a~1b/m~0n/~01"),
        (("caf\u00e9", " ", "0"), "/caf\u00e9/ /0"),
    ],
)
def test_a_path_is_written_as_rfc_6901_says(path: Path, text: str) -> None:
    assert pointer(path) == text
