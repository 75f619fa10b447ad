"""Server-sent events by the WHATWG rules, each case whole, byte by byte and cut at every place."""

from __future__ import annotations

import pytest

from millstream.errors import WireError
from millstream.wire.framing import Message
from millstream.wire.sse import SseParser
from tests.cuts import bytewise, every_way

_ROOMY = 1024


def messages(chunks: list[bytes], max_bytes: int = _ROOMY) -> list[Message | WireError]:
    """What the chunks say, the message without its blank line included."""
    parser = SseParser(max_bytes)
    found = [message for chunk in chunks for message in parser.feed(chunk)]
    last = parser.end()
    return found if last is None else [*found, last]


def read(body: bytes, max_bytes: int = _ROOMY) -> list[Message | str]:
    """The messages of `body`, errors as their text, the same however it is cut."""
    results = [
        [message.message if isinstance(message, WireError) else message for message in messages(chunks, max_bytes)]
        for chunks in every_way(body)
    ]
    for result in results[1:]:
        assert result == results[0]
    return results[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"data: a\n\ndata: b\n\n", ["a", "b"], id="LF"),
        pytest.param(b"data: a\r\rdata: b\r\r", ["a", "b"], id="CR"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"], id="CRLF"),
        pytest.param(b"data: a\n\r\ndata: b\r\r\n", ["a", "b"], id="line ends mixed"),
        pytest.param(b"data: a\n\r\n\rdata: b\n\n", ["a", "b"], id="blank lines more than one"),
        pytest.param(b"\n\r\n\rdata: a\n\n", ["a"], id="blank lines first"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", ["a"], id="a byte order mark"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", [], id="only one byte order mark is taken off"),
        pytest.param(b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"], id="a byte order mark later is part of a name"),
        pytest.param(b": hi\n\n:\n\ndata: a\n: hi\n\n", ["a"], id="comments"),
        pytest.param(b":data: a\n\n", [], id="a comment that looks like data"),
        pytest.param(b"data: a\ndata: b\ndata: c\n\n", ["a\nb\nc"], id="data of several lines"),
        pytest.param(b"data: a\ndata\ndata: c\n\n", ["a\n\nc"], id="an empty line within data"),
        pytest.param(b"data:a\n\n", ["a"], id="no space"),
        pytest.param(b"data:  a\n\n", [" a"], id="one space is taken off, no more"),
        pytest.param(b"data:\ta\n\n", ["\ta"], id="a tab is no space"),
        pytest.param(b"data: a: b\n\n", ["a: b"], id="a colon within the value"),
        pytest.param(b"data\n\n", [""], id="bare data"),
        pytest.param(b"data:\n\ndata: \n\n", ["", ""], id="data without a value"),
        pytest.param(b"data\ndata\n\n", ["\n"], id="bare data twice"),
        pytest.param(b"event: x\n\n", [], id="no data, no message"),
        pytest.param(b"id: 1\nretry: 10\nfoo: bar\n foo\ndata: a\n\n", ["a"], id="id, retry and unknown fields"),
        pytest.param(b"DATA: a\nData: b\n\n", [], id="names are case-sensitive"),
        pytest.param(b" data: a\n\n", [], id="a space before the name makes another name"),
        pytest.param(b"data : a\n\n", [], id="a space after the name makes another name"),
        pytest.param(
            "data: a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\n\n".encode(),
            ["a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg"],
            id="what str.splitlines would cut",
        ),
        pytest.param("data: é€😀\n\n".encode(), ["é€😀"], id="characters of two, three and four bytes"),
        pytest.param(b"data: a\x00b\n\n", ["a\x00b"], id="NUL"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_lines_become_data(body: bytes, expected: list[str]) -> None:
    assert read(body) == [Message("", data) for data in expected]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"event: x\ndata: a\n\ndata: b\n\n", [("x", "a"), ("", "b")], id="for one message only"),
        pytest.param(b"data: a\nevent: x\n\n", [("x", "a")], id="after the data"),
        pytest.param(b"event: x\nevent: y\ndata: a\n\n", [("y", "a")], id="the last one counts"),
        pytest.param(b"event: x\n\ndata: a\n\n", [("", "a")], id="lost with a blank line"),
        pytest.param(b"event\ndata: a\n\n", [("", "a")], id="bare"),
        pytest.param("event: é\ndata: a\n\n".encode(), [("é", "a")], id="not ASCII"),
        pytest.param(b'error: {"a":1}\n\ndata: a\n\n', [("error", '{"a":1}'), ("", "a")], id="llama.cpp's error field"),
        pytest.param(b"errors: a\nerror code: 1\n\n", [], id="only that name"),
        # googleapis/js-genai#1973: a refusal of the Interactions API, between its events
        pytest.param(b'data: a\n\n{"error":{"a":1}}', [("", "a"), ("error", '{"error":{"a":1}}')], id="a line of JSON"),
        pytest.param(
            b'data: a\n\ndata: b\n{"error": 1}\n\n',
            [("", "a"), ("", "b"), ("error", '{"error": 1}')],
            id="a line of JSON within an event",
        ),
        pytest.param(b'{"error": 1}\n\ndata: a\n\n', [("", "a")], id="a line of JSON not at the beginning"),
        pytest.param(
            b'data: a\n\n{"errors":1}\n{"a":{"error":1}}\n{"error":{\n"a":1}}\n\n',
            [("", "a")],
            id="a line of JSON only if it is whole and of that name",
        ),
    ],
)
def test_the_event_field_names_the_message(body: bytes, expected: list[tuple[str, str]]) -> None:
    assert read(body) == [Message(event, data) for event, data in expected]


@pytest.mark.parametrize("tail", [b"data: b", b"data: b\n", b"data: b\r", b"data: b\r\n"])
def test_a_last_message_without_its_blank_line_comes_at_the_end(tail: bytes) -> None:
    parser = SseParser(_ROOMY)
    assert parser.feed(b"data: a\n\n" + tail) == [Message("", "a")]
    assert parser.end() == Message("", "b")
    assert read(b"data: a\n\n" + tail) == [Message("", "a"), Message("", "b")]


@pytest.mark.parametrize("body", [b"data: a\n\n", b"data: a\n\n: bye", b"data: a\n\nevent: x", b"data: a\n\ndat"])
def test_the_end_gives_nothing_where_nothing_was_begun(body: bytes) -> None:
    parser = SseParser(_ROOMY)
    assert parser.feed(body) == [Message("", "a")]
    assert parser.end() is None
    assert parser.end() is None


def test_a_message_comes_with_the_byte_that_completes_it() -> None:
    parser = SseParser(_ROOMY)
    assert [len(parser.feed(byte)) for byte in bytewise(b"data: a\r\r")] == [0] * 8 + [1]
    assert [len(parser.feed(byte)) for byte in bytewise(b"\ndata: b\r\n\r\n")] == [0] * 10 + [1, 0]


def test_empty_chunks_change_nothing() -> None:
    parser = SseParser(_ROOMY)
    assert parser.feed(b"data: a\r") == []
    assert parser.feed(b"") == []
    assert parser.feed(b"\n") == []  # the other half of the line end, not a blank line
    assert parser.feed(b"\n") == [Message("", "a")]


# --- what is given up ---

_TOO_LARGE = "the provider sent a message of more than 16 bytes"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"data: 0123456789\n\n", [Message("", "0123456789")], id="a line of 16 bytes"),
        pytest.param(b"data: 0123456789\r\n\r\n", [Message("", "0123456789")], id="its end does not count"),
        pytest.param(b"data: 0123456789x\n\n", [_TOO_LARGE], id="a line of 17 bytes"),
        pytest.param(b"data: 0123456789x", [_TOO_LARGE], id="a line of 17 bytes without an end"),
        pytest.param(b": 34567890123456\ndata: a\n\n", [Message("", "a")], id="a comment of 16 bytes"),
        pytest.param(b": 345678901234567\ndata: a\n\n", [_TOO_LARGE], id="a comment of 17 bytes"),
        pytest.param(
            b"data: 01234\ndata: 6789012345\n\n", [Message("", "01234\n6789012345")], id="data of 16 bytes in two lines"
        ),
        pytest.param(b"data: 012345\ndata: 6789012345\n\n", [_TOO_LARGE], id="data of 17 bytes in two lines"),
        pytest.param(b"data: a\n\n" * 9, [Message("", "a")] * 9, id="messages do not add up"),
        pytest.param(b"data\n" * 17 + b"\n", [Message("", "\n" * 16)], id="17 empty data lines"),
        pytest.param(b"data\n" * 18 + b"\n", [_TOO_LARGE], id="18 empty data lines"),
    ],
)
def test_the_cap_holds_to_the_byte_and_gives_what_came_before(body: bytes, expected: list[Message | str]) -> None:
    assert read(body, 16) == expected


@pytest.mark.parametrize(
    "bad", [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"]
)
def test_bytes_that_are_not_utf8_end_the_stream_in_their_place(bad: bytes) -> None:
    error = "the provider sent bytes that are not UTF-8"
    assert read(b"data: a\n\ndata: x" + bad + b"y\n\ndata: b\n\n") == [Message("", "a"), error]
    assert read(b"data: a\n\nevent: x" + bad + b"\ndata: y\n\ndata: b\n\n") == [Message("", "a"), error]
    assert read(b"data: a\n\ndata: x" + bad) == [Message("", "a"), error]  # cut within a character, at the end


def test_what_does_not_reach_a_message_may_be_any_bytes() -> None:
    assert read(b": \xff\n\xfe: \xff\nid: \xff\ndata: a\n\n") == [Message("", "a")]


def test_the_errors_say_what_to_do() -> None:
    (error,) = messages([b"x" * 17], 16)
    assert isinstance(error, WireError)
    assert (error.kind, error.retryable, error.phase) == ("protocol", False, "stream")
    assert "Limits.max_message_bytes" in str(error)
    (error,) = messages([b"data: \xff\n\n"])
    assert isinstance(error, WireError)
    assert (error.kind, error.retryable) == ("protocol", True)
    assert isinstance(error.__cause__, UnicodeDecodeError)


def test_nothing_comes_after_an_error() -> None:
    parser = SseParser(8)
    assert [type(one) for one in parser.feed(b"data: a\n\n" + b"x" * 9 + b"\n\ndata: b\n\n")] == [Message, WireError]
    assert parser.feed(b"\n\ndata: c\n\n") == []
    assert parser.end() is None
