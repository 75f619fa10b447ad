from __future__ import annotations

import pytest

from millstream.transport.exchange import is_loopback


@pytest.mark.parametrize(
    ("url", "leads_here"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://localhost/v1", True),
        ("http://LOCALHOST/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost.example.org/v1", False),
        ("http://127.0.0.1@example.org/v1", False),
        ("https://api.openai.com/v1", False),
        ("http://0.0.0.0/v1", False),
        ("", False),
    ],
)
def test_loopback(url: str, leads_here: bool) -> None:
    assert is_loopback(url) is leads_here
