"""What recorded streams need around them."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of Bedrock have a region; their requests go nowhere."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
