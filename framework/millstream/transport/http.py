"""HTTP on httpx2: the only home of httpx2. Bytes of the response in, its errors as `WireError`."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, Self

from millstream.errors import ModelError, WireError
from millstream.transport.seam import Chunk, Request
from millstream.wire.refusal import error_from_body

if TYPE_CHECKING:
    import ssl

    import httpx2

_MAX_ERROR_BODY: Final = 64 * 1024
_OK: Final = 200


class HttpTransport:
    """Requests over HTTP/1.1, with a connection pool of its own or a client of yours.

    Args:
        client: an `httpx2.AsyncClient` to use and to leave open; its proxies, certificates and headers apply.
    """

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._given = client
        self._client = client

    async def __aenter__(self) -> Self:
        import httpx2

        if self._given is None:
            # Our own clocks watch the response; httpx2's would count pings and forget progress.
            self._client = httpx2.AsyncClient(verify=_ssl_context(), timeout=httpx2.Timeout(None))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._given is None and self._client is not None:
            await self._client.aclose()
            self._client = None

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_HttpResponse]:
        """Send a request and give its response; see `transport.seam.Transport`."""
        import httpx2

        _check_offline(request.url)
        if self._client is None:
            message = "the transport was not entered"
            raise RuntimeError(message)
        timeout = httpx2.Timeout(None, connect=request.connect_timeout_s)
        try:
            built = self._client.build_request(
                "POST",
                request.url,
                content=json.dumps(request.body, ensure_ascii=False, allow_nan=False).encode(errors="replace"),
                headers={"content-type": "application/json", "accept": "text/event-stream", **request.headers},
                timeout=timeout,
            )
            response = await self._client.send(built, stream=True)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise ModelError(f"the base URL can not be used: {error}. Write it as https://host/v1") from error
        except httpx2.TransportError as error:
            message = f"no connection to {_host(request.url)}: {error or type(error).__name__}"
            raise WireError(message, phase="connect", retryable=True) from error
        try:
            if response.status_code != _OK:
                raise await _refused(response)
            yield _HttpResponse(response)
        finally:
            await response.aclose()


class _HttpResponse:
    def __init__(self, response: httpx2.Response) -> None:
        self._pieces = response.aiter_bytes()

    async def receive(self) -> Chunk:
        """The next piece of the body."""
        import httpx2

        try:
            return await anext(self._pieces, b"")
        except httpx2.DecodingError as error:
            raise WireError(f"the response can not be decompressed: {error}", kind="protocol") from error
        except httpx2.TransportError as error:
            message = f"the connection broke: {error or type(error).__name__}"
            raise WireError(message, kind="torn", retryable=True) from error


async def _refused(response: httpx2.Response) -> WireError:
    import httpx2

    body = bytearray()
    try:
        async for piece in response.aiter_bytes():
            body += piece[: _MAX_ERROR_BODY - len(body)]
            if len(body) >= _MAX_ERROR_BODY:
                break
    except (httpx2.TransportError, httpx2.DecodingError):
        pass  # the status alone says enough
    error = error_from_body(bytes(body), status=response.status_code, phase="request")
    error.bytes_seen = len(body)
    error.retry_after_s = retry_after_s(response.headers)
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


@cache
def _ssl_context() -> ssl.SSLContext:
    """One context for all clients: loading the certificates costs more than a whole run."""
    import httpx2

    return httpx2.create_ssl_context()


def _host(url: str) -> str:
    return url.split("/")[2] if "//" in url else url


def _check_offline(url: str) -> None:
    if os.environ.get("MILLSTREAM_OFFLINE", "") not in ("", "0") and not is_loopback(url):
        raise ModelError(
            f"MILLSTREAM_OFFLINE is set and {_host(url)} is a real model: override it with a ScriptedModel, or unset it"
        )


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
