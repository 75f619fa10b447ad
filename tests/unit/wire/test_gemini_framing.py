"""Gemini's bodies: server-sent events or one JSON array, and what is neither."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.wire_events import Broke
from tests.cuts import bytewise, every_way
from tests.response import Response, read

_API = "gemini-generate"


def chunk(text: str, **candidate: object) -> dict[str, Any]:
    """A message with one text part."""
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, **candidate}]}


_CHUNKS = [chunk("Hel"), chunk("lo ]}\u2028", finishReason="STOP"), {"usageMetadata": {"promptTokenCount": 3}}]


def sse(messages: list[Any], line_end: str = "\r\n") -> bytes:
    """The body with `alt=sse`: lines end with CRLF."""
    return "".join(f"data: {json.dumps(one, ensure_ascii=False)}{line_end * 2}" for one in messages).encode()


def array(messages: list[Any]) -> bytes:
    """The body without `alt=sse`, as Google writes it: pretty-printed, commas on lines of their own."""
    inner = "\n,\r\n".join(json.dumps(one, ensure_ascii=False, indent=2) for one in messages)
    return f"[{inner}\n]\n".encode()


def broke(response: Response) -> tuple[str, bool, str]:
    """How a response broke: its kind, whether to ask again, and what was said."""
    assert isinstance(response.last, Broke)
    error = response.last.error
    return error.kind, error.retryable, error.message


def test_both_forms_say_the_same_whatever_the_cuts() -> None:
    whole = read([sse(_CHUNKS)], _API).told()
    assert "".join(getattr(event, "text", "") for event in read([sse(_CHUNKS)], _API).events) == "Hello ]}\u2028"
    for body in (sse(_CHUNKS), sse(_CHUNKS, "\n"), sse(_CHUNKS, "\r"), array(_CHUNKS), json.dumps(_CHUNKS).encode()):
        assert all(read(chunks, _API).told() == whole for chunks in every_way(body))


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n\n", b"\r\n", b" "])
def test_a_byte_order_mark_or_blanks_come_first(before: bytes) -> None:
    # googleapis/js-genai#963: a gateway that sends blank lines first
    whole = read([sse(_CHUNKS)], _API).told()
    for body in (before + sse(_CHUNKS), before + array(_CHUNKS)):
        assert read(bytewise(body), _API).told() == whole


@pytest.mark.parametrize("keep", range(1, 80, 7))
def test_an_array_that_is_cut_is_torn(keep: int) -> None:
    assert broke(read([array(_CHUNKS)[:keep]], _API))[:2] == ("torn", True)
    assert broke(read([sse(_CHUNKS)[:keep]], _API))[:2] == ("torn", True)


_REFUSED = {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}


@pytest.mark.parametrize("body", [json.dumps([_REFUSED]).encode(), json.dumps(_REFUSED).encode(), sse([_REFUSED])])
def test_an_error_instead_of_a_stream(body: bytes) -> None:
    for chunks in ([body], bytewise(body)):
        _, retryable, message = broke(read(chunks, _API))
        assert (retryable, message) == (False, "the provider says: API key not valid.")


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"", "torn", "the provider answered with an empty body"),
        (b" \r\n", "torn", "the provider answered with an empty body"),
        (b"<!doctype html><title>502</title>", "protocol", "an HTML page (502)"),
        (b"[1]", "protocol", "the provider sent an event that is no JSON object"),
        (b"[{", "torn", "the stream ended before the model said why it stopped"),
        (b"[{]}", "protocol", "the provider sent an event that is not JSON"),
        (b"[]", "torn", "the stream ended before the model said why it stopped"),
    ],
)
def test_a_body_that_is_neither(body: bytes, kind: str, said: str) -> None:
    for chunks in ([body], bytewise(body)):
        found, _, message = broke(read(chunks, _API))
        assert found == kind
        assert said in message
