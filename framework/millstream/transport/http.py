"""HTTP on httpx2: the only home of httpx2. Bytes of the response in, its errors as `WireError`."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, Self

import anyio

from millstream.errors import ModelError, WireError
from millstream.transport.seam import Request
from millstream.wire.refusal import error_from_body, torn

if TYPE_CHECKING:
    import ssl

    import httpx2

_MAX_ERROR_BODY: Final = 64 * 1024
_OK: Final = 200
_CLOSE_TIMEOUT_S: Final = 1.0  # a peer that does not answer must not hold up whoever leaves


class HttpTransport:
    """Requests over HTTP/1.1, with a connection pool of its own or a client of yours.

    Args:
        client: an `httpx2.AsyncClient` to use and to leave open; its proxies, certificates and headers apply.
    """

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._given = client
        self._client = client  # one of our own is made for the first request
        self._entered = False

    async def __aenter__(self) -> Self:
        self._entered = True
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._entered = False
        if self._given is None and self._client is not None:
            await self._client.aclose()
            self._client = None

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_HttpResponse]:
        """Send a request and give its response; see `transport.seam.Transport`."""
        import httpx2

        check_offline(request.url)
        if not self._entered:
            message = "the transport was not entered"
            raise RuntimeError(message)
        if self._client is None:
            self._client = _client_for(request.url)
        if self._client.is_closed:
            raise ModelError("the client= of the Model is closed: keep it open for as long as the model is used")
        content = None if request.method == "GET" else written(request.body)
        timeout = httpx2.Timeout(None, connect=request.connect_timeout_s)
        headers = {"content-type": "application/json", **request.format_headers, **request.headers}
        try:
            built = self._client.build_request(
                request.method, request.url, content=content, headers=headers, timeout=timeout
            )
            response = await self._client.send(built, stream=True)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise ModelError(f"the base URL can not be used: {error}. Write it as https://host/v1") from error
        except (httpx2.LocalProtocolError, UnicodeEncodeError):
            # from None: the text of these errors holds the header, and that may be the key
            raise ModelError("a header can not be sent: look for line breaks in headers= of the Model") from None
        except httpx2.TransportError as error:
            message = f"no connection to {host_of(request.url)}: {_text(error)}"
            hint = "Check the base URL, and that the server runs."
            raise WireError(message, phase="connect", retryable=True, hint=hint) from error
        incoming = _HttpResponse(response)
        try:
            if response.status_code != _OK:
                raise await _refused(response, incoming)
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
            raise WireError(f"the response can not be decompressed: {error}", kind="protocol") from error
        except httpx2.TransportError as error:
            raise torn(f"the connection broke: {_text(error)}") from error

    async def aclose(self) -> None:
        """Give the connection back where the body was read to its end, else close it, also when we are cancelled."""
        import httpx2

        with anyio.move_on_after(_CLOSE_TIMEOUT_S, shield=True):
            await self._response.aclose()
            # httpx2's generators do not close one another: each ends by itself once it finds the connection closed
            with suppress(httpx2.HTTPError, httpx2.StreamError):
                async for _ in self._pieces:
                    pass


async def _refused(response: httpx2.Response, incoming: _HttpResponse) -> WireError:
    body = bytearray()
    with suppress(WireError):  # the status alone says enough
        while len(body) < _MAX_ERROR_BODY and (piece := await incoming.receive()):
            body += piece[: _MAX_ERROR_BODY - len(body)]
    error = error_from_body(bytes(body), status=response.status_code, phase="request")
    error.bytes_seen = len(body)
    error.retry_after_s = retry_after_s(response.headers)
    advice = response.headers.get("x-should-retry", "")  # OpenAI's word on it, which its own clients follow
    error.retryable = advice == "true" if advice in ("true", "false") else error.retryable
    if 300 <= response.status_code < 400:  # noqa: PLR2004  the statuses of redirects
        error.hint = f"It redirects to {response.headers.get('location', 'nowhere')}; redirects are not followed."
    return error


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long a provider asks to wait, in seconds (RFC 9110 §10.2.3, and OpenAI's `retry-after-ms`)."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            return max(0.0, float(value) * scale)
        except ValueError:
            pass
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _client_for(url: str) -> httpx2.AsyncClient:
    import httpx2

    plain = is_loopback(url) and url.startswith("http:")  # asked without certificates, which take 0.2 s to load
    # Our own clocks watch the response; httpx2's would count pings and forget progress. A run that had to wait for a
    # free connection would look like a provider that is silent, so there is no limit on them.
    return httpx2.AsyncClient(
        verify=False if plain else _ssl_context(),
        trust_env=not plain,
        timeout=httpx2.Timeout(None),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
    )


@cache
def websocket_ssl_context() -> ssl.SSLContext:
    """As for HTTP, with a word of its own on the protocol: httpx2 may agree on HTTP/2, which has no upgrade."""
    import httpx2

    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@cache
def _ssl_context() -> ssl.SSLContext:
    """One context for all clients: loading the certificates costs more than a whole run."""
    import httpx2

    return httpx2.create_ssl_context()


def written(body: Mapping[str, Any]) -> bytes:
    """A request body as JSON text.

    Raises:
        ModelError: it holds what is no JSON value.
    """
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode(errors="replace")
    except (TypeError, ValueError) as error:
        raise ModelError(f"the request can not be written as JSON: {error}. Look at settings= of the Model") from error


def _text(error: Exception) -> str:
    """What a network error says; some say nothing."""
    return str(error) or type(error).__name__


def host_of(url: str) -> str:
    """The host and port of a URL, to be told of."""
    return url.split("/")[2] if "//" in url else url


def check_offline(url: str) -> None:
    """Whether that server may be asked.

    Raises:
        ModelError: MILLSTREAM_OFFLINE is set, and it is not on this machine.
    """
    if os.environ.get("MILLSTREAM_OFFLINE", "") not in ("", "0") and not is_loopback(url):
        message = f"MILLSTREAM_OFFLINE is set and {host_of(url)} is a real model"
        raise ModelError(f"{message}: override it with a ScriptedModel, or unset it")


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine only."""
    from urllib.parse import urlsplit

    host: Any = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
