"""What every HTTP transport does alike: what is sent, what comes in, and what each failure is called."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import TypeAlias

import anyio
import pytest

from millstream.errors import ModelError, WireError
from millstream.testing import FakeProvider, Scenario
from millstream.transport import aiohttp, http
from millstream.transport.aiohttp import AiohttpTransport
from millstream.transport.http import HttpTransport
from millstream.transport.seam import Request, Transport
from tests.alive import nothing_left
from tests.unit.transport.raw_server import answering, chunked, head, response

Make: TypeAlias = Callable[[], Transport]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize(
        ("anyio_backend", "make"), [("asyncio", HttpTransport), ("trio", HttpTransport), ("asyncio", AiohttpTransport)]
    ),
]

KEY = "sk-secret"


def request(url: str = "https://host/v1/responses", **headers: str) -> Request:
    return Request(url, {"model": "m"}, {"authorization": f"Bearer {KEY}"} | headers)


async def body_of(transport: Transport, asked: Request) -> bytes:
    """The whole body of the response."""
    async with transport, transport.open(asked) as incoming:
        pieces: list[bytes] = []
        while piece := await incoming.receive():
            assert isinstance(piece, bytes)
            pieces.append(piece)
        return b"".join(pieces)


async def refusal(make: Make, answer: bytes) -> WireError:
    """What a response that is none is told as."""
    with answering(answer) as server, pytest.raises(WireError) as caught:
        await body_of(make(), request(server.url))
    return caught.value


async def test_a_request_is_json_with_the_headers_of_the_model_over_its_own(make: Make) -> None:
    with answering(response(b"data: x\n\n")) as server:
        asked = Request(f"{server.url}/a%2Fb?c=d%20e", {"q": "ü"}, {"accept": "*/*"}, {"accept": "x", "x-wire": "y"})
        assert await body_of(make(), asked) == b"data: x\n\n"
    sent, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = sent.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert first == "POST /v1/a%2Fb?c=d%20e HTTP/1.1"
    assert json.loads(body) == {"q": "ü"}
    assert (headers["content-type"], headers["accept"], headers["x-wire"]) == ("application/json", "*/*", "y")
    assert "cookie" not in headers


async def test_a_connection_is_used_again_once_its_body_was_read(make: Make) -> None:
    with nothing_left(), answering(response(b"a"), response(b"b"), after="keep") as server:
        async with make() as transport:
            for expected in (b"a", b"b"):
                async with transport.open(request(server.url)) as incoming:
                    assert await incoming.receive() == expected
                    assert await incoming.receive() == b""
        assert (len(server.requests), server.connections) == (2, 1)


async def test_pieces_come_as_they_arrive_and_leaving_early_closes_the_connection(make: Make) -> None:
    with nothing_left(), answering(chunked(b"data: 1\n\n", whole=False), after="keep") as server:
        async with make() as transport:
            async with transport.open(request(server.url)) as incoming:
                assert await incoming.receive() == b"data: 1\n\n"
            await anyio.to_thread.run_sync(server.left.wait, 5)
            assert server.left.is_set()


async def test_cancelled_while_it_waits_it_closes_the_connection(make: Make) -> None:
    with nothing_left(), answering(chunked(b"data: 1\n\n", whole=False), after="keep") as server:
        async with make() as transport:
            with anyio.move_on_after(0.05) as scope:
                async with transport.open(request(server.url)) as incoming:
                    while await incoming.receive():
                        pass
            assert scope.cancelled_caught
            await anyio.to_thread.run_sync(server.left.wait, 5)
            assert server.left.is_set()


async def test_a_compressed_body_is_read(make: Make) -> None:
    packed = zlib.compress(b"data: x\n\n", wbits=31)
    with answering(response(packed, content_encoding="gzip")) as server:
        assert await body_of(make(), request(server.url)) == b"data: x\n\n"


# --- failures, whose texts and facts are the same for all ---


async def test_nobody_there(make: Make) -> None:
    with pytest.raises(WireError, match=r"no connection to 127\.0\.0\.1:9: ") as caught:
        await body_of(make(), request("http://127.0.0.1:9/v1"))
    assert (caught.value.phase, caught.value.retryable, caught.value.status) == ("connect", True, None)
    assert "that the server runs" in caught.value.hint


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9\r\n\r\n"])
async def test_a_server_that_answers_with_nothing_or_no_http(make: Make, answer: bytes) -> None:
    error = await refusal(make, answer)
    assert (error.phase, error.retryable, error.status) == ("connect", True, None)
    assert error.message.startswith("no connection to 127.0.0.1:")


async def test_a_body_cut_short(make: Make) -> None:
    for cut in (chunked(b"data: 1\n\n", whole=False), head(content_length="99") + b"data: 1\n\n"):
        with nothing_left(), answering(cut) as server:
            async with make() as transport, transport.open(request(server.url)) as incoming:
                assert await incoming.receive() == b"data: 1\n\n"
                with pytest.raises(WireError, match="the connection broke: ") as caught:
                    await incoming.receive()
        assert (caught.value.phase, caught.value.kind, caught.value.retryable) == ("stream", "torn", True)


async def test_a_connection_reset_within_the_body(make: Make) -> None:
    cut = chunked(b"data: 1\n\n", whole=False)
    with answering(cut, after="reset") as server, pytest.raises(WireError) as caught:
        await body_of(make(), request(server.url))
    assert caught.value.phase in ("connect", "stream")  # the reset may overtake the head
    assert caught.value.retryable


# httpx2 drops its own generators where it can not decompress; trio says so when they are collected
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:Async generator:ResourceWarning")
async def test_a_body_that_is_not_compressed_as_it_says(make: Make) -> None:
    plain = response(b"data: x\n\n", content_encoding="gzip")
    with answering(plain) as server, pytest.raises(WireError, match="can not be decompressed") as caught:
        await body_of(make(), request(server.url))
    assert (caught.value.kind, caught.value.retryable) == ("protocol", False)


async def test_a_redirect_is_told_and_not_followed(make: Make) -> None:
    error = await refusal(make, response(status="308 Permanent Redirect", location="https://elsewhere/v1"))
    assert error.status == 308
    assert "https://elsewhere/v1" in error.hint


async def test_a_refusal_says_how_long_to_wait_and_a_long_body_is_not_read_to_its_end(make: Make) -> None:
    error = await refusal(make, response(b"x" * 200_000, "429 Too Many Requests", retry_after="7"))
    assert (error.status, error.retryable, error.retry_after_s) == (429, True, 7.0)
    assert error.bytes_seen == 64 * 1024


async def test_a_refusal_is_told_in_the_provider_s_words_and_its_advice_holds(make: Make) -> None:
    body = b'{"error": {"message": "No.", "code": "c"}}'
    error = await refusal(make, response(body, "503 Service Unavailable", X_Should_Retry="false"))
    assert (error.phase, error.status, error.code, error.retryable) == ("request", 503, "c", False)
    assert error.message == "the provider says: No."


async def test_a_refusal_whose_body_is_cut_keeps_its_status(make: Make) -> None:
    error = await refusal(make, head("500 Oh", content_length="99") + b"no")
    assert (error.phase, error.status, error.retryable) == ("request", 500, True)


# --- the user's mistakes ---


async def test_it_must_be_entered(make: Make) -> None:
    with pytest.raises(RuntimeError, match="not entered"):
        async with make().open(request()):
            pass


async def test_settings_that_are_no_json_are_the_users_mistake(make: Make) -> None:
    with pytest.raises(ModelError, match="settings= of the Model"):
        await body_of(make(), Request("https://host/v1", {"temperature": float("nan")}))


@pytest.mark.parametrize(
    "headers", [{"authorization": f"{KEY}\r\nx: y"}, {"authorization": f"{KEY}ü"}, {KEY + ":": "x"}, {"": KEY}]
)
async def test_a_header_that_can_not_be_sent_is_not_shown(make: Make, headers: dict[str, str]) -> None:
    with answering(response(b"never")) as server, pytest.raises(ModelError, match="headers= of the Model") as caught:
        await body_of(make(), Request(server.url, {}, headers))
    assert KEY not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert server.requests == []


async def test_a_url_that_is_none(make: Make) -> None:
    with pytest.raises(ModelError, match="Write it as https://host/v1"):
        await body_of(make(), request("ftp://127.0.0.1/v1"))


async def test_offline_no_real_model_is_asked(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLSTREAM_OFFLINE", "1")
    with pytest.raises(ModelError, match="MILLSTREAM_OFFLINE is set and host is a real model"):
        await body_of(make(), request())
    with FakeProvider(Scenario.of("Hello.")) as provider:
        asked = Request(f"{provider.base_url}/chat/completions", {"model": "m", "messages": [], "stream": True})
        with pytest.raises(WireError, match="API key"):  # it was asked, and it refuses
            await body_of(make(), asked)
        assert len(provider.requests) == 1


# --- proxies and certificates ---


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no proxy, to be changed."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


async def test_the_proxy_of_the_environment_is_asked_for_other_hosts(make: Make, proxies: pytest.MonkeyPatch) -> None:
    with answering(response(b"data: x\n\n")) as server:
        proxies.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))
        assert await body_of(make(), request("http://model.example/v1")) == b"data: x\n\n"
        assert server.requests[0].startswith(b"POST http://model.example/v1 HTTP/1.1")
        proxies.setenv("NO_PROXY", "0.0.0.0")
        with pytest.raises(WireError, match=r"no connection to 0\.0\.0\.0:1:"):
            await body_of(make(), request("http://0.0.0.0:1/v1"))


async def test_this_machine_is_asked_without_certificates_and_proxies(make: Make, proxies: pytest.MonkeyPatch) -> None:
    def load(_: str) -> None:
        pytest.fail("the certificates were loaded")

    proxies.setattr(http, "ssl_context", load)
    proxies.setattr(aiohttp, "ssl_context", load)
    proxies.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(WireError, match=r"no connection to 127\.0\.0\.1:7"):
        await body_of(make(), request("http://127.0.0.1:7/v1"))
    with pytest.raises(pytest.fail.Exception, match="certificates were loaded"):
        await body_of(make(), request("https://127.0.0.1:7/v1"))
