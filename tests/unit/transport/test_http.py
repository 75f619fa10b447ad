from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from millstream.errors import ModelError, WireError
from millstream.testing import FakeProvider, Scenario
from millstream.transport import http
from millstream.transport.http import HttpTransport, is_loopback
from millstream.transport.seam import Request

pytestmark = pytest.mark.anyio

KEY = "sk-secret"


def request(url: str = "https://host/v1/responses", **headers: str) -> Request:
    return Request(url, {"model": "m"}, {"authorization": f"Bearer {KEY}"} | headers)


def client(answer: Callable[[httpx2.Request], httpx2.Response]) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))


async def body_of(transport: HttpTransport, asked: Request) -> bytes:
    """The whole body of the response."""
    async with transport, transport.open(asked) as incoming:
        pieces: list[bytes] = []
        while piece := await incoming.receive():
            pieces.append(piece)
        return b"".join(pieces)


async def refusal(answer: httpx2.Response) -> WireError:
    """What a response that is none is told as."""
    async with client(lambda _: answer) as given:
        with pytest.raises(WireError) as caught:
            await body_of(HttpTransport(given), request())
    return caught.value


async def test_a_request_is_json_with_the_headers_of_the_model_over_its_own() -> None:
    seen: list[httpx2.Request] = []

    def answer(asked: httpx2.Request) -> httpx2.Response:
        seen.append(asked)
        return httpx2.Response(200, content=b"data: x\n\n")

    async with client(answer) as given:
        assert await body_of(HttpTransport(given), request(accept="*/*")) == b"data: x\n\n"
        assert not given.is_closed
    (asked,) = seen
    assert asked.method == "POST"
    assert asked.read() == b'{"model": "m"}'
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["accept"] == "*/*"


async def test_a_client_that_was_closed_is_the_users_mistake() -> None:
    given = httpx2.AsyncClient()
    await given.aclose()
    with pytest.raises(ModelError, match="client= of the Model is closed"):
        await body_of(HttpTransport(given), request())


async def test_it_must_be_entered() -> None:
    with pytest.raises(RuntimeError, match="not entered"):
        async with HttpTransport().open(request()):
            pass


async def test_settings_that_are_no_json_are_the_users_mistake() -> None:
    with pytest.raises(ModelError, match="settings= of the Model"):
        await body_of(HttpTransport(), Request("https://host/v1", {"temperature": float("nan")}))


async def test_a_header_that_can_not_be_sent_is_not_shown() -> None:
    with FakeProvider(Scenario.of("Hello.")) as provider:
        asked = Request(f"{provider.base_url}/responses", {}, {"authorization": f"Bearer {KEY}\r\nx: y"})
        with pytest.raises(ModelError, match="headers= of the Model") as caught:
            await body_of(HttpTransport(), asked)
    assert KEY not in f"{caught.value!r}{caught.value.__cause__!r}"


async def test_nobody_there() -> None:
    with pytest.raises(WireError, match=r"no connection to 127\.0\.0\.1:9") as caught:
        await body_of(HttpTransport(), request("http://127.0.0.1:9/v1"))
    assert caught.value.phase == "connect"
    assert caught.value.retryable


async def test_a_redirect_is_told_and_not_followed() -> None:
    error = await refusal(httpx2.Response(308, headers={"location": "https://elsewhere/v1"}))
    assert error.status == 308
    assert error.hint is not None
    assert "https://elsewhere/v1" in error.hint


async def test_a_refusal_says_how_long_to_wait_and_a_long_body_is_not_read_to_its_end() -> None:
    error = await refusal(httpx2.Response(429, headers={"retry-after": "7"}, content=b"x" * 200_000))
    assert (error.status, error.retryable, error.retry_after_s) == (429, True, 7.0)
    assert error.bytes_seen == 64 * 1024


@pytest.mark.parametrize(
    ("url", "leads_here"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://localhost/v1", True),
        ("http://LOCALHOST/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost.example.org/v1", False),
        ("http://127.0.0.1@example.org/v1", False),
        ("https://api.openai.com/v1", False),
        ("http://0.0.0.0/v1", False),
        ("", False),
    ],
)
def test_loopback(url: str, leads_here: bool) -> None:
    assert is_loopback(url) is leads_here


async def test_offline_no_real_model_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLSTREAM_OFFLINE", "1")
    with pytest.raises(ModelError, match="MILLSTREAM_OFFLINE is set and host is a real model"):
        await body_of(HttpTransport(), request())
    with FakeProvider(Scenario.of("Hello.")) as provider:
        asked = Request(f"{provider.base_url}/chat/completions", {"model": "m", "messages": [], "stream": True})
        with pytest.raises(WireError, match="API key"):  # it was asked, and it refuses
            await body_of(HttpTransport(), asked)
        assert len(provider.requests) == 1


async def test_this_machine_is_asked_without_certificates_and_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        pytest.fail("the certificates were loaded")

    monkeypatch.setattr(http, "_ssl_context", load)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(WireError, match=r"no connection to 127\.0\.0\.1:7"):
        await body_of(HttpTransport(), request("http://127.0.0.1:7/v1"))
    with pytest.raises(pytest.fail.Exception, match="certificates were loaded"):
        await body_of(HttpTransport(), request("https://127.0.0.1:7/v1"))
