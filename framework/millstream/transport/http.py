"""HTTP on httpx2: the only home of httpx2. Bytes of the response in, its errors as `WireError`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Self

import anyio

from millstream.errors import ModelError
from millstream.transport import exchange
from millstream.transport.exchange import is_loopback
from millstream.transport.seam import CLOSE_TIMEOUT_S, Request

if TYPE_CHECKING:
    import ssl

    import httpx2


class HttpTransport:
    """Requests over HTTP/1.1, with a connection pool of its own or a client of yours.

    HTTP/2 is never asked for: httpx2 (2.16) does not reset the stream of a response that is given up, so that after a
    cancellation the provider would go on writing, and charging.

    Args:
        client: an `httpx2.AsyncClient` to use and to leave open; its proxies, certificates and headers apply.
    """

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._given = client
        self._client = client  # one of our own is made for the first request
        self._entered = 0  # how often: runs at the same time may share it

    async def __aenter__(self) -> Self:
        self._entered += 1
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._entered -= 1
        if not self._entered and self._given is None and self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_HttpResponse]:
        """Send a request and give its response; see `transport.seam.Transport`."""
        import httpx2

        exchange.check_offline(request.url)
        if not self._entered:
            message = "the transport was not entered"
            raise RuntimeError(message)
        if self._client is None:
            self._client = _client_for(request.url)
        if self._client.is_closed:
            raise ModelError("the client= of the Model is closed: keep it open for as long as the model is used")
        content = exchange.content_of(request)
        headers = await exchange.headers_of(request, content)
        timeout = httpx2.Timeout(None, connect=request.connect_timeout_s)
        try:
            built = self._client.build_request(
                request.method, request.url, content=content, headers=headers, timeout=timeout
            )
            response = await self._client.send(built, stream=True)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise exchange.bad_url(error) from error
        except httpx2.TransportError as error:
            raise exchange.no_connection(request.url, error) from error
        incoming = _HttpResponse(response)
        try:
            if response.status_code != exchange.OK:
                raise await exchange.refusal(response.status_code, response.headers, incoming.receive)
            yield incoming
        finally:
            await incoming.aclose()


def check_client(client: object) -> None:
    """Whether requests can travel on this client.

    Raises:
        ModelError: it is something else, an SDK's client or one that blocks.
    """
    import httpx2

    if not isinstance(client, httpx2.AsyncClient):
        name = f"{type(client).__module__.partition('.')[0]}.{type(client).__name__}"
        message = f"client= takes an httpx2.AsyncClient, not a {name}: with an SDK's client use a ToolRunner"
        raise ModelError(message)


class _HttpResponse:
    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._pieces = response.aiter_bytes()

    async def receive(self) -> bytes:
        """The next piece of the body."""
        import httpx2

        try:
            return await anext(self._pieces, b"")
        except httpx2.DecodingError as error:
            raise exchange.undecodable(error) from error
        except httpx2.TransportError as error:
            raise exchange.broken(error) from error

    async def aclose(self) -> None:
        """Give the connection back where the body was read to its end, else close it, also when we are cancelled."""
        import httpx2

        with anyio.move_on_after(CLOSE_TIMEOUT_S, shield=True):
            await self._response.aclose()
            # httpx2's generators do not close one another: each ends by itself once it finds the connection closed
            with suppress(httpx2.HTTPError, httpx2.StreamError):
                async for _ in self._pieces:
                    pass


def _client_for(url: str) -> httpx2.AsyncClient:
    import httpx2

    local = is_loopback(url)
    plain = local and url.startswith("http:")  # asked without certificates, which take 0.2 s to load
    # Our own clocks watch the response; httpx2's would count pings and forget progress. A run that had to wait for a
    # free connection would look like a provider that is silent, so there is no limit on them.
    try:
        return httpx2.AsyncClient(
            verify=False if plain else ssl_context("httpx2"),
            trust_env=not local,
            timeout=httpx2.Timeout(None),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        )
    except (ValueError, ImportError) as error:  # an address that is none, a SOCKS proxy without its package
        raise exchange.bad_proxy(error) from error


@cache
def ssl_context(library: str) -> ssl.SSLContext:
    """One context for all clients of a kind: loading the certificates costs more than a whole run.

    Not one for all kinds: a client writes into it which protocols it speaks.
    """
    import httpx2

    context = httpx2.create_ssl_context()
    if library == "websocket":
        context.set_alpn_protocols(["http/1.1"])  # httpx2 may agree on HTTP/2, which has no upgrade
    return context
