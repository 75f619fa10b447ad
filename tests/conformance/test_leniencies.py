"""Every stream of OpenAI's wires, read with the leniencies of its server alone: the same as with all of them."""

from __future__ import annotations

import pytest

from millstream.wire.compat import ALL, Leniency
from millstream.wire.dialects import DIALECTS
from tests.conformance.streams import Stream, streams
from tests.corpus import requires_corpus
from tests.response import Response

pytestmark = requires_corpus

_STREAMS = [stream for stream in streams() if stream.api in ("openai-chat", "openai-responses")]

CONSTRUCTED: dict[str, set[Leniency]] = {
    "chat-index-always-0-ids-differ": {"index_always_0"},
    "chat-index-always-0-fragmented": {"index_always_0", "empty_id_or_name"},
    "chat-missing-index-whole-calls": {"missing_index"},
    "chat-missing-index-split-args": {"missing_index"},
    "chat-mixed-indexed-and-indexless": {"missing_index"},
    "chat-gemini-thought-signature": {"missing_index"},
    "chat-name-repeated-every-delta": {"repeated_name"},
    "chat-name-split": {"late_name"},
    "chat-name-empty-then-real": {"late_name", "empty_id_or_name", "repeated_name"},
    "chat-empty-string-id-name-continuation": {"empty_id_or_name"},
    "chat-null-id-name-continuation": {"null_fields"},
    "chat-string-null-name": {"null_literal", "empty_id_or_name"},
    "chat-id-inside-function": {"id_in_function"},
    "chat-missing-id": {"missing_id"},
    "chat-duplicate-ids-parallel": {"duplicate_id"},
    "chat-args-as-object": {"args_object"},
    "chat-args-final-duplicate": {"args_repeated_whole", "null_fields"},
    "chat-args-null": {"null_fields"},
    "chat-finish-twice-then-usage": {"finish_reason_twice"},
    "sse-unterminated-last-event": {"no_done_marker"},
    "resp-rotating-item-id": {"rotating_ids"},
    "mistral__mistral-incremental-tool-call": {"empty_id_or_name"},
}
"""What the streams that were made from bug reports need; all others need nothing."""

ROWS = {"openai": "openai", "azure-openai": "azure", "bedrock-mantle": "openai"} | {
    name: name for name in ("deepseek", "groq", "mistral", "openrouter", "xai")
}
"""The server of a recorded stream, by the beginning of its name, and the row that it is read by."""

WITHOUT_A_ROW: dict[str, set[Leniency]] = {"writer": {"null_fields", "no_done_marker"}}
"""Servers that a user reaches by a base URL alone, and what their recorded streams need; all others need nothing."""

OTHERWISE: dict[str, set[Leniency]] = {"openai__github-copilot-id-rotation-1": {"rotating_ids"}}
"""Streams whose name does not say which server sent them."""


def needed(stream: Stream) -> frozenset[Leniency]:
    """What the stream may need, by what it was made from or by who sent it."""
    if stream.name in CONSTRUCTED or "constructed" in stream.path.parts:
        return frozenset(CONSTRUCTED.get(stream.name, ()))
    server = stream.name.partition("__")[0]
    if stream.name in OTHERWISE:
        return frozenset(OTHERWISE[stream.name])
    return DIALECTS[ROWS[server]].leniencies if server in ROWS else frozenset(WITHOUT_A_ROW.get(server, ()))


def told(stream: Stream, leniencies: frozenset[Leniency]) -> list[object]:
    """What is read of a stream, the error it ends with included."""
    response = Response(stream.api, leniencies=leniencies)
    response.feed(stream.body)
    response.end()
    return response.told()


@pytest.mark.parametrize("stream", _STREAMS, ids=lambda stream: f"{stream.api}/{stream.name}")
def test_it_is_read_the_same_with_what_its_server_is_known_for(stream: Stream) -> None:
    assert told(stream, needed(stream)) == told(stream, ALL)


@pytest.mark.parametrize(
    ("stream", "leniency"),
    [(stream, leniency) for stream in _STREAMS for leniency in sorted(CONSTRUCTED.get(stream.name, ()))],
    ids=lambda value: value.name if isinstance(value, Stream) else value,
)
def test_each_leniency_of_a_constructed_stream_is_needed(stream: Stream, leniency: Leniency) -> None:
    *_, error = told(stream, needed(stream) - {leniency})
    assert f"({leniency})" in str(error)


def test_every_name_in_the_tables_is_that_of_a_stream() -> None:
    names = {stream.name for stream in _STREAMS}
    servers = {name.partition("__")[0] for name in names}
    assert set(CONSTRUCTED) | set(OTHERWISE) <= names
    assert set(ROWS) | set(WITHOUT_A_ROW) <= servers
