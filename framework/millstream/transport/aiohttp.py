"""HTTP on aiohttp, for those who ask for it: the only home of aiohttp. asyncio only; its parser is compiled.

Bytes of the response in, its errors as `WireError`, the same as those of `transport.http`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

from millstream.errors import ModelError
from millstream.transport import exchange
from millstream.transport.http import ssl_context
from millstream.transport.seam import Request

if TYPE_CHECKING:
    import aiohttp


class AiohttpTransport:
    """Requests over HTTP/1.1 on aiohttp, with a connection pool of its own or a session of yours.

    Args:
        session: an `aiohttp.ClientSession` to use and to leave open; its proxies, certificates and headers apply.

    Raises:
        ModelError: entered under trio.
    """

    def __init__(self, session: aiohttp.ClientSession | None = None) -> None:
        self._given = session
        self._session = session  # one of our own is made for the first request
        self._entered = 0  # how often: runs at the same time may share it

    async def __aenter__(self) -> Self:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise ModelError('transport="aiohttp" works on asyncio only: leave it out under trio') from None
        self._entered += 1
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._entered -= 1
        if not self._entered and self._given is None and self._session is not None:
            session, self._session = self._session, None
            await session.close()

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_AiohttpResponse]:
        """Send a request and give its response; see `transport.seam.Transport`."""
        import aiohttp
        from yarl import URL

        exchange.check_offline(request.url)
        if not self._entered:
            message = "the transport was not entered"
            raise RuntimeError(message)
        if self._session is None:
            self._session = _session_for(request.url)
        if self._session.closed:
            raise ModelError("the session of the AiohttpTransport is closed: keep it open for as long as it is used")
        content = exchange.content_of(request)
        headers = await exchange.headers_of(request, content)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=request.connect_timeout_s)
        try:
            url = URL(request.url, encoded=request.url.isascii())
            response = await self._session.request(
                request.method, url, data=content, headers=headers, allow_redirects=False, timeout=timeout
            )
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise exchange.bad_url(error) from error
        except (aiohttp.ClientError, OSError) as error:  # its timeouts are an OSError
            raise exchange.no_connection(request.url, error) from error
        incoming = _AiohttpResponse(response)
        try:
            if response.status != exchange.OK:
                raise await exchange.refusal(response.status, response.headers, incoming.receive)
            yield incoming
        finally:
            response.release()  # gives the connection back where the body was read to its end, else closes it


class _AiohttpResponse:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._content = response.content

    async def receive(self) -> bytes:
        """The next piece of the body."""
        import aiohttp

        try:
            return await self._content.readany()
        except aiohttp.ClientPayloadError as error:
            if _is_of_the_encoding(error):
                raise exchange.undecodable(error) from error
            raise exchange.broken(error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise exchange.broken(error) from error


def _is_of_the_encoding(error: Exception) -> bool:
    from aiohttp.http_exceptions import ContentEncodingError

    return isinstance(error.__cause__, ContentEncodingError)


def _session_for(url: str) -> aiohttp.ClientSession:
    import aiohttp

    local = exchange.is_loopback(url)
    plain = local and url.startswith("http:")  # asked without certificates, which take 0.2 s to load
    # as with httpx2: our own clocks watch the response, and no run waits for a free connection
    connector = aiohttp.TCPConnector(limit=0, ssl=True if plain else ssl_context("aiohttp"))
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=not local,
        timeout=aiohttp.ClientTimeout(total=None),
    )
