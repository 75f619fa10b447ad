from __future__ import annotations

from typing import Any

import pytest

from millstream.testing.provider.websocket.rules import body_of, check_envelope, check_message
from millstream.testing.provider.websocket.terms import WebSocketTerms

CREATE: dict[str, Any] = {"type": "response.create", "model": "m", "input": "Hi"}
TERMS = WebSocketTerms(max_names=2)


def code(
    message: dict[str, Any], names: tuple[str, ...] = (), age_s: float = 0.0, terms: WebSocketTerms = TERMS
) -> Any:
    """Why a command is refused: the code, and the parameter."""
    refusal = check_envelope(message, names, terms, age_s)
    return None if refusal is None else (refusal.code, refusal.param)


def test_commands() -> None:
    assert check_message(CREATE) is None
    wrong: list[Any] = [None, [], "x", {}, {"type": "response.cancel"}]
    for message in wrong:
        assert check_message(message) is not None


@pytest.mark.parametrize("field", ["stream", "background"])
def test_what_http_alone_knows(field: str) -> None:
    assert code(CREATE | {field: True}) == ("unsupported_parameter", field)


def test_the_body_is_flat() -> None:
    assert code({"type": "response.create", "response": {"model": "m"}}) == ("unknown_parameter", "response")


def test_age() -> None:
    assert code(CREATE, age_s=3599.9) is None
    assert code(CREATE, age_s=3600.0) == ("websocket_connection_limit_reached", None)


@pytest.mark.parametrize("lane", ["a", "A-z_0.9", "x" * 256])
def test_lanes(lane: str) -> None:
    assert code(CREATE | {"stream_id": lane}) is None


@pytest.mark.parametrize("lane", ["", "a b", "ä", "x" * 257, 7, ["a"]])
def test_names_that_are_none(lane: Any) -> None:
    assert code(CREATE | {"stream_id": lane}) == ("invalid_stream_id", "stream_id")


def test_as_many_names_as_there_are() -> None:
    assert code(CREATE | {"stream_id": "a"}, ("a", "b")) is None
    assert code(CREATE | {"stream_id": "c"}, ("a", "b")) == ("websocket_stream_limit_reached", "stream_id")
    assert code(CREATE, ("a", "b")) is None


def test_a_server_without_lanes() -> None:
    terms = WebSocketTerms(with_lanes=False)
    assert code(CREATE | {"stream_id": "a"}, terms=terms) == ("invalid_stream_id", "stream_id")


def test_the_request_in_a_command() -> None:
    whole = CREATE | {"stream_id": "a", "generate": False}
    assert body_of(whole) == {"model": "m", "input": "Hi", "stream": True}
