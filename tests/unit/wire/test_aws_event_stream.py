"""AWS event streams: frames however they are cut, damage, lengths that lie, and bodies that are no stream."""

from __future__ import annotations

import json
import struct
from importlib import import_module
from typing import Any
from unittest.mock import Mock
from zlib import crc32

import pytest

from millstream.errors import ModelError, WireError
from millstream.wire.aws_event_stream import AwsEventStream
from millstream.wire.format import ReadOptions, decoder
from millstream.wire.formats import decoding_named
from millstream.wire.framing import Message
from millstream.wire_events import Broke
from tests.cuts import bytewise, every_way
from tests.unit.wire.bedrock_wire import body, event_frame, exception_frame, frame, message_stop, metadata

_LIMIT = 1024 * 1024


def read(chunks: list[bytes], limit: int = _LIMIT) -> list[Message | WireError]:
    framing = AwsEventStream(limit)
    messages = [message for chunk in chunks for message in framing.feed(chunk)]
    assert framing.end() is None
    return messages


def broken(data: bytes, limit: int = _LIMIT) -> WireError:
    """The error that ends this body, which is the same however it is cut."""
    errors: list[WireError] = []
    for chunks in ([data], bytewise(data)):
        *before, last = read(chunks, limit)
        assert isinstance(last, WireError)
        assert all(isinstance(message, Message) for message in before)
        errors.append(last)
    assert str(errors[0]) == str(errors[1])
    return errors[0]


def prelude(length: int, headers: int) -> bytes:
    """A prelude whose checksum is right."""
    made = struct.pack("!II", length, headers)
    return made + struct.pack("!I", crc32(made))


def test_events_have_the_name_and_the_payload_of_their_frames_however_they_are_cut() -> None:
    data = event_frame("messageStart", {"role": "é"}) + event_frame("chunk", b"") + event_frame("metadata", b"{}")
    said = [Message("messageStart", '{"role": "\\u00e9"}'), Message("chunk", ""), Message("metadata", "{}")]
    for chunks in every_way(data):
        assert read(chunks) == said


def test_an_exception_is_an_error_with_its_name() -> None:
    (message,) = read([exception_frame("throttlingException", {"message": "Slow down", "x": 1})])
    assert message == Message("error", '{"message": "Slow down", "x": 1, "type": "throttlingException"}')


def test_an_exception_whose_payload_is_no_json_is_told_as_text() -> None:
    (message,) = read([exception_frame("internalServerException", b"<html>")])
    assert isinstance(message, Message)
    assert json.loads(message.data) == {"message": "<html>", "type": "internalServerException"}


def test_an_error_frame_says_what_failed_in_its_headers() -> None:
    headers = {":message-type": "error", ":error-code": "InternalError", ":error-message": "An error occurred"}
    (message,) = read([frame(headers, b"")])
    assert isinstance(message, Message)
    assert message.event == "error"
    assert json.loads(message.data) == {"type": "InternalError", "message": "An error occurred"}


def test_every_damaged_byte_is_found() -> None:
    good = event_frame("messageStart", {"role": "assistant"})
    for at in range(len(good)):
        data = bytearray(good + good)
        data[len(good) + at] ^= 0x20
        first, *rest = read([bytes(data)])
        assert first == Message("messageStart", '{"role": "assistant"}')
        (error,) = rest
        assert isinstance(error, WireError)
        assert error.kind == "protocol"
        assert error.retryable
        assert "Checksum mismatch" in error.message


def test_nothing_follows_a_damaged_frame() -> None:
    good = event_frame("a", b"{}")
    framing = AwsEventStream(_LIMIT)
    first = framing.feed(good + good[:-1] + b"\x00")
    assert [type(message) for message in first] == [Message, WireError]
    assert framing.feed(good) == []


def test_a_frame_beyond_the_limit_is_given_up_before_any_of_it_is_kept() -> None:
    framing = AwsEventStream(1000)
    assert framing.feed(event_frame("a", b"x" * 900)) == [Message("a", "x" * 900)]
    (error,) = framing.feed(prelude(1001, 0))
    assert isinstance(error, WireError)
    assert "more than 1000 bytes" in error.message
    assert error.hint == "Raise Limits.max_message_bytes if it is meant to."


@pytest.mark.parametrize(("length", "headers"), [(0, 0), (15, 0), (40, 25), (100_000, 50_000)])
def test_lengths_that_can_not_be_are_found_in_the_prelude(length: int, headers: int) -> None:
    error = broken(prelude(length, headers) + bytes(200))
    assert error.message == f"the provider sent a frame of {length} bytes with {headers} of headers"


def test_what_botocore_takes_for_too_long_is_an_error_as_well() -> None:
    error = broken(prelude(30 * 1024 * 1024, 0), 64 * 1024 * 1024)
    assert "exceeded the maximum" in error.message


@pytest.mark.parametrize("headers", [b"\x01a\x0f", b"\x01a\x07\x00", b"\x01\xff\x00", b"\x01a\x00\x01a\x00", b"\x05a"])
def test_headers_that_can_not_be_read_are_an_error(headers: bytes) -> None:
    start = prelude(16 + len(headers), len(headers)) + headers
    error = broken(start + struct.pack("!I", crc32(start)))
    assert "can not be read" in error.message


def test_a_payload_that_is_no_text_is_an_error() -> None:
    assert "not UTF-8" in broken(event_frame("a", b"\xff")).message


def test_botocore_is_handed_each_frame_in_two_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parser copies all it holds for each piece that it is given."""
    handed: list[int] = []
    take: Any = import_module("botocore.eventstream").EventStreamBuffer.add_data

    def add_data(parser: object, data: bytes) -> None:
        handed.append(len(data))
        take(parser, data)

    monkeypatch.setattr("botocore.eventstream.EventStreamBuffer.add_data", add_data)
    data = event_frame("a", b"x" * 50_000)
    for chunks in (bytewise(data), [data]):
        assert read(chunks * 2) == [Message("a", "x" * 50_000)] * 2
        assert handed == [12, len(data) - 12] * 2
        handed.clear()


def test_without_botocore_a_decoder_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("millstream.wire.aws_event_stream.find_spec", Mock(return_value=None))
    with pytest.raises(ModelError, match=r"pip install 'millstream\[bedrock\]'"):
        decoder(decoding_named("bedrock-converse"), ReadOptions(), max_message_bytes=_LIMIT)


# --- bodies that are no stream ---


def broke(data: bytes) -> WireError:
    """How a body ends that is not what it should be, however it is cut."""
    errors: list[WireError] = []
    for chunks in ([data], bytewise(data)):
        decoding = decoder(decoding_named("bedrock-converse"), ReadOptions(), max_message_bytes=_LIMIT)
        events = [event for chunk in chunks for event in decoding.feed(chunk)] + decoding.end()
        assert isinstance(events[-1], Broke)
        errors.append(events[-1].error)
    assert str(errors[0]) == str(errors[1])
    return errors[0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"message": "no such model"}', "the provider says: no such model"),
        (b"<html><title>Proxy</title>", "an HTML page (Proxy)"),
        (b"oops", "neither a stream nor JSON: oops"),
        (body(message_stop(), metadata())[:5], "ended before the model said why it stopped"),
        (body(message_stop(), metadata())[:40], "ended before the model said why it stopped"),
        (b"\x00" * 12, "a frame of 0 bytes"),
        (event_frame("messageStart", b"{"), "an event that is not JSON"),
    ],
)
def test_a_body_that_is_no_stream_is_told_as_what_it_is(data: bytes, says: str) -> None:
    assert says in str(broke(data))
