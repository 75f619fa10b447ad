from __future__ import annotations

import shutil
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSListener
from websockets.frames import Opcode

from millstream.errors import ModelError, WireError
from millstream.transport.websocket.socket import Socket, UpgradeRefused, connect, goes_by_proxy
from tests.alive import nothing_left
from tests.unit.transport.websocket.peer import Act, Peer, peer

pytestmark = pytest.mark.anyio

KEY = "sk-secret"
MAX_BYTES = 1000


@asynccontextmanager
async def connected(act: Act, **headers: str) -> AsyncGenerator[Socket]:
    """A socket to a peer that does as told once it has accepted."""

    async def accept_and_act(one: Peer) -> None:
        await one.accept()
        await act(one)

    with nothing_left():
        async with peer(accept_and_act) as url:
            socket = await connect(url, {"authorization": f"Bearer {KEY}"} | headers, MAX_BYTES, 5.0)
            try:
                with anyio.fail_after(5):
                    yield socket
            finally:
                await socket.aclose()


async def refused(act: Act, timeout_s: float = 5.0) -> UpgradeRefused:
    """What becomes of an upgrade that is not agreed to."""
    with nothing_left():
        async with peer(act) as url:
            with pytest.raises(UpgradeRefused) as caught:
                await connect(url, {}, MAX_BYTES, timeout_s)
    return caught.value


async def closed_with(code: int, reason: str = "") -> WireError:
    """What is told of a goodbye."""

    async def act(one: Peer) -> None:
        one.protocol.send_close(code, reason)
        await one.flush()
        await one.frame(Opcode.CLOSE)

    async with connected(act) as socket:
        with pytest.raises(WireError) as caught:
            await socket.receive()
    return caught.value


async def test_messages_go_both_ways_and_the_headers_with_the_upgrade() -> None:
    seen: list[bytes] = []

    async def act(one: Peer) -> None:
        assert one.request is not None
        seen.append(one.request.headers["authorization"].encode())
        seen.append(one.request.path.encode())
        seen.append(bytes((await one.frame(Opcode.TEXT)).data))
        one.protocol.send_text("grün".encode())
        await one.flush()
        await one.frame(Opcode.CLOSE)

    async with connected(act) as socket:
        await socket.send("hello")
        assert (await socket.receive()).decode() == "grün"
    assert seen == [f"Bearer {KEY}".encode(), b"/v1/responses", b"hello"]


async def test_messages_in_fragments_with_a_ping_between_and_in_binary() -> None:
    async def act(one: Peer) -> None:
        one.protocol.send_text(b"he", fin=False)
        one.protocol.send_ping(b"are you there")
        one.protocol.send_continuation(b"llo", fin=True)
        one.protocol.send_binary(b"two")
        await one.flush()
        assert (await one.frame(Opcode.PONG)).data == b"are you there"
        one.protocol.send_text(b"three")
        await one.flush()
        await one.frame(Opcode.CLOSE)

    async with connected(act) as socket:
        assert [await socket.receive() for _ in range(3)] == [b"hello", b"two", b"three"]


async def test_a_message_is_the_same_however_the_network_cut_it() -> None:
    async def act(one: Peer) -> None:
        one.protocol.send_text(b"x" * 300)
        for byte in b"".join(one.protocol.data_to_send()):
            await one.stream.send(bytes([byte]))
        await one.frame(Opcode.CLOSE)

    async with connected(act) as socket:
        assert await socket.receive() == b"x" * 300


async def test_a_message_beyond_the_limit_ends_the_connection() -> None:
    async def act(one: Peer) -> None:
        one.protocol.send_text(b"small")
        one.protocol.send_text(b"x" * (MAX_BYTES + 1))
        await one.flush()
        close = await one.frame(Opcode.CLOSE)
        assert close.data[:2] == (1009).to_bytes(2, "big")

    async with connected(act) as socket:
        assert await socket.receive() == b"small"
        with pytest.raises(WireError, match=f"more than {MAX_BYTES} bytes") as caught:
            await socket.receive()
    assert caught.value.kind == "protocol"
    assert not caught.value.retryable


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 1013])
async def test_a_goodbye_that_passes(code: int) -> None:
    error = await closed_with(code, "restart")
    assert error.retryable
    assert f"code {code}: restart" in str(error)


@pytest.mark.parametrize("code", [1003, 1008, 4000])
async def test_a_goodbye_for_good(code: int) -> None:
    assert not (await closed_with(code)).retryable


async def test_a_peer_that_is_gone() -> None:
    async def act(_: Peer) -> None:
        pass

    async with connected(act) as socket:
        with pytest.raises(WireError, match="the WebSocket broke") as caught:
            await socket.receive()
        with pytest.raises(WireError, match="the WebSocket broke"):
            await socket.send("anyone?")
    assert caught.value.retryable


async def test_a_peer_that_breaks_the_rules() -> None:
    async def act(one: Peer) -> None:
        await one.stream.send(b"\xff\xff\xff\xff")
        await one.frame(Opcode.CLOSE)

    async with connected(act) as socket:
        with pytest.raises(WireError, match="broke the rules of WebSocket"):
            await socket.receive()


async def test_a_peer_that_never_answers_a_goodbye_is_left_after_a_second() -> None:
    async def act(_: Peer) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(3):
        async with connected(act):
            pass


async def test_a_send_that_is_cancelled_half_way_leaves_no_connection_to_use() -> None:
    """Half a frame is on its way: whatever followed would be read as the rest of it."""

    async def act(_: Peer) -> None:
        await anyio.sleep_forever()

    async with connected(act) as socket:
        with anyio.move_on_after(0.2):
            await socket.send("x" * 50_000_000)
        with pytest.raises(WireError, match="the WebSocket broke"):
            await socket.send("more")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 2\r\n\r\nno", 405),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n{}", 401),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", None),
        (b"SSH-2.0-OpenSSH\r\n", None),
        (b"", None),
    ],
)
async def test_an_upgrade_that_is_refused(answer: bytes, status: int | None) -> None:
    async def act(one: Peer) -> None:
        await one.stream.receive()
        await one.stream.send(answer)

    refusal = await refused(act)
    assert refusal.status == status
    assert refusal.why


async def test_an_upgrade_that_is_not_answered() -> None:
    async def act(_: Peer) -> None:
        await anyio.sleep_forever()

    assert "no answer to the upgrade within 0.2 s" in (await refused(act, 0.2)).why


async def test_a_header_that_can_not_be_sent_is_not_shown() -> None:
    with pytest.raises(ModelError, match="headers= of the Model") as caught:
        await connect("http://127.0.0.1:9/v1", {"authorization": f"{KEY}\r\nx: y"}, MAX_BYTES, 1.0)
    assert KEY not in f"{caught.value!r}{caught.value.__cause__!r}"


async def test_nobody_there() -> None:
    with pytest.raises(WireError, match=r"no connection to 127\.0\.0\.1:9") as caught:
        await connect("http://127.0.0.1:9/v1", {}, MAX_BYTES, 1.0)
    assert caught.value.phase == "connect"
    assert caught.value.retryable


async def test_a_tls_server_that_is_none() -> None:
    async def act(one: Peer) -> None:
        await one.stream.receive()
        await one.stream.send(b"not TLS at all")

    with nothing_left():
        async with peer(act) as url:
            with pytest.raises(WireError, match="no connection to"):
                await connect(url.replace("http://", "https://"), {}, MAX_BYTES, 5.0)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
async def test_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    await anyio.run_process(["openssl", *made, *names, "-keyout", str(key), "-out", str(certificate)])
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)

    def trusting_context(_: str) -> ssl.SSLContext:
        return trusting

    monkeypatch.setattr("millstream.transport.websocket.socket.ssl_context", trusting_context)

    async def handle(stream: ByteStream) -> None:
        one = Peer(stream)
        await one.accept()
        one.protocol.send_text(b"secretly")
        await one.flush()
        await one.frame(Opcode.CLOSE)
        await one.flush()
        await stream.aclose()

    plain = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = plain.extra(SocketAttribute.local_port)
    listener = TLSListener(plain, serving, standard_compatible=False)
    with nothing_left():
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, handle)
            socket = await connect(f"https://127.0.0.1:{port}/v1/responses", {}, MAX_BYTES, 5.0)
            assert await socket.receive() == b"secretly"
            await socket.aclose()
            tasks.cancel_scope.cancel()


def test_a_proxy_is_known_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert goes_by_proxy("https://api.openai.com/v1/responses")
    assert not goes_by_proxy("http://127.0.0.1:8000/v1/responses")
    monkeypatch.setenv("NO_PROXY", "api.openai.com")
    assert not goes_by_proxy("https://api.openai.com/v1/responses")
