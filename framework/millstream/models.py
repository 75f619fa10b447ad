"""Models by name: "provider:model" -> wire format, base URL, key. One table, a row for each provider."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from millstream.errors import ModelError
from millstream.limits import Limits
from millstream.settings import Settings
from millstream.transport.http import HttpTransport, check_client
from millstream.transport.seam import Request, Transport
from millstream.wire.continuation import Continuing
from millstream.wire.format import Ask, Format, ReadOptions, decoder
from millstream.wire.formats import FORMATS
from millstream.wire.framing import Framing
from millstream.wire.reading import StreamDecoder
from millstream.wire.resuming import Cursor, Resuming

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True)
class Provider:
    """Where the models of a prefix are found.

    `key_variable` is read when a request is made, never printed; "" where no key is needed. The key goes into
    `key_header`, as a bearer token where that is "authorization".
    """

    wire: str
    base_url: str
    key_variable: str
    key_header: str = "authorization"


PROVIDERS: Final = {
    "openai": Provider("openai-responses", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openai-chat": Provider("openai-chat", "https://api.openai.com/v1", "OPENAI_API_KEY"),
}
"""Every prefix of a model string. A new provider is a new row."""


TransportName: TypeAlias = Literal["http", "websocket"]


class Model:
    """A model, and how to reach it.

    Args:
        name: "provider:model", for example "openai:gpt-5.1"; the providers are the rows of `PROVIDERS`.
        base_url: another server that speaks the same wire, up to and with "/v1". The key in the environment belongs to
            the provider's own host and is not sent there: pass `api_key`.
        api_key: the key; by default the provider's environment variable.
        headers: sent with every request, over those made here.
        transport: how requests travel: "http", or "websocket", which keeps one connection over the turns of a run, and
            over the runs of an entered agent, and sends only what is new ("openai:" only).
        client: your own `httpx2.AsyncClient`, with your proxies and certificates; it is left open.
        settings: how it is asked; a plain mapping is `Settings(body=…)`, fields of the request body in the provider's
            own words: `{"temperature": 0}`.

    Raises:
        ModelError: there is no such provider, the base URL is none, the client is no `httpx2.AsyncClient`, or requests
            can not travel by WebSocket.
    """

    def __init__(  # noqa: PLR0913  one keyword for each thing that can differ
        self,
        name: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: Transport | TransportName | None = None,
        client: httpx2.AsyncClient | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> None:
        prefix, _, model = name.partition(":")
        if prefix not in PROVIDERS or not model:
            known = ", ".join(f'"{prefix}:MODEL"' for prefix in PROVIDERS)
            raise ModelError(f'"{name}" names no model; write {known}, with base_url= for a compatible server')
        if client is not None:
            check_client(client)
        if transport == "websocket":
            _check_websocket(PROVIDERS[prefix].wire, with_client=client is not None)
        self.name = name
        self.model = model
        self.settings = settings if isinstance(settings, Settings) else Settings(body=dict(settings or {}))
        self._provider = PROVIDERS[prefix]
        self._base_url = _checked(base_url or self._provider.base_url)
        self._api_key = api_key
        self._headers = dict(headers or {})
        self._transport = transport
        self._client = client

    def __repr__(self) -> str:
        return f"Model({self.name!r}, base_url={self._base_url!r})"

    @property
    def format(self) -> Format:
        """The wire format it speaks."""
        return FORMATS[self._provider.wire]

    def prepare(self) -> None:
        """Load what its requests need, so that nothing is imported while a response arrives."""
        for module in ("httpx2", "pydantic_core", "tenacity"):
            import_module(module)
        if self._transport == "websocket":
            import_module("websockets.client")

    def transport(self) -> Transport:
        """What its requests travel on, to be entered by the caller."""
        if not isinstance(self._transport, str):
            return self._transport or HttpTransport(self._client)
        if self._transport == "http":
            return HttpTransport(self._client)
        from millstream.transport.websocket import WebSocketTransport

        return WebSocketTransport(HttpTransport())

    def request(self, ask: Ask, limits: Limits) -> Request:
        """A request as it goes out.

        Raises:
            ModelError: there is no key.
        """
        format_ = self.format
        return Request(
            url=self._base_url + format_.path(ask.model),
            body=format_.request(ask),
            format_headers=format_.headers,
            headers=self._authorization() | self._headers,
            connect_timeout_s=limits.connect_timeout_s,
            max_message_bytes=limits.max_message_bytes,
            continuation=format_.continuation(ask) if isinstance(format_, Continuing) else None,
        )

    def resume(self, request: Request, cursor: Cursor) -> Request:
        """The request for the rest of a response; `request` is the one that began it."""
        assert isinstance(self.format, Resuming), "its reader gave the cursor"
        url = self._base_url + self.format.resume_path(cursor)
        return replace(request, url=url, method="GET", body={}, continuation=None)

    def stop(self, request: Request, cursor: Cursor) -> Request:
        """The request that has the provider stop with a response; `request` is the one that began it."""
        assert isinstance(self.format, Resuming), "its reader gave the cursor"
        return replace(request, url=self._base_url + self.format.cancel_path(cursor), body={}, continuation=None)

    def framing(self, limits: Limits) -> Framing:
        """What cuts the body of one of its responses into messages."""
        return self.format.framing(limits.max_message_bytes)

    def decoder(self, tool_names: frozenset[str], limits: Limits) -> StreamDecoder:
        """What reads one of its responses."""
        return decoder(self.format, ReadOptions(tool_names), max_message_bytes=limits.max_message_bytes)

    def _authorization(self) -> dict[str, str]:
        key, where = self._api_key, "api_key="
        if key is None and self._provider.key_variable and self._base_url == self._provider.base_url:
            where = self._provider.key_variable
            key = os.environ.get(where)
            if not key:
                raise ModelError(f"there is no key for {self.name}: set {where}, or pass Model(…, api_key=…)")
        if not key:
            return {}
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelError(f"{where} holds what no key holds: look for a blank or a line break, at its end above all")
        header = self._provider.key_header
        return {header: f"Bearer {key}" if header == "authorization" else key}


def as_model(model: Model | str, transport: TransportName | None = None) -> Model:
    """A model as it is, a model string made into one.

    Raises:
        ModelError: the string names no model, or it is a model already and a transport is given beside it.
    """
    if not isinstance(model, Model):
        return Model(model, transport=transport)
    if transport is not None:
        raise ModelError(
            f'transport="{transport}" belongs to the model: Model("{model.name}", transport="{transport}")'
        )
    return model


def _check_websocket(wire: str, *, with_client: bool) -> None:
    if wire != "openai-responses":
        raise ModelError('transport="websocket" is for models of the Responses wire: write "openai:MODEL"')
    if with_client:
        raise ModelError('client= is for HTTP: leave it out with transport="websocket", or the transport')
    try:
        import_module("websockets.client")
    except ModuleNotFoundError as error:
        raise ModelError("transport=\"websocket\" needs websockets: pip install 'millstream[websocket]'") from error


def _checked(base_url: str) -> str:
    authority = base_url.rpartition("//")[2].partition("/")[0]
    if "@" in authority or "?" in base_url:  # not shown: what stands there may be secret
        raise ModelError("the base URL holds a user, a password or a query: write https://host/v1, and pass headers=")
    if not _is_http(base_url):
        raise ModelError(f'the base URL "{base_url}" can not be used: write it as https://host/v1')
    return base_url.rstrip("/")


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
