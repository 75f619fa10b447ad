"""Streams of other clients: what they may be made of, and how they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from millstream.errors import UsageError, WireError
from millstream.transport.sdk import ForeignStream

pytestmark = pytest.mark.anyio

RESPONSES: dict[str, Any] = {"type": "response.created", "response": {}}
CHAT: dict[str, Any] = {"object": "chat.completion.chunk", "choices": []}


class Pydantic:
    """An event object as pydantic's models are."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        assert mode == "json"
        return self._data


class Official(Pydantic):
    """An event object as the official SDK's are, which can leave out what was not sent."""

    def to_dict(self, *, mode: str) -> dict[str, Any]:
        assert mode == "json"
        return {"type": "from to_dict"}


async def pieces(*given: Any) -> AsyncIterator[Any]:
    for piece in given:
        yield piece


async def read(stream: Any) -> list[Any]:
    foreign = ForeignStream(stream)
    taken: list[Any] = []
    try:
        while (piece := await foreign.receive()) != b"":
            taken.append(piece)
    finally:
        await foreign.close()
    return taken


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (b"data", b"data"),
        (bytearray(b"data"), b"data"),
        ("dät", "dät".encode()),
        (RESPONSES, RESPONSES),
        (Pydantic(CHAT), CHAT),
        (Official(CHAT), {"type": "from to_dict"}),
    ],
)
async def test_a_piece_may_be(given: Any, taken: Any) -> None:
    assert await read(pieces(given, given)) == [taken, taken]


async def test_a_piece_that_is_none() -> None:
    with pytest.raises(UsageError, match="a stream of int can not be read"):
        await read(pieces(7))


async def test_what_a_coroutine_function_returned_need_not_be_awaited() -> None:
    async def create() -> AsyncIterator[Any]:
        return pieces(b"x")

    assert await read(create()) == [b"x"]


async def test_a_stream_that_raises_is_torn() -> None:
    async def broken() -> AsyncIterator[Any]:
        yield b"x"
        raise OSError("the cable")

    with pytest.raises(WireError, match="the stream failed: OSError: the cable") as caught:
        await read(broken())
    assert caught.value.kind == "torn"
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("first", "api"),
    [
        (RESPONSES, "openai-responses"),
        ({"type": "error", "message": "no"}, "openai-responses"),
        ({"type": "keepalive"}, "openai-responses"),
        (CHAT, "openai-chat"),
        ({"choices": []}, "openai-chat"),
    ],
)
async def test_the_wire_is_told_from_the_first_message_which_is_not_lost(first: Any, api: str) -> None:
    stream = ForeignStream(pieces(first, CHAT))
    assert await stream.api() == api
    assert [await stream.receive() for _ in range(3)] == [first, CHAT, b""]


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (b"data: {}", "pass api=|api="),
        ({"candidates": []}, "of no known format, its keys are"),
        ({}, "no known format"),
    ],
)
async def test_the_wire_can_not_be_told(first: Any, says: str) -> None:
    stream = ForeignStream(pieces(first))
    with pytest.raises(UsageError, match=says):
        await stream.api()
    await stream.close()


async def test_closing_closes_what_was_opened() -> None:
    closed: list[str] = []

    async def stream() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            yield b"y"
        finally:
            closed.append("generator")

    foreign = ForeignStream(stream())
    assert await foreign.receive() == b"x"
    await foreign.close()
    assert closed == ["generator"]
    await foreign.close()


async def test_closing_a_client_s_stream_object() -> None:
    class Stream:
        closed = 0

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self

        async def __anext__(self) -> bytes:
            return b"x"

        async def close(self) -> None:
            self.closed += 1

    stream = Stream()
    foreign = ForeignStream(stream)
    await foreign.receive()
    await foreign.close()
    assert stream.closed == 1


async def test_closing_what_was_never_read() -> None:
    await ForeignStream(pieces(b"x")).close()
