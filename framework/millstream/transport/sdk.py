"""Bring your own client: a stream of bytes, of messages, or of an SDK's event objects as an incoming response.

Nothing of any SDK is imported: an event object is anything that can say what it is as a dict.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable, Mapping
from http import HTTPStatus
from inspect import isawaitable
from typing import Any, Final, TypeAlias, cast

import anyio

from millstream.errors import UsageError, WireError
from millstream.events.values import is_object
from millstream.transport.advice import follow_advice
from millstream.transport.seam import CLOSE_TIMEOUT_S, Chunk
from millstream.wire.guess import api_of_message
from millstream.wire.refusal import error_from_object, error_in, torn

_DUMPS: Final[Mapping[str, Mapping[str, bool]]] = {
    "to_dict": {},
    "model_dump": {"by_alias": True, "exclude_none": True},
}
"""How an event object says what it is, in the names of the wire and without what was not sent: the models of openai and
of most SDKs do so by themselves, pydantic's are told to. No warnings: openai's helpers fill models with others."""

Stream: TypeAlias = AsyncIterable[Any] | Awaitable[AsyncIterable[Any]]
"""Pieces of a body, messages or event objects; or what a client's coroutine function returned, not yet awaited."""


class ForeignStream:
    """Somebody else's stream as `transport.seam.Incoming`. `close` it when it is not read to its end.

    Raises:
        UsageError: it can not be read with `async for`, nor awaited for something that can.
    """

    def __init__(self, stream: Stream) -> None:
        _check_stream(stream)
        self._stream = stream
        self._opened: AsyncIterable[Any] | None = None
        self._pieces: AsyncIterator[Any] | None = None
        self._first: list[Chunk] = []

    async def api(self) -> str:
        """The wire format, told from the first message.

        Raises:
            UsageError: it can not be told, as from plain bytes.
        """
        first = await self._take()
        self._first.append(first)
        if not isinstance(first, Mapping):
            raise UsageError('a stream of bytes does not say what it is: drive(stream, api="openai-responses"), say')
        api = api_of_message(first)
        if api is not None:
            return api
        kind = str(first.get("type", ""))
        if kind in ("error", "keepalive"):
            return "openai-responses"
        if kind == "ping":
            return "anthropic-messages"
        if first.get("type") == "chunk":
            message = "these events are made by the SDK's helper, not by the provider: ask with create(…, stream=True)"
            raise UsageError(message)
        raise UsageError(f"the stream's first message is of no known format, its keys are {sorted(first)}: pass api=")

    async def receive(self) -> Chunk:
        """The next piece; `b""` when there is no more."""
        return self._first.pop() if self._first else await self._take()

    async def close(self) -> None:
        """Close the stream, where its owner has a way to do that."""
        for holder in (self._pieces, self._opened, self._stream):  # closing one does not close what it reads from
            closing = getattr(holder, "aclose", None) or getattr(holder, "close", None)
            if closing is not None:
                with anyio.CancelScope(shield=True), anyio.move_on_after(CLOSE_TIMEOUT_S):
                    result = closing()
                    if isawaitable(result):
                        await result

    async def _take(self) -> Chunk:
        if self._pieces is None:
            self._pieces = aiter(await self._open())
        try:
            piece = await anext(self._pieces, None)
        except Exception as error:
            raise _failure(error) from error
        return b"" if piece is None else _chunk(piece)

    async def _open(self) -> AsyncIterable[Any]:
        try:
            opened: Any = await self._stream if isawaitable(self._stream) else self._stream
        except Exception as error:
            raise _failure(error) from error
        if not hasattr(opened, "__aiter__"):
            raise UsageError(f"the call gave a {type(opened).__name__}, not a stream: ask with stream=True")
        stream: AsyncIterable[Any] = opened
        self._opened = stream
        return stream


def _check_stream(stream: object) -> None:
    if isinstance(stream, AsyncIterable) or isawaitable(stream):
        return
    name = type(stream).__name__
    if hasattr(stream, "__aenter__"):
        raise UsageError(f"enter the {name} first: async with … as stream: async for event in runner.drive(stream)")
    if isinstance(stream, Iterable):
        message = f"a {name} is read with a plain for, which would hold up every tool: ask with an async client"
        raise UsageError(f"{message} (AsyncOpenAI, AsyncAnthropic)")
    raise UsageError(f"a {name} is no stream: give an async iterable of bytes, dicts or an SDK's events")


def _failure(error: Exception) -> WireError:
    """What a client raised; an SDK's exceptions hold what the provider said, and the answer it came in.

    Some hold only the error of it, some all (Anthropic's); and for an error within a stream Anthropic's gives the
    status with which the stream began, which was 200.
    """
    status: object = getattr(error, "status_code", getattr(error, "code", None))
    said: object = getattr(error, "body", getattr(error, "details", None))  # google-genai's `code` and `details`
    said = (error_in(said) or said) if is_object(said) else said
    if not isinstance(status, int) or status < HTTPStatus.BAD_REQUEST:
        if is_object(said):
            return error_from_object(said)
        return torn(f"the stream failed: {type(error).__name__}: {error}")
    failure = error_from_object(said or str(error), status=status, phase="request")
    failure.hint = ""  # ours speaks of a Model, and the client is not ours
    headers: object = getattr(getattr(error, "response", None), "headers", None)
    if isinstance(headers, Mapping):
        follow_advice(failure, cast("Mapping[str, str]", headers))
    return failure


def _chunk(piece: object) -> Chunk:
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, bytes | bytearray):
        return bytes(piece)
    if is_object(piece):
        return piece
    for name, options in _DUMPS.items():
        dump: Any = getattr(piece, name, None)
        if dump is not None:
            dumped: Mapping[str, Any] = dump(mode="json", warnings=False, **options)
            return dumped
    raise UsageError(f"a stream of {type(piece).__name__} can not be read: give bytes, dicts or an SDK's events")
