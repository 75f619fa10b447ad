"""The server's own life: nothing is left behind, whatever was going on."""

import asyncio
import gc
import json
import socket
import threading
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio

from millstream.testing import Cut, FakeProvider, Flood, Pause, Response, Say, Scenario
from millstream.testing.provider.steps import Step

KEY = {"authorization": "Bearer k"}
BODY: dict[str, Any] = {"model": "m", "input": "hi", "stream": True}


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def ask(provider: FakeProvider) -> socket.socket:
    """A raw connection whose request has been sent."""
    host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    client = socket.create_connection((host, int(port)), timeout=5)
    body = json.dumps(BODY).encode()
    head = f"POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body)
    return client


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Pause(60),),
        (Say("x"), Pause(60)),
        (Flood("x" * 100_000),),
        (Flood("x"),),
        (Say("x"), Cut("reset")),
        (Say("x"), Cut("close")),
    ],
    ids=["done", "silent", "stalled", "blocked", "flooding", "reset", "closed"],
)
def test_nothing_is_left_behind(steps: tuple[Step, ...]) -> None:
    _warm_up()
    files, threads = open_files(), set(threading.enumerate())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with FakeProvider(Scenario((Response(steps),), "history")) as provider:
            clients = [ask(provider) for _ in range(3)]
            provider.wait_for_requests(3)
            before = time.monotonic()
        took_s = time.monotonic() - before
        while clients:
            clients.pop().close()
        del provider, clients
        gc.collect()
    assert set(threading.enumerate()) == threads
    assert open_files() == files
    assert took_s < 1.5


def test_idle_connections_do_not_hold_it_up() -> None:
    with httpx2.Client() as client:
        with FakeProvider(Scenario.of("x")) as provider:
            client.post(provider.base_url + "/responses", json=BODY, headers=KEY)
            before = time.monotonic()
        assert time.monotonic() - before < 1


def test_a_client_that_leaves_within_its_request_is_no_fault() -> None:
    with FakeProvider(Scenario.of("x")) as provider:
        host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        with ask(provider) as whole:
            assert whole.recv(12) == b"HTTP/1.1 200"
    assert len(provider.requests) == 1


def test_stopping_is_not_taken_for_a_client_that_left() -> None:
    with ExitStack() as client, FakeProvider(Scenario.of([Pause(60)])) as provider:
        client.enter_context(ask(provider))
        provider.wait_for_requests(1)
    assert provider.disconnects == ()
    assert len(provider.requests) == 1


def test_the_port_is_free_again_and_can_be_chosen() -> None:
    with FakeProvider(Scenario.of("x")) as first:
        url = first.base_url
    port = int(url.removesuffix("/v1").rsplit(":", 1)[1])
    with FakeProvider(Scenario.of("x"), port=port) as second:
        assert second.base_url == url
        with pytest.raises(OSError, match="in use"):
            FakeProvider(Scenario.of("x"), port=port).__enter__()
    with pytest.raises(httpx2.ConnectError):
        httpx2.post(url + "/responses", json=BODY, headers=KEY)


def test_it_serves_code_on_asyncio_and_on_trio() -> None:
    async def ask_once(url: str) -> int:
        async with httpx2.AsyncClient() as client:
            return (await client.post(url + "/responses", json=BODY, headers=KEY)).status_code

    with FakeProvider(Scenario.of("x", "x")) as provider:
        assert asyncio.run(ask_once(provider.base_url)) == 200
        assert trio.run(ask_once, provider.base_url) == 200


def test_several_providers_serve_beside_each_other() -> None:
    with FakeProvider(Scenario.of("a")) as one, FakeProvider(Scenario.of("b")) as other:
        assert one.base_url != other.base_url
        assert httpx2.post(one.base_url + "/responses", json=BODY, headers=KEY).status_code == 200
        assert (len(one.requests), len(other.requests)) == (1, 0)


def test_a_fault_of_its_own_is_raised_where_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    broken: Any = Response((object(),))  # type: ignore[arg-type]
    provider = FakeProvider(Scenario((broken,)))
    with (
        pytest.raises(RuntimeError, match="this is a bug of millstream") as raised,
        provider,
        pytest.raises(httpx2.HTTPError),
    ):
        httpx2.post(provider.base_url + "/responses", json=BODY, headers=KEY)
    assert isinstance(raised.value.__cause__, AttributeError)
    assert "Exception in ASGI application" in caplog.text


def test_a_failure_in_the_block_comes_first() -> None:
    provider = FakeProvider(Scenario.of("x"))
    with pytest.raises(ZeroDivisionError), provider:
        _ = 1 / 0


def _warm_up() -> None:
    """What is loaded and opened once, is opened before the counting."""
    with FakeProvider(Scenario.of("x")) as provider, ask(provider) as client:
        client.recv(100)


def test_a_connection_of_the_last_moment_is_closed() -> None:
    """Accepted, but not yet a connection, when the server goes down: a socket that is left open is an error here."""
    for _ in range(30):
        with FakeProvider(Scenario.of("x")) as provider:
            host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
            socket.create_connection((host, int(port))).close()
    gc.collect()
