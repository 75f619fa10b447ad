"""Each fault over real HTTP, as a real client sees it."""

import json
import re
import socket
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from millstream.testing import (
    CallTool,
    Cut,
    Delivery,
    Done,
    ErrorEvent,
    FakeProvider,
    Finish,
    Flood,
    Hangup,
    LongLine,
    Pause,
    Ping,
    Raw,
    Response,
    Say,
    Scenario,
)
from millstream.testing.provider.steps import Step

KEY = {"authorization": "Bearer sk-test"}
RESPONSES = {"model": "m", "input": "hi", "stream": True}
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
LONG_S = 60.0
"""Longer than any test: a pause that only a disconnect or the end of the server ends."""


def post(provider: FakeProvider, body: Any = None, path: str = "/responses") -> httpx2.Response:
    return httpx2.post(provider.base_url + path, json=body or RESPONSES, headers=KEY)


def post_chat(provider: FakeProvider) -> httpx2.Response:
    return post(provider, CHAT, "/chat/completions")


def serve(*steps: Step, **fields: Any) -> FakeProvider:
    return FakeProvider(Scenario((Response(steps, **fields),)))


def read_until(provider: FakeProvider, wanted: Callable[[bytes], bool]) -> bytes:
    """Read until the body is as wanted, then leave."""
    data = b""
    with httpx2.stream("POST", provider.base_url + "/responses", json=RESPONSES, headers=KEY) as response:
        for piece in response.iter_raw():
            data += piece
            if wanted(data):
                return data
    return data


def test_a_tidy_end_looks_like_a_whole_body() -> None:
    with serve(CallTool("a", raw='{"x": "y'), Cut("eof")) as provider:
        answer = post(provider)
        (record,) = provider.requests
    assert answer.status_code == 200
    assert "response.completed" not in answer.text
    assert "function_call_arguments.done" not in answer.text
    assert [mark.label for mark in record.marks][-2:] == ["cut:eof", "response-end"]


def test_a_closed_connection_is_a_body_without_its_end() -> None:
    with serve(Say("x"), Cut("close")) as provider:
        with pytest.raises(httpx2.RemoteProtocolError, match="incomplete chunked read"):
            post(provider)
        assert provider.disconnects == ()


def test_a_reset_is_a_reset_behind_what_was_sent() -> None:
    seen: list[bytes] = []

    def keep(data: bytes) -> bool:
        seen.append(data)
        return False

    with serve(Say("abcd"), Cut("reset", at_s=0.05)) as provider:
        with pytest.raises(httpx2.ReadError, match=r"(?i)reset"):
            read_until(provider, keep)
        assert provider.disconnects == ()
    assert b'"delta":"abcd"' in seen[-1]


@pytest.mark.parametrize(
    ("how", "error"),
    [("reset", httpx2.ReadError), ("close", httpx2.RemoteProtocolError), ("eof", httpx2.RemoteProtocolError)],
)
def test_no_answer_at_all(how: Any, error: type[Exception]) -> None:
    with FakeProvider(Scenario.of(Hangup(how), "fine")) as provider:
        with pytest.raises(error):
            post(provider)
        assert post(provider).status_code == 200
        assert [(record.status, record.answer) for record in provider.requests] == [(None, 0), (200, 1)]


def test_a_body_stays_open_behind_its_end() -> None:
    with serve(Say("x"), Finish(), Done(), Pause(LONG_S)) as provider:
        data = read_until(provider, lambda data: b"response.completed" in data)
        (record,) = provider.wait_for_disconnects(1)
    assert data.endswith(b"\n\n")
    assert record.disconnected_at_s is not None
    assert "response-end" not in [mark.label for mark in record.marks]


def test_pings_are_comments() -> None:
    with serve(Ping(0.01, 0.05)) as provider:
        assert post(provider).text.count(": ping\n\n") == 5


def test_an_error_in_the_stream_ends_it() -> None:
    with FakeProvider(Scenario.of(ErrorEvent("boom"), ErrorEvent("boom"))) as provider:
        assert post(provider).text.rstrip().endswith('"code":"server_error"},"sequence_number":2}')
        assert post_chat(provider).text == (
            'data: {"error":{"message":"boom","type":"server_error","param":null,"code":"server_error"}}\n\n'
        )


def test_a_flood_stops_where_the_client_does_not_read() -> None:
    """What is sent are the buffers of the sockets, and no more."""
    with serve(Flood("x" * 10_000, chars=100_000_000)) as provider:
        host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        body = json.dumps(RESPONSES).encode()
        head = (
            f"POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port))) as client:
            client.sendall(head.encode() + body)
            provider.wait_until(lambda records: bool(records and records[0].bytes_sent), "bytes")
            with pytest.raises(TimeoutError):
                provider.wait_until(lambda records: records[0].bytes_sent > 50_000_000, "50 MB", 0.5)
        (record,) = provider.wait_for_disconnects(1)
    assert 0 < record.bytes_sent < 50_000_000


def test_a_long_line_can_be_read_whole() -> None:
    with serve(LongLine(1_000_000), Cut()) as provider:
        line = post(provider).text.rsplit("\n", 1)[1]
    assert len(line) == 1_000_000


def test_verbatim_bytes_are_verbatim() -> None:
    with serve(Raw(b"data: \xff\xfe\n\n"), Cut()) as provider:
        assert post(provider).content.endswith(b"data: \xff\xfe\n\n")


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(piece_bytes=1),
        Delivery(gzip=True),
        Delivery(gzip=True, piece_bytes=3),
        Delivery(headers={"X-Test": "1"}),
    ],
)
def test_another_delivery_is_the_same_body(delivery: Delivery) -> None:
    steps = (Say("Grüße 🌍\u2028"), CallTool("a", {"x": "é"}))
    with FakeProvider(Scenario((Response(steps), Response(steps, delivery=delivery)))) as provider:
        plain, other = post(provider), post(provider)
    made_up = r"_[0-9a-f]{24,}|\"(created_at|completed_at)\":\d+|obfuscation\":\"[0-9a-f]*"
    assert re.sub(made_up, "", other.text) == re.sub(made_up, "", plain.text)
    assert other.headers.get("content-encoding") == ("gzip" if delivery.gzip else None)
    assert other.headers.get("x-test") == (delivery.headers.get("X-Test"))


def test_other_line_ends_doubled_events_and_no_last_blank_line() -> None:
    deliveries = (Delivery("\r\n"), Delivery("\r", bom=True), Delivery(doubled=True), Delivery(final_blank_line=False))
    with FakeProvider(Scenario(tuple(Response((Say("abcd"),), delivery=each) for each in deliveries))) as provider:
        crlf, cr, doubled, unfinished = (post(provider).content for _ in deliveries)
    assert crlf.count(b"\r\n") == crlf.count(b"\n") > 10
    assert b"\n" not in cr
    assert cr.startswith(b"\xef\xbb\xbfevent: ")
    assert doubled.count(b'"delta":"abcd"') == 2
    assert unfinished.endswith(b"}\n")
    assert not unfinished.endswith(b"\n\n")


def test_a_client_that_leaves_stops_the_answer() -> None:
    with serve(Say("abcd"), Pause(LONG_S), Say("never")) as provider:
        read_until(provider, lambda data: b"abcd" in data)
        (record,) = provider.wait_for_disconnects(1)
        assert provider.disconnects == (record,)
    assert "response-end" not in [mark.label for mark in record.marks]
