"""The format of a stream, told from the stream."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from millstream.wire.guess import api_of_body, api_of_message
from tests.corpus import recorded, requires_corpus

_UNTOLD = ("anth-error-as-first-event", "chat-error-event-field", "chat-html-error-body", "chat-non-sse-json-error-200")
"""Nothing but an error, which looks alike on many wires."""


def _api(path: Path) -> str:
    if path.parent.name != "constructed":
        return path.parent.name
    api: str = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))["api"]
    return api


_BODIES = [path for path in recorded("*/*/*") if path.suffix in (".sse", ".ndjson", ".bin", ".jsonl")]


@requires_corpus
def test_there_are_recorded_streams() -> None:
    assert len({_api(path) for path in _BODIES}) >= 11


@requires_corpus
def test_every_recorded_stream() -> None:
    for path in _BODIES:
        assert api_of_body(path.read_bytes()) == (None if path.stem in _UNTOLD else _api(path)), path


@pytest.mark.parametrize(
    ("message", "api"),
    [
        ({"type": "response.created"}, "openai-responses"),
        ({"object": "chat.completion.chunk"}, "openai-chat"),
        ({"choices": []}, "openai-chat"),
        ({"object": "text_completion", "choices": []}, "openai-completions"),
        ({"type": "message_start"}, "anthropic-messages"),
        ({"type": "message-start"}, "cohere-v2"),
        ({"candidates": []}, "gemini-generate"),
        ({"event_type": "interaction.created"}, "gemini-interactions"),
        ({"message": {"role": "assistant"}, "done": False}, "ollama-native"),
        ({"type": "ping"}, None),
        ({"type": "error", "error": {}}, None),
        ({"error": "overloaded"}, None),
        ({}, None),
    ],
)
def test_a_message(message: dict[str, object], api: str | None) -> None:
    assert api_of_message(message) == api


def test_the_first_message_that_tells_does() -> None:
    assert (
        api_of_body(b': hello\n\ndata: {"type":"ping"}\n\ndata: {"type":"message_start"}\n\n') == "anthropic-messages"
    )
    assert api_of_body(b'[{"candidates":[]}\r\n,\r\n{"cand') == "gemini-generate"
    assert api_of_body(b'\xef\xbb\xbfdata: {"choices":[]}') == "openai-chat"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[", b"[1]", b"data: [1]\n\n", b"null", b"\xff" * 40])
def test_what_tells_nothing(body: bytes) -> None:
    assert api_of_body(body) is None
