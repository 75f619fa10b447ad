"""Bring your own client: a stream of bytes, of messages, or of an SDK's event objects as an incoming response.

Nothing of any SDK is imported: an event object is anything that can say what it is as a dict.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Mapping
from inspect import isawaitable
from typing import Any, TypeAlias

import anyio

from millstream.errors import UsageError
from millstream.events.values import is_object
from millstream.transport.seam import Chunk
from millstream.wire.refusal import torn

Stream: TypeAlias = AsyncIterable[Any] | Awaitable[AsyncIterable[Any]]
"""Pieces of a body, messages or event objects; or what a client's coroutine function returned, not yet awaited."""


class ForeignStream:
    """Somebody else's stream as `transport.seam.Incoming`. `close` it when it is not read to its end."""

    def __init__(self, stream: Stream) -> None:
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
        if "choices" in first or str(first.get("object", "")).startswith("chat.completion"):
            return "openai-chat"
        if str(first.get("type", "")).startswith(("response.", "error", "keepalive")):
            return "openai-responses"
        raise UsageError(f"the stream's first message is of no known format, its keys are {sorted(first)}: pass api=")

    async def receive(self) -> Chunk:
        """The next piece; `b""` when there is no more."""
        return self._first.pop() if self._first else await self._take()

    async def close(self) -> None:
        """Close the stream, where its owner has a way to do that."""
        for holder in (self._pieces, self._opened):
            for name in ("aclose", "close"):
                closing = getattr(holder, name, None)
                if closing is not None:
                    with anyio.CancelScope(shield=True), anyio.move_on_after(1):
                        result = closing()
                        if isawaitable(result):
                            await result
                    return

    async def _take(self) -> Chunk:
        try:
            if self._pieces is None:
                opened: Any = await self._stream if isawaitable(self._stream) else self._stream
                self._opened = opened
                self._pieces = aiter(opened)
            piece = await anext(self._pieces, None)
        except Exception as error:
            message = f"the stream failed: {type(error).__name__}: {error}"
            raise torn(message) from error
        return b"" if piece is None else _chunk(piece)


def _chunk(piece: object) -> Chunk:
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, bytes | bytearray):
        return bytes(piece)
    if is_object(piece):
        return piece
    for name in ("to_dict", "model_dump"):  # openai's models, pydantic's
        dump: Any = getattr(piece, name, None)
        if dump is not None:
            dumped: Mapping[str, Any] = dump(mode="json")
            return dumped
    raise UsageError(f"a stream of {type(piece).__name__} can not be read: give bytes, dicts or an SDK's events")
