"""`Fetch`: GET of a URL of one of the origins its owner allows, and of no other.

The URL is read by the parser of the client that will connect, so that both mean the same host. Redirects are not
followed, and nothing is taken from the environment: no proxy, no credentials.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import httpx2

from millstream import Retry, Toolbox, ToolContext, ToolError, UsageError, tool
from millstream_tools.http_body import ContentType, decode

Origin: TypeAlias = tuple[str, bytes, int]
"""Scheme, host as it goes over the wire, port."""

_PORTS: Final = {"http": 80, "https": 443}
_MAX_URL_CHARS: Final = 2000
_MAX_REFUSAL_BYTES: Final = 16 * 1024
_SHOWN_CHARS: Final = 500
_PROGRESS_BYTES: Final = 16 * 1024
# Not compressed: a small body that grows a thousandfold would defeat the cap.
_HEADERS: Final = {"accept-encoding": "identity", "user-agent": "millstream-tools"}


class Unavailable(ToolError):
    """The server could not be reached, broke off or answered 5xx: another try may succeed."""


class Fetch(Toolbox):
    """The tool `fetch`, for the origins that are allowed.

    Args:
        allowed: each scheme, host and port: "https://api.example.com", "http://127.0.0.1:8080".
        max_bytes: what is read of a body; of a longer one the result holds the head, and says so.
        timeout_s: seconds for one try.
        attempts: how often a server that is unavailable is tried in all.
        first_wait_s: the pause before the second try; it doubles with every further one.

    Raises:
        UsageError: an origin is none.
    """

    def __init__(
        self,
        allowed: Iterable[str],
        *,
        max_bytes: int = 1024 * 1024,
        timeout_s: float = 20.0,
        attempts: int = 3,
        first_wait_s: float = 0.2,
    ) -> None:
        self._allowed = {_allowed_origin(origin): origin.rstrip("/") for origin in allowed}
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        # Loading the certificates takes long enough to hold up other tools: once, here. Without, nobody is trusted.
        secure = any(scheme == "https" for scheme, _, _ in self._allowed)
        self._tls = httpx2.create_ssl_context(trust_env=False) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        terms = tool(
            read_only=True,
            timeout_s=timeout_s,
            retry=Retry(attempts=attempts, first_wait_s=first_wait_s, on=(Unavailable,)),
            description=f"Fetch a URL with GET. Only URLs that begin with {self._listed()} are allowed.",
        )
        super().__init__([terms(self.fetch)])

    async def fetch(self, url: str, ctx: ToolContext[Any]) -> dict[str, Any]:
        """Fetch a URL with GET: its status, content type, and body as text or JSON.

        Args:
            url: the whole URL, with scheme and host.
            ctx: filled by the run.
        """
        target = self._target(url)
        try:
            async with (
                httpx2.AsyncClient(
                    headers=_HEADERS, verify=self._tls, timeout=self._timeout_s, trust_env=False, follow_redirects=False
                ) as client,
                client.stream("GET", target) as response,
            ):
                return await self._read(response, ctx)
        except httpx2.TransportError as error:
            raise Unavailable(f"{target.host} could not be reached or broke off: {type(error).__name__}") from error

    async def _read(self, response: httpx2.Response, ctx: ToolContext[Any]) -> dict[str, Any]:
        if not response.is_success:
            raise await _refusal(response)
        type_ = ContentType(response.headers.get("content-type", ""))
        encoding = response.headers.get("content-encoding", "identity")
        if encoding != "identity" or not type_.is_text:
            raise ToolError(f"the body is {type_.media_type or 'of no type'}, encoded {encoding}: it can not be read")
        length = response.headers.get("content-length", "")
        total = int(length) if length.isdecimal() else None
        body = await _head(response, self._max_bytes, lambda done: ctx.progress(done, total, "bytes"))
        whole = len(body) <= self._max_bytes
        if whole:
            ctx.progress(len(body), len(body), "bytes")
        return {
            "status": response.status_code,
            "content_type": type_.media_type,
            "body": decode(body[: self._max_bytes], type_, whole=whole),
            "truncated": not whole,
        }

    def _target(self, url: str) -> httpx2.URL:
        """The URL, if it is allowed."""
        if len(url) > _MAX_URL_CHARS:
            raise ToolError(f"the URL has {len(url)} characters, at most {_MAX_URL_CHARS} are allowed")
        try:
            target = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise ToolError(f"that is no URL: {error}") from error
        if target.userinfo or _origin(target) not in self._allowed:
            raise ToolError(f"that URL is not allowed; allowed are URLs that begin with {self._listed()}")
        return target

    def _listed(self) -> str:
        return " or ".join(f"{origin}/" for origin in self._allowed.values()) or "nothing"


async def _head(response: httpx2.Response, most: int, progress: Callable[[int], None] | None = None) -> bytes:
    """A body; of one longer than `most` one byte more than that, so that it can be told."""
    body = bytearray()
    told = 0
    try:
        async for piece in response.aiter_raw():
            body += piece[: most + 1 - len(body)]
            if len(body) > most:
                await response.aclose()  # and no break: a generator of httpx2 that is left unfinished troubles trio
            elif progress is not None and len(body) - told >= _PROGRESS_BYTES:
                told = len(body)
                progress(told)
    except httpx2.TransportError:
        if len(body) <= most:
            raise
    return bytes(body)


async def _refusal(response: httpx2.Response) -> ToolError:
    """What an answer other than 2xx means, with the head of what it says."""
    status = response.status_code
    if response.has_redirect_location:
        where = response.headers["location"][:_SHOWN_CHARS]
        return ToolError(f"the server answered {status} and redirects to {where}; redirects are not followed")
    said = ""
    type_ = ContentType(response.headers.get("content-type", ""))
    if type_.is_text and "content-encoding" not in response.headers:
        body = await _head(response, _MAX_REFUSAL_BYTES)
        said = f": {decode(body, type_, whole=False)[:_SHOWN_CHARS]}" if body else ""
    failed = Unavailable if response.is_server_error else ToolError
    return failed(f"the server answered {status}{said}")


def _allowed_origin(text: str) -> Origin:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise UsageError(f'"{text}" is no origin: {error}') from error
    if url.scheme not in _PORTS or not url.host or url.userinfo or url.query or url.fragment or url.path != "/":
        raise UsageError(f'"{text}" is no origin: write scheme, host and port only, as in "https://api.example.com"')
    return _origin(url)


def _origin(url: httpx2.URL) -> Origin:
    return url.scheme, url.raw_host, url.port or _PORTS.get(url.scheme, 0)
