"""Recordings of WebSockets: lines, whichever way they went."""

from __future__ import annotations

import json

import pytest

from millstream.errors import WireError
from millstream.wire.framing import Message
from millstream.wire.recorded_messages import RecordedMessages
from millstream.wire_events import Broke
from tests.cuts import bytewise, every_way
from tests.response import read as read_response

_LIMIT = 1000


def read(chunks: list[bytes], limit: int = _LIMIT) -> list[Message | WireError]:
    framing = RecordedMessages(limit)
    messages = [message for chunk in chunks for message in framing.feed(chunk)]
    last = framing.end()
    return messages if last is None else [*messages, last]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_what_was_received_is_given_however_it_is_cut(end: bytes, last: bool) -> None:
    lines = [
        b'{"direction": "received", "data": {"a": "\\u00e9"}}',
        b'{"direction": "sent", "data": {"b": 1}}',
        b"",
        '{"direction": "received", "data": {"c": "é\u2028"}}'.encode(),
    ]
    data = end.join(lines) + (end if last else b"")
    for chunks in every_way(data):
        said = [json.loads(message.data) for message in read(chunks) if isinstance(message, Message)]
        assert said == [{"a": "é"}, {"c": "é\u2028"}]


@pytest.mark.parametrize("line", ['{"type": "a"}', '{"direction": "up", "data": {}}', '{"direction": "sent"}', "oops"])
def test_a_line_that_is_no_record_is_a_message_itself(line: str) -> None:
    assert read([line.encode()]) == [Message("", line)]


def test_a_line_beyond_the_limit_is_the_end() -> None:
    good, long = b'{"a": 1}\n', b'{"a": "' + b"x" * _LIMIT
    for data in (good + long, good + long + b'"}\n' + good):
        for chunks in ([data], bytewise(data)):
            first, error = read(chunks)
            assert first == Message("", '{"a": 1}')
            assert isinstance(error, WireError)
            assert "more than 1000 bytes" in error.message


def test_bytes_that_are_no_text_are_the_end() -> None:
    error, *rest = read([b"\xff\n{}\n"])
    assert isinstance(error, WireError)
    assert "not UTF-8" in error.message
    assert rest == []
    (error,) = read([b"\xff"])
    assert isinstance(error, WireError)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "an empty body"),
        (b'{"direction": "rec', "the connection ended before the response did"),
        (b'{"direction": "sent", "data": {}}\n', "the connection ended before the response did"),
        (b"<html>", "an HTML page"),
        (b'{"direction": "received", "data": "a"}\n', "an event that is no JSON object"),
        (b"{oops}\n", "an event that is not JSON"),
    ],
)
def test_what_is_no_session_is_told_as_what_it_is(data: bytes, says: str) -> None:
    response = read_response([data], "openai-realtime-ws")
    assert isinstance(response.last, Broke)
    assert says in str(response.last.error)
