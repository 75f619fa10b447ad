"""From bytes to wire events, whatever the format: what is a stream, what is none, and where it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from millstream.errors import WireError
from millstream.events import Usage
from millstream.wire.reading import StreamDecoder
from millstream.wire.sse import SseParser
from millstream.wire_events import Broke, Ended, Finished, Passed, WireEvent
from tests.cuts import bytewise, every_way

_ROOMY = 1024 * 1024


class _Reader:
    """A format of one's own: every message is passed through, `{"last": true}` ends the response."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        if message.get("fails"):
            self.reason, self.usage = "stop", Usage(1, 2)
            return [Passed(event, message), Broke(WireError("it failed"), "stop", self.usage)]
        return [Passed(event, message), *([Ended()] if message.get("last") else [])]

    def done(self) -> list[WireEvent]:
        return [Finished("done", good=True), Ended()]

    def end(self) -> list[WireEvent]:
        return [Broke(WireError("torn", kind="torn", retryable=True), self.reason, self.usage)]


def decoder(max_message_bytes: int = _ROOMY) -> StreamDecoder:
    return StreamDecoder(_Reader(), SseParser(max_message_bytes))


def decoded(body: bytes) -> list[WireEvent]:
    """All events of `body`; the same, errors by their text, however it is cut."""
    results: list[list[WireEvent]] = []
    for chunks in every_way(body):
        stream = decoder()
        events = [event for chunk in chunks for event in stream.feed(chunk)]
        results.append([*events, *stream.end()])
        assert stream.over
        assert stream.end() == []
    shown = [list(map(_shown, events)) for events in results]
    for one in shown[1:]:
        assert one == shown[0]
    return results[0]


def _shown(event: WireEvent) -> object:
    if isinstance(event, Broke):
        error = event.error
        return (error.message, error.kind, error.code, error.retryable, error.hint, event.reason, event.usage)
    return event


def broken(body: bytes) -> WireError:
    """The error that `body` is, and nothing else."""
    (broke,) = decoded(body)
    assert isinstance(broke, Broke)
    return broke.error


def names(events: list[WireEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


_A = Passed("", {"a": 1})
_LAST = Passed("", {"last": True})


# --- messages ---


def test_each_message_is_read_with_the_name_of_its_event() -> None:
    body = b'event: x\ndata: {"a": 1}\n\ndata: {"last": true}\n\n'
    assert decoded(body) == [Passed("x", {"a": 1}), _LAST, Ended()]


def test_nothing_is_read_after_the_end() -> None:
    body = b'data: {"last": true}\n\ndata: {"a": 1}\n\ndata: no json\n\n\xff'
    assert decoded(body) == [_LAST, Ended()]
    stream = decoder()
    stream.feed(body)
    assert stream.over
    assert stream.feed(b'data: {"a": 1}\n\n') == []
    assert stream.accept({"a": 1}) == []
    assert stream.end() == []


@pytest.mark.parametrize(
    "sentinel", [b"data: [DONE]\n\n", b"data: [DONE]", b"data:[DONE]\r\n\r\n", b"data: [DONE] .\n\n"]
)
def test_done_is_told_to_the_reader(sentinel: bytes) -> None:
    assert decoded(b'data: {"a": 1}\n\n' + sentinel) == [_A, Finished("done", good=True), Ended()]


@pytest.mark.parametrize(
    "frame", [b"data\n\n", b"data: \n\n", b"data:\ndata:\n\n", b"event: ping\ndata: \n\n", b": hi\n\n"]
)
def test_empty_frames_say_nothing(frame: bytes) -> None:
    assert decoded(frame + b'data: {"a": 1}\n\n' + frame + b'data: {"last": true}\n\n') == [_A, _LAST, Ended()]


def test_messages_that_are_already_json_need_no_bytes() -> None:
    stream = decoder()
    assert stream.accept({"a": 1}) == [_A]
    assert not stream.over
    assert stream.accept({"last": True}) == [_LAST, Ended()]
    assert stream.over


def test_a_connection_closed_between_json_messages_is_torn() -> None:
    stream = decoder()
    stream.accept({"a": 1})
    (broke,) = stream.end()
    assert isinstance(broke, Broke)
    assert broke.error.kind == "torn"


# --- the last message without its blank line ---


def test_a_last_message_counts_if_it_is_whole() -> None:
    assert decoded(b'data: {"a": 1}\n\ndata: {"last": true}') == [_A, _LAST, Ended()]


@pytest.mark.parametrize("cut", range(1, len(b'data: {"last": true}') - 1))
def test_a_last_message_that_was_cut_does_not_count(cut: int) -> None:
    first, broke = decoded(b'data: {"a": 1}\n\n' + b'data: {"last": true}'[:cut] + b"\n")
    assert first == _A
    assert isinstance(broke, Broke)
    assert (broke.error.kind, broke.error.retryable) == ("torn", True)


# --- what is no stream ---


def test_an_html_page_is_named_by_its_title() -> None:
    error = broken(b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body>data: x</body></html>\n")
    assert "an HTML page (502 Bad Gateway)" in str(error)
    assert (error.kind, error.retryable) == ("protocol", False)
    assert "proxy" in error.hint


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b'{"error": {"message": "no such model", "code": "x"}}', "no such model", id="JSON in one line"),
        pytest.param(b'{\n  "error": {\n    "message": "no such model"\n  }\n}\n', "no such model", id="in many lines"),
        pytest.param(b'[{"error": {"message": "no such model"}}]', "no such model", id="in an array"),
        pytest.param(b'{"choices": []}', "one JSON document instead of a stream", id="another document"),
        pytest.param(b"error code: 1015", "neither a stream nor JSON: error code: 1015", id="text"),
        pytest.param(b"upstream connect error", "neither a stream nor JSON: upstream connect error", id="more text"),
    ],
)
def test_a_body_that_is_no_stream_is_told_in_its_own_words(body: bytes, said: str) -> None:
    assert said in str(broken(body))


def test_of_a_large_body_the_head_is_enough() -> None:
    stream = decoder()
    for _ in range(3):
        assert stream.feed(b"<html>" + b"\n" * 64 * 1024) == []
    (broke,) = stream.end()
    assert isinstance(broke, Broke)
    assert "an HTML page" in str(broke.error)
    assert broke.error.bytes_seen == 3 * (6 + 64 * 1024)


_FIRST = b'\xef\xbb\xbf\r\n: hi\r\n\r\nevent: x\r\nid: 1\r\ndata: {"a": 1}\r\n'


@pytest.mark.parametrize("cut", range(len(_FIRST) - len(b'"a": 1}\r\n')))
def test_a_stream_cut_within_its_first_message_is_torn_and_may_be_tried_again(cut: int) -> None:
    error = broken(_FIRST[:cut])
    assert (error.kind, error.retryable) == ("torn", True)


@pytest.mark.parametrize(
    "body", [b": PROCESSING\n\n", b": PROCESSING\n\n: PROCESSING\n\n", b"retry: 10\n\n", b"id\n\n"]
)
def test_a_stream_of_keep_alives_that_ends_is_torn(body: bytes) -> None:
    assert broken(body).kind == "torn"


# --- what breaks ---


@pytest.mark.parametrize("data", [b"{", b'{"a": 1', b"nonsense", b'{"a": 1}}', b"[" * 100_000, b"1" * 5000])
def test_an_event_that_is_not_json_breaks_the_stream(data: bytes) -> None:
    stream = decoder()
    first, broke = stream.feed(b'data: {"a": 1}\n\ndata: ' + data + b'\n\ndata: {"a": 1}\n\n')
    assert first == _A
    assert isinstance(broke, Broke)
    assert broke.error.kind == "protocol"
    assert broke.error.retryable
    assert broke.error.__cause__ is not None
    assert stream.end() == []


@pytest.mark.parametrize("data", [b"1", b"null", b'"text"', b'[{"a": 1}]', b"true"])
def test_an_event_that_is_no_object_breaks_the_stream(data: bytes) -> None:
    first, broke = decoded(b'data: {"a": 1}\n\ndata: ' + data + b"\n\n")
    assert first == _A
    assert isinstance(broke, Broke)
    assert (broke.error.kind, broke.error.retryable) == ("protocol", False)


@pytest.mark.parametrize("frame", [b"event: error\ndata: no more memory\n\n", b"error: no more memory\n\n"])
def test_an_error_in_plain_words_is_told(frame: bytes) -> None:
    first, broke = decoded(b'data: {"a": 1}\n\n' + frame)
    assert first == _A
    assert isinstance(broke, Broke)
    assert "no more memory" in str(broke.error)


@pytest.mark.parametrize(("outer", "around"), [(b'{"a": %s}', 1), (b'{"b": [1, {}, {"c": [%s]}], "a": [[]]}', 4)])
def test_a_message_nested_too_deeply_breaks_the_stream(outer: bytes, around: int) -> None:
    deep = 200 - around
    for inner in (b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep):
        assert names(decoder().feed(b"data: " + outer % inner + b"\n\n")) == ["Passed"]
        assert names(decoder().feed(b"data: " + outer % (b"[" + inner + b"]") + b"\n\n")) == ["Broke"]
    assert names(decoder().accept(json.loads(outer % (b"[" * 200 + b"]" * 200)))) == ["Broke"]


def test_a_message_that_is_too_large_breaks_the_stream_after_what_came_before() -> None:
    stream = decoder(16)
    first, broke = stream.feed(b'data: {"a": 1}\n\n' + b"x" * 17)
    assert first == _A
    assert isinstance(broke, Broke)
    assert "more than 16 bytes" in str(broke.error)
    assert stream.over


def test_an_endless_line_is_given_up_at_the_cap() -> None:
    stream, fed = decoder(1000), 0
    while not stream.over:
        stream.feed(b"x" * 100)
        fed += 100
    assert fed == 1100


def test_what_was_known_by_then_goes_with_the_error() -> None:
    passed, broke = decoded(b'data: {"fails": true}\n\n')
    assert passed == Passed("", {"fails": True})
    assert isinstance(broke, Broke)
    assert (broke.reason, broke.usage) == ("stop", Usage(1, 2))


@pytest.mark.parametrize("body", [b'data: {"fails": true}\n\n', b"data: nonsense\n\n", b"data: \xff\n\n"])
def test_an_error_says_how_many_bytes_had_come(body: bytes) -> None:
    stream = decoder()
    for byte in bytewise(body):
        for event in stream.feed(byte):
            if isinstance(event, Broke):
                assert event.error.bytes_seen == len(body)
                return
    pytest.fail("nothing broke")


def test_json_numbers_that_are_none_pass_as_python_reads_them() -> None:
    # Infinity is no JSON, but whether it matters is for those to say who need the number
    (passed, _) = decoded(b'data: {"a": Infinity}\n\n')
    assert isinstance(passed, Passed)
    assert json.dumps(passed.data) == '{"a": Infinity}'


def test_half_a_character_in_an_escape_is_read() -> None:
    (passed, _) = decoded(b'data: {"a": "\\ud83d"}\n\n')
    assert isinstance(passed, Passed)
    assert passed.data == {"a": "\ud83d"}
