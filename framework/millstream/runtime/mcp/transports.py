"""How a server is reached: a child process, or streamable HTTP; each as the package mcp wants its transports.

Imports mcp and httpx2: on first use, with `load`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import Any, Self, TextIO

import anyio

from millstream.errors import UsageError
from millstream.limits import Limits
from millstream.toolbox.mcp import MCPServer


def load() -> None:
    """Import the package now, so that no run waits for it.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import_module("mcp.client.client")
    except ModuleNotFoundError as error:
        if error.name != "mcp":
            raise
        raise UsageError("MCPServer needs the package mcp: pip install 'millstream[mcp]'") from error


class WatchedPipe:
    """A child process as a transport that tells of its end: the package itself tells only who waits for an answer."""

    def __init__(self, server: MCPServer, stderr: TextIO) -> None:
        from mcp.client.stdio import StdioServerParameters, stdio_client

        command, *args = server.command
        parameters = StdioServerParameters(
            command=command, args=args, env=dict(server.env or {}), cwd=server.cwd, encoding_error_handler="replace"
        )
        self.ended = anyio.Event()
        """Set once the child has closed its output."""
        self._inner: AbstractAsyncContextManager[tuple[Any, Any]] = stdio_client(parameters, errlog=stderr)

    async def __aenter__(self) -> tuple[Any, Any]:
        read, write = await self._inner.__aenter__()
        return _WatchedStream(read, self.ended), write

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, traceback)


class _WatchedStream:
    """A stream of messages that sets an event at its end."""

    def __init__(self, inner: Any, ended: anyio.Event) -> None:
        self._inner = inner
        self._ended = ended

    async def receive(self) -> Any:
        return await self._inner.receive()

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._inner.__anext__()
        except StopAsyncIteration:
            self._ended.set()
            raise

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        left: bool | None = await self._inner.__aexit__(kind, error, traceback)
        return left


class Http:
    """Streamable HTTP as a transport, with the headers of the server and our limits."""

    def __init__(self, server: MCPServer, limits: Limits) -> None:
        self._server = server
        self._limits = limits
        self._open = AsyncExitStack()

    async def __aenter__(self) -> tuple[Any, Any]:
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        server, limits = self._server, self._limits
        # a tool may be silent for as long as it may take; the call itself is stopped by its own deadline
        read_s = server.timeout_s or limits.tool_timeout_s
        timeout = httpx2.Timeout(limits.connect_timeout_s, read=read_s + limits.connect_timeout_s)
        async with AsyncExitStack() as stack:
            hook = partial(_bound, max_bytes=limits.max_message_bytes)
            hooks: dict[str, list[Callable[..., Any]]] = {"response": [hook]}
            client = await stack.enter_async_context(
                httpx2.AsyncClient(headers=dict(server.headers or {}), timeout=timeout, event_hooks=hooks)
            )
            streams = await stack.enter_async_context(
                streamable_http_client(
                    str(server.address), http_client=client, max_sse_event_size=limits.max_message_bytes
                )
            )
            self._open = stack.pop_all()
        return streams

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._open.__aexit__(kind, error, traceback)


async def _bound(response: Any, max_bytes: int) -> None:
    """Have the body of an answer end with an error where it is too long: the package reads it whole.

    The events of a stream are bounded one by one.
    """
    if not response.headers.get("content-type", "").startswith("text/event-stream"):
        response.stream = _bounded_stream(response.stream, max_bytes)


def _bounded_stream(inner: Any, max_bytes: int) -> Any:
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = max_bytes
            async for piece in inner:
                left -= len(piece)
                if left < 0:
                    raise httpx2.StreamError(f"the answer is longer than {max_bytes} bytes (Limits.max_message_bytes)")
                yield piece

        async def aclose(self) -> None:
            await inner.aclose()

    return Bounded()
