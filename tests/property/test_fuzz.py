"""Whatever text comes, in whatever pieces: no exception, no unknown event, nothing that grows without a bound."""

from __future__ import annotations

import json
import os
import random
import time

import pytest
from hypothesis import given, seed, settings

from millstream.arguments.preview import preview
from tests.property.fuzzing import FEEDS, TEXTS, Feed, judge

FUZZ_S = float(os.environ.get("MILLSTREAM_FUZZ_S", "3600"))
"""How long the long run goes on."""


@settings(max_examples=2_000)
@given(FEEDS)
def test_whatever_comes_it_ends_in_a_verdict(feed: Feed) -> None:
    judge(feed)


@given(TEXTS)
def test_whatever_is_torn_can_be_shown_as_json(text: str) -> None:
    shown = preview(text)
    if shown is not None:
        json.loads(shown)


@pytest.mark.long
@pytest.mark.timeout(FUZZ_S + 600)
def test_whatever_comes_for_an_hour() -> None:
    """In rounds, because hypothesis keeps what it has tried; each with a seed of its own, which a failure shows."""
    end = time.monotonic() + FUZZ_S
    while time.monotonic() < end:

        @seed(random.SystemRandom().getrandbits(64))
        @settings(max_examples=2_000, derandomize=False, database=None, print_blob=True)
        @given(FEEDS)
        def one_round(feed: Feed) -> None:
            judge(feed)

        one_round()
