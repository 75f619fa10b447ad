"""Lines of JSON, each case whole, byte by byte and cut at every place; and bodies that are no such lines."""

from __future__ import annotations

import pytest

from millstream.errors import WireError
from millstream.wire.framing import Message
from millstream.wire.ndjson import NdjsonParser
from millstream.wire.ollama.reader import OllamaReader
from millstream.wire.reading import StreamDecoder
from millstream.wire_events import Broke, Ended
from tests.cuts import every_way

_ROOMY = 1024


def read(body: bytes, max_bytes: int = _ROOMY) -> list[str]:
    """The texts of the messages, errors as their text; the same however the body is cut."""
    results: list[list[str]] = []
    for chunks in every_way(body):
        parser = NdjsonParser(max_bytes)
        found = [message for chunk in chunks for message in parser.feed(chunk)]
        last = parser.end()
        assert parser.end() is None
        results.append([_text(one) for one in [*found, *([] if last is None else [last])]])
    for result in results[1:]:
        assert result == results[0]
    return results[0]


def _text(one: Message | WireError) -> str:
    if isinstance(one, WireError):
        return one.message
    assert one.event == ""
    return one.data


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b'{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}'], id="LF"),
        pytest.param(b'{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}'], id="CRLF"),
        pytest.param(b'{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}'], id="no end of the last line"),
        pytest.param(b'{"a":1}\r\n{"b":2}\r', ['{"a":1}', '{"b":2}'], id="half an end of the last line"),
        pytest.param(b'{"a":1}', ['{"a":1}'], id="one line without an end"),
        pytest.param(b'\n\r\n {"a":1} \n\n\n{"b":2}\n\n', ['{"a":1}', '{"b":2}'], id="blank lines and blanks"),
        pytest.param(b'\xef\xbb\xbf{"a":1}\n', ['{"a":1}'], id="a byte order mark"),
        pytest.param(
            '{"a":"é\u2028\U0001f600"}\n'.encode(), ['{"a":"é\u2028\U0001f600"}'], id="characters of any width"
        ),
        pytest.param(b'{"a":1}\n{"b":', ['{"a":1}'], id="torn within a line"),
        pytest.param('{"a":1}\n{"b":"é'.encode()[:-1], ['{"a":1}'], id="torn within a character"),
        pytest.param(b'{"a":1}\nno json\n{"b":2}\n', ['{"a":1}', "no json", '{"b":2}'], id="a line that is no JSON"),
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"\n\n", [], id="nothing but ends"),
    ],
)
def test_lines(body: bytes, expected: list[str]) -> None:
    assert read(body) == expected


@pytest.mark.parametrize(
    "body", [b"<html>\n{}\n", b'{\n "error": "x"\n}\n', b'data: {"a":1}\n\n', b"[1]\n{}", b"nonsense", b"1\n"]
)
def test_a_body_whose_first_line_is_no_object_has_no_messages(body: bytes) -> None:
    assert read(body) == []
    assert not NdjsonParser(_ROOMY).is_stream(body)


def test_bytes_that_are_no_text_end_it() -> None:
    assert read(b'{"a":1}\n{"b":"\xff"}\n{"c":1}\n') == ['{"a":1}', "the provider sent bytes that are not UTF-8"]


def test_a_line_that_is_too_long_ends_it_after_what_came_before() -> None:
    line = b'{"a":"12345678"}'
    assert read(line + b"\n" + line, len(line)) == [line.decode()] * 2
    assert read(b"{}\n" + line + b"\n{}\n", len(line) - 1) == [
        "{}",
        "the provider sent a message of more than 15 bytes",
    ]


def test_an_endless_line_is_given_up_at_the_cap() -> None:
    parser = NdjsonParser(1000)
    found = [parser.feed(b"x" * 100) for _ in range(20)]
    assert [len(one) for one in found] == [0] * 10 + [1] + [0] * 9
    assert parser.end() is None


# --- what the decoder makes of it ---


def ended(body: bytes) -> Ended | Broke:
    """The end of a response with this body, the same however it is cut."""
    ends: list[Ended | Broke] = []
    for chunks in every_way(body):
        decoder = StreamDecoder(OllamaReader(), NdjsonParser(_ROOMY))
        events = [event for chunk in chunks for event in decoder.feed(chunk)]
        last = [*events, *decoder.end()][-1]
        assert isinstance(last, Ended | Broke)
        ends.append(last)
    assert len({str(end.error) if isinstance(end, Broke) else "" for end in ends}) == 1
    return ends[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b'{"error":"model \'x\' not found"}', "model 'x' not found", id="Ollama's own"),
        pytest.param(b'{"error": {"message": "no such model"}}\n', "no such model", id="that of its OpenAI side"),
        pytest.param(b'{\n  "error": {\n    "message": "no such model"\n  }\n}\n', "no such model", id="in many lines"),
        pytest.param(b'[{"error": "no such model"}]', "no such model", id="in an array"),
        pytest.param(b'{"detail": "Not Found"}', "Not Found", id="of a proxy"),
        pytest.param(b'{"message": "no API key"}', "no API key", id="of another proxy"),
        pytest.param(b'{"choices": []}\n', "one JSON document instead of a stream", id="another document"),
        pytest.param(b"<!DOCTYPE html>\n<title>502 Bad Gateway</title>", "an HTML page (502 Bad Gateway)", id="HTML"),
        pytest.param(b"404 page not found", "neither a stream nor JSON: 404 page not found", id="the Go router"),
        pytest.param(b'data: {"a": 1}\n\n', "neither a stream nor JSON: data:", id="server-sent events"),
        pytest.param(b"", "an empty body", id="nothing"),
    ],
)
def test_a_body_that_is_no_stream_is_told_in_its_own_words(body: bytes, said: str) -> None:
    end = ended(body)
    assert isinstance(end, Broke)
    assert said in str(end.error)


_FIRST = b'\xef\xbb\xbf\r\n{"message":{"content":"H\xc3\xa9"},"done":true}'


@pytest.mark.parametrize("cut", range(1, len(_FIRST)))
def test_a_stream_cut_within_its_first_line_is_torn_and_may_be_tried_again(cut: int) -> None:
    end = ended(_FIRST[:cut])
    assert isinstance(end, Broke)
    assert (end.error.kind, end.error.retryable) == ("torn", True)


def test_a_whole_last_line_without_its_end_counts() -> None:
    assert isinstance(ended(_FIRST), Ended)
