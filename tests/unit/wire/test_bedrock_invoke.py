"""Bedrock InvokeModel: a model's own events, wrapped."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from millstream.errors import WireError
from millstream.wire.bedrock_invoke import BedrockInvoke, InvokeStream
from millstream.wire.format import ReadOptions, decoder
from millstream.wire.framing import Message
from millstream.wire.refusal import error_from_object, error_in
from millstream.wire_events import Broke, Passed, WireEvent
from tests.cuts import bytewise, every_way
from tests.response import Response
from tests.response import read as read_response
from tests.unit.wire.bedrock_wire import args, event_frame, exception_frame, message_stop, start, stop

_LIMIT = 1024 * 1024


def wrapped(event: dict[str, Any]) -> bytes:
    text = base64.b64encode(json.dumps(event).encode()).decode()
    return event_frame("chunk", {"bytes": text, "p": "abc"})


def nova(*events: tuple[str, dict[str, Any]]) -> bytes:
    return b"".join(wrapped({name: payload}) for name, payload in events)


def read(chunks: list[bytes]) -> Response:
    return read_response(chunks, "bedrock-invoke-nova")


def test_events_are_unwrapped_however_they_are_cut() -> None:
    data = wrapped({"type": "ping"}) + wrapped({"a": "é"})
    for chunks in every_way(data):
        framing = InvokeStream(_LIMIT)
        assert [message for chunk in chunks for message in framing.feed(chunk)] == [
            Message("", '{"type": "ping"}'),
            Message("", '{"a": "\\u00e9"}'),
        ]
        assert framing.end() is None


def test_nova_s_events_are_those_of_converse_by_their_names() -> None:
    usage = {"inputTokens": 427, "outputTokens": 156, "cacheReadInputTokenCount": 20, "cacheWriteInputTokenCount": 3}
    events = [start(22, id_="3cd5c4df"), args('{"a":1}', 22), stop(22), message_stop("tool_use")]
    last = wrapped({"metadata": {"usage": usage}, "amazon-bedrock-invocationMetrics": {"inputTokenCount": 427}})
    data = nova(*events) + last
    for chunks in ([data], bytewise(data)):
        response = read(chunks)
        assert response.sealed == {0: {"a": 1}}
        ended = response.router.ended
        assert ended is not None
        assert ended.usage is not None
        assert (ended.usage.input_tokens, ended.usage.cached_input_tokens) == (450, 20)


def test_an_exception_breaks_the_response_off() -> None:
    response = read([nova(start(), args("{}")) + exception_frame("throttlingException", {"message": "Slow down"})])
    assert isinstance(response.last, Broke)
    assert response.last.error.retryable
    assert response.last.error.kind == "throttlingException"
    assert response.sealed == {}


class _AnyReader:
    """Knows nothing of Bedrock, as the readers of other providers' own events."""

    reason = usage = None

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        error = error_in(message, event)
        return [Passed(event, message)] if error is None else [Broke(error_from_object(error))]

    def done(self) -> list[WireEvent]:
        return []

    def end(self) -> list[WireEvent]:
        return []


@pytest.mark.parametrize(
    ("exception", "retryable"),
    [("throttlingException", True), ("modelStreamErrorException", True), ("validationException", False)],
)
def test_any_reader_learns_what_failed_and_whether_to_ask_again(exception: str, retryable: bool) -> None:
    """Anthropic's events come wrapped as well; its reader knows an error from the event's name."""
    invoke = BedrockInvoke("a-family", lambda _: _AnyReader())
    decoding = decoder(invoke, ReadOptions(), max_message_bytes=_LIMIT)
    passed, broke = decoding.feed(wrapped({"type": "ping"}) + exception_frame(exception, {"message": "no"}))
    assert passed == Passed("", {"type": "ping"})
    assert isinstance(broke, Broke)
    assert broke.error.message == "the provider says: no"
    assert (broke.error.kind, broke.error.retryable) == (exception, retryable)


@pytest.mark.parametrize(
    "frame",
    [
        event_frame("chunk", {"bytes": "?"}),
        event_frame("chunk", {"bytes": base64.b64encode(b"\xff").decode()}),
        event_frame("chunk", b"{"),
    ],
)
def test_a_chunk_that_can_not_be_read_is_the_end(frame: bytes) -> None:
    framing = InvokeStream(_LIMIT)
    good = wrapped({})
    first, error = framing.feed(good + frame + good)
    assert first == Message("", "{}")
    assert isinstance(error, WireError)
    assert error.kind == "protocol"
    assert framing.feed(good) == []


def test_a_frame_that_holds_something_else_passes_through() -> None:
    assert InvokeStream(_LIMIT).feed(event_frame("news", {"a": 1})) == [Message("news", '{"a": 1}')]


def test_damage_and_bodies_that_are_no_stream_are_told_as_of_any_event_stream() -> None:
    response = read([wrapped({"metadata": {}})[:-1] + b"\x00\x00"])
    assert isinstance(response.last, Broke)
    assert "Checksum mismatch" in response.last.error.message
    response = read([b'{"message": "no such model"}'])
    assert isinstance(response.last, Broke)
    assert "no such model" in response.last.error.message
