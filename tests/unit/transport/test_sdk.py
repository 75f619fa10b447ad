"""Streams of other people's clients: what they may be, what their failures say, and that they are closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from millstream.errors import UsageError, WireError
from millstream.transport.sdk import ForeignStream

pytestmark = pytest.mark.anyio

CREATED: dict[str, Any] = {"type": "response.created", "response": {}}
STARTED: dict[str, Any] = {"type": "message_start", "message": {"content": []}}
CHUNK: dict[str, Any] = {"object": "chat.completion.chunk", "choices": []}


class Dumped:
    """An event object as pydantic's models are."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def model_dump(self, *, mode: str, warnings: bool, by_alias: bool, exclude_none: bool) -> dict[str, Any]:
        assert (mode, warnings) == ("json", False), "an SDK's helpers fill its models with others, and that warns"
        assert by_alias, "the names of the wire"
        assert exclude_none, "what was not sent"
        return self._data


class ToDict(Dumped):
    """An event object as openai's are: the fields that were sent come first."""

    def to_dict(self, *, mode: str, warnings: bool) -> dict[str, Any]:
        return {**self.model_dump(mode=mode, warnings=warnings, by_alias=True, exclude_none=True), "sent": True}


class SdkStream:
    """A stream as openai's: a plain object, read through a generator that closes nothing when it is closed."""

    def __init__(self, *pieces: object) -> None:
        self.closed = 0
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[object]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def close(self) -> None:
        self.closed += 1


class StatusError(Exception):
    """A refusal as openai raises it."""

    def __init__(self, status_code: int, body: object, headers: dict[str, str]) -> None:
        super().__init__(f"Error code: {status_code}")
        self.status_code = status_code
        self.body = body
        self.response = type("Response", (), {"headers": headers})()


class EventError(Exception):
    """An error within a stream as openai raises it."""

    body: object = {"message": "too busy", "type": "server_error", "code": "server_overloaded"}


@asynccontextmanager
async def reading(stream: Any) -> AsyncGenerator[ForeignStream]:
    foreign = ForeignStream(stream)
    try:
        yield foreign
    finally:
        await foreign.close()


async def pieces_of(stream: Any) -> list[Any]:
    pieces = list[Any]()
    async with reading(stream) as foreign:
        while (piece := await foreign.receive()) != b"":
            pieces.append(piece)
    return pieces


async def given(value: Any) -> Any:
    return value


async def failing(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize(
    ("piece", "read"),
    [
        (b"data", b"data"),
        (bytearray(b"data"), b"data"),
        ("dätä", "dätä".encode()),
        (CREATED, CREATED),
        (Dumped(CREATED), CREATED),
        (ToDict(CREATED), CREATED | {"sent": True}),
    ],
)
@pytest.mark.parametrize("awaited", [False, True])
async def test_what_a_stream_may_hold(piece: object, read: object, awaited: bool) -> None:
    stream = SdkStream(piece, piece)
    assert await pieces_of(given(stream) if awaited else stream) == [read, read]


async def test_a_piece_of_another_type() -> None:
    with pytest.raises(UsageError, match="a stream of int can not be read: give bytes, dicts or an SDK's events"):
        await pieces_of(SdkStream(3))


@pytest.mark.parametrize(
    ("first", "api"),
    [
        (CREATED, "openai-responses"),
        (Dumped(CHUNK), "openai-chat"),
        ({"choices": []}, "openai-chat"),
        (Dumped(STARTED), "anthropic-messages"),
        ({"type": "ping"}, "anthropic-messages"),
    ],
)
async def test_the_wire_is_told_from_the_first_piece_which_is_still_read(first: object, api: str) -> None:
    foreign = ForeignStream(SdkStream(first, {"type": "second"}))
    assert await foreign.api() == api
    received = await foreign.receive()
    assert isinstance(received, dict)
    assert received in (CREATED, CHUNK, {"choices": []}, STARTED, {"type": "ping"})
    assert await foreign.receive() == {"type": "second"}
    assert await foreign.receive() == b""


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (b"data: {}", "a stream of bytes does not say what it is"),
        ({"results": []}, r"of no known format, its keys are \['results'\]: pass api="),
        ({"type": "chunk", "chunk": CHUNK}, r"made by the SDK's helper.*: ask with create\(…, stream=True\)"),
    ],
)
async def test_a_wire_that_can_not_be_told(first: object, says: str) -> None:
    async with reading(SdkStream(first)) as foreign:
        with pytest.raises(UsageError, match=says):
            await foreign.api()


class Manager:
    """What a helper gives that is entered for its stream."""

    async def __aenter__(self) -> object:
        return object()

    async def __aexit__(self, *exc_info: object) -> None:
        pass


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (iter([CREATED]), "is read with a plain for, .* ask with an async client"),
        (Manager(), "enter the Manager first: async with … as stream"),
        (object(), "a object is no stream: give an async iterable"),
    ],
)
def test_what_is_no_stream_is_told_at_once(stream: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ForeignStream(stream)


async def test_an_answer_that_was_not_asked_for_as_a_stream() -> None:
    awaitable: Awaitable[Any] = given({"object": "response"})
    with pytest.raises(UsageError, match="the call gave a dict, not a stream: ask with stream=True"):
        await ForeignStream(awaitable).receive()


async def test_a_refusal_keeps_its_status_code_and_wait() -> None:
    refusal = StatusError(429, {"message": "Slow down.", "code": "rate_limit_exceeded"}, {"retry-after": "7"})
    with pytest.raises(WireError, match=r"Slow down\.") as caught:
        await ForeignStream(failing(refusal)).receive()
    error = caught.value
    assert (error.phase, error.status, error.code) == ("request", 429, "rate_limit_exceeded")
    assert (error.retryable, error.retry_after_s, error.hint) == (True, 7.0, "")
    assert error.__cause__ is refusal


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (401, False), (500, True)])
async def test_whether_a_refusal_is_final(status: int, retryable: bool) -> None:
    with pytest.raises(WireError, match=f"Error code: {status}") as caught:
        await ForeignStream(failing(StatusError(status, None, {}))).receive()
    assert (caught.value.retryable, caught.value.retry_after_s) == (retryable, None)


async def test_a_refusal_that_says_whether_to_try_again_is_believed() -> None:
    with pytest.raises(WireError) as caught:
        await ForeignStream(failing(StatusError(500, None, {"x-should-retry": "false"}))).receive()
    assert not caught.value.retryable


async def test_an_error_within_the_stream() -> None:
    with pytest.raises(WireError, match="too busy") as caught:
        await pieces_of(SdkStream(CREATED, EventError()))
    assert (caught.value.phase, caught.value.code, caught.value.retryable) == ("stream", "server_overloaded", True)


async def test_an_error_within_the_stream_as_anthropic_raises_it() -> None:  # with the status that the stream had
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Too busy."}}
    with pytest.raises(WireError, match=r"Too busy\.") as caught:
        await pieces_of(SdkStream(STARTED, StatusError(200, body, {})))
    error = caught.value
    assert (error.phase, error.status, error.code, error.retryable) == ("stream", None, "overloaded_error", True)


async def test_a_refusal_as_anthropic_raises_it() -> None:  # with all of the body
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}, "request_id": "req_1"}
    with pytest.raises(WireError, match=r"Slow down\.") as caught:
        await ForeignStream(failing(StatusError(429, body, {"retry-after": "7"}))).receive()
    error = caught.value
    assert (error.phase, error.status, error.code, error.retry_after_s) == ("request", 429, "rate_limit_error", 7.0)


async def test_any_other_exception_is_a_torn_stream() -> None:
    with pytest.raises(WireError, match="the stream failed: OSError: gone") as caught:
        await pieces_of(SdkStream(CREATED, OSError("gone")))
    assert (caught.value.kind, caught.value.retryable) == ("torn", True)


async def test_closing_closes_the_client_s_stream_and_not_only_what_reads_it() -> None:
    stream = SdkStream(CREATED, CREATED)
    foreign = ForeignStream(given(stream))
    await foreign.receive()
    await foreign.close()
    assert stream.closed == 1


async def test_closing_what_was_never_awaited_leaves_no_complaint() -> None:
    await ForeignStream(given(SdkStream())).close()  # "was never awaited" would fail this test


async def test_closing_a_generator_runs_its_end() -> None:
    ended: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        try:
            yield b"data"
        finally:
            ended.append("yes")

    foreign = ForeignStream(body())
    await foreign.receive()
    await foreign.close()
    assert ended == ["yes"]
