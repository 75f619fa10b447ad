"""One HTTP exchange in no library's words: what is sent, and what its failures are called.

Every HTTP transport uses these, so that an error says the same whoever carried the bytes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from millstream.errors import ModelError, WireError
from millstream.transport.advice import follow_advice
from millstream.transport.seam import Request
from millstream.wire.refusal import error_from_body, torn

OK: Final = 200
_MAX_ERROR_BODY: Final = 64 * 1024
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e\t]*")


def content_of(request: Request) -> bytes:
    """The body as it is sent; nothing for a GET.

    Raises:
        ModelError: it can not be written as JSON.
    """
    return b"" if request.method == "GET" else written(request.body)


def written(body: Mapping[str, Any]) -> bytes:
    """A request body as JSON text.

    Raises:
        ModelError: it holds what is no JSON value.
    """
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode(errors="replace")
    except (TypeError, ValueError) as error:
        raise ModelError(f"the request can not be written as JSON: {error}. Look at settings= of the Model") from error


async def headers_of(request: Request, content: bytes) -> dict[str, str]:
    """The headers as they are sent with `content`: those of the wire, of the model over them, and a signature.

    Raises:
        ModelError: one can not be sent. It is not shown, because it may be the key.
        WireError: there was nothing to sign with in time.
    """
    headers = {"content-type": "application/json", **request.format_headers, **request.headers}
    if not all(_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value) for name, value in headers.items()):
        raise ModelError("a header can not be sent: look for line breaks in headers= of the Model")
    if request.signer is None:
        return headers
    sign = partial(request.signer.sign, request.url, content, headers)  # it may read files, run a program, ask a server
    with anyio.move_on_after(request.connect_timeout_s):
        return headers | dict(await anyio.to_thread.run_sync(sign, abandon_on_cancel=True))
    message = f"there were no credentials to sign with within {request.connect_timeout_s:g} s"
    hint = "Look at what gives them: a credential_process, single sign-on, the metadata of a machine."
    raise WireError(message, phase="connect", retryable=True, hint=hint)


def check_offline(url: str) -> None:
    """Whether this URL may be asked.

    Raises:
        ModelError: MILLSTREAM_OFFLINE is set, and it leads beyond this machine.
    """
    if os.environ.get("MILLSTREAM_OFFLINE", "") not in ("", "0") and not is_loopback(url):
        message = f"MILLSTREAM_OFFLINE is set and {host_of(url)} is a real model"
        raise ModelError(f"{message}: override it with a ScriptedModel, or unset it")


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine only."""
    host: Any = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def bad_url(error: Exception) -> ModelError:
    """The URL is none."""
    return ModelError(f"the base URL can not be used: {error}. Write it as https://host/v1")


def bad_proxy(error: Exception) -> ModelError:
    """The proxy that the environment names can not be used."""
    return ModelError(f"the proxy of the environment can not be used: {error}. Look at HTTPS_PROXY and ALL_PROXY")


def no_connection(url: str, error: Exception) -> WireError:
    """The server could not be reached, or broke off before it answered."""
    message = f"no connection to {host_of(url)}: {_text(error)}"
    return WireError(message, phase="connect", retryable=True, hint="Check the base URL, and that the server runs.")


def broken(error: Exception) -> WireError:
    """The connection broke within the body."""
    return torn(f"the connection broke: {_text(error)}")


def undecodable(error: Exception) -> WireError:
    """The body is not compressed as its header says."""
    return WireError(f"the response can not be decompressed: {_text(error)}", kind="protocol")


async def refusal(status: int, headers: Mapping[str, str], receive: Callable[[], Awaitable[bytes]]) -> WireError:
    """What a response that is none says; as much of its body is read as is told."""
    body = bytearray()
    with suppress(WireError):  # the status alone says enough
        while len(body) < _MAX_ERROR_BODY and (piece := await receive()):
            body += piece[: _MAX_ERROR_BODY - len(body)]
    error = error_from_body(bytes(body), status=status, phase="request")
    error.bytes_seen = len(body)
    follow_advice(error, headers)
    if 300 <= status < 400:  # noqa: PLR2004  the statuses of redirects
        error.hint = f"It redirects to {headers.get('location', 'nowhere')}; redirects are not followed."
    return error


def _text(error: Exception) -> str:
    """What a network error says; some say nothing."""
    return str(error) or type(error).__name__


def host_of(url: str) -> str:
    """The host and port of a URL, to be told of."""
    return url.split("/")[2] if "//" in url else url
