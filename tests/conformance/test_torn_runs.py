"""Runs over recorded streams that break off: nothing runs unless it is sealed, and what is said next can be said."""

from __future__ import annotations

import random
from typing import Any

import pytest

from millstream.events import CallReturned, CallSealed, CallStarted
from millstream.testing import assert_records
from millstream.toolbox.tool import Tool
from millstream.wire.formats import FORMATS
from tests.conformance.streams import Stream, streams
from tests.conformance.torn_runs import PREFIXES, tools_of, torn_run
from tests.corpus import requires_corpus
from tests.response import boundaries

pytestmark = requires_corpus

_STREAMS = [stream for stream in streams() if stream.api in FORMATS and stream.api in PREFIXES]
_CALLING = [stream for stream in _STREAMS if any(call["kind"] == "function" for call in stream.expected["calls"])]
_SMALLEST = sorted(_STREAMS, key=lambda stream: stream.path.stat().st_size)[:60]
_REST = [stream for stream in _STREAMS if stream not in _SMALLEST]


def check(stream: Stream, place: int, tools: list[Tool[..., Any]]) -> None:
    """A run over the beginning of a stream."""
    run = torn_run(stream, stream.body[:place], tools)
    assert_records(run.records)
    assert run.ids(CallStarted) <= run.ids(CallSealed)
    assert run.transcript.unanswered == ()
    kept = {call.id for entry in run.transcript if entry.type == "reply" for call in entry.calls}
    assert run.ids(CallReturned) <= kept  # what has run is said to the model
    assert len(run.requests) <= 2
    if run.error is not None:
        assert run.error.phase in ("connect", "request", "stream")


def _ends(body: bytes) -> list[int]:
    return sorted({end + d for end in boundaries(body) for d in (-1, 0, 1)} & set(range(len(body) + 1)))


@pytest.mark.parametrize("stream", _CALLING, ids=lambda stream: f"{stream.api}/{stream.name}")
def test_a_run_torn_at_some_event(stream: Stream) -> None:
    body, tools = stream.body, tools_of(stream)
    ends = _ends(body)
    for place in random.Random(len(body)).sample(ends, min(6, len(ends))):
        check(stream, place, tools)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("stream", _SMALLEST, ids=lambda stream: f"{stream.api}/{stream.name}")
def test_a_short_one_torn_at_every_byte(stream: Stream) -> None:
    tools = tools_of(stream)
    for place in range(len(stream.body) + 1):
        check(stream, place, tools)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("stream", _REST, ids=lambda stream: f"{stream.api}/{stream.name}")
def test_every_other_torn_around_every_event(stream: Stream) -> None:
    body, tools = stream.body, tools_of(stream)
    for place in _ends(body):
        check(stream, place, tools)
