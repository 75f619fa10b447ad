"""The status page: unavailable once, well ever after, and gone after its block."""

import json
import threading
from http.client import HTTPConnection
from typing import Any

import pytest

from millstream_tools.demo_world.status_server import STATUS, StatusServer


def get(server: StatusServer, path: str) -> tuple[int, Any]:
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_the_first_request_is_refused_and_later_ones_are_answered(capfd: pytest.CaptureFixture[str]) -> None:
    with StatusServer() as server:
        assert get(server, "/elsewhere")[0] == 404
        assert [get(server, "/status")[0] for _ in range(3)] == [503, 200, 200]
        assert get(server, "/status") == (200, STATUS)
    assert capfd.readouterr() == ("", "")


def test_each_server_begins_anew() -> None:
    with StatusServer() as one, StatusServer() as other:
        assert one.url != other.url
        assert [get(server, "/status")[0] for server in (one, other)] == [503, 503]


def test_after_its_block_there_is_neither_a_thread_nor_a_port() -> None:
    before = threading.active_count()
    with StatusServer() as server:
        get(server, "/status")
        assert threading.active_count() > before
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        get(server, "/status")
