"""Models by name: "provider:model" -> wire format, base URL, key. One table, a row for each provider."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from millstream.errors import ModelError
from millstream.limits import Limits
from millstream.settings import Settings
from millstream.transport.http import HttpTransport, check_client
from millstream.transport.seam import Request, Transport
from millstream.wire.format import Ask, Format, ReadOptions, decoder
from millstream.wire.formats import FORMATS
from millstream.wire.reading import StreamDecoder

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
    "gemini": Provider(
        "gemini-generate", "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY", "x-goog-api-key"
    ),
    "gemini-interactions": Provider(
        "gemini-interactions", "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY", "x-goog-api-key"
    ),
}
"""Every prefix of a model string. A new provider is a new row."""


class Model:
    """A model, and how to reach it.

    Args:
        name: "provider:model", for example "openai:gpt-5.1"; the providers are the rows of `PROVIDERS`.
        base_url: another server that speaks the same wire, up to and with "/v1". The key in the environment belongs to
            the provider's own host and is not sent there: pass `api_key`.
        api_key: the key; by default the provider's environment variable.
        headers: sent with every request, over those made here.
        transport: how requests travel; HTTP by default.
        client: your own `httpx2.AsyncClient`, with your proxies and certificates; it is left open.
        settings: how it is asked; a plain mapping is `Settings(body=…)`, fields of the request body in the provider's
            own words: `{"temperature": 0}`.

    Raises:
        ModelError: there is no such provider, the base URL is none, or the client is no `httpx2.AsyncClient`.
    """

    def __init__(  # noqa: PLR0913  one keyword for each thing that can differ
        self,
        name: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        client: httpx2.AsyncClient | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> None:
        prefix, _, model = name.partition(":")
        if prefix not in PROVIDERS or not model:
            known = ", ".join(f'"{prefix}:MODEL"' for prefix in PROVIDERS)
            raise ModelError(f'"{name}" names no model; write {known}, with base_url= for a compatible server')
        if client is not None:
            check_client(client)
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

    def transport(self) -> Transport:
        """What its requests travel on, to be entered by the caller."""
        return self._transport if self._transport is not None else HttpTransport(self._client)

    def request(self, ask: Ask, limits: Limits) -> Request:
        """A request as it goes out.

        Raises:
            ModelError: there is no key.
        """
        return Request(
            url=self._base_url + self.format.path(ask.model),
            body=self.format.request(ask),
            format_headers=self.format.headers,
            headers=self._authorization() | self._headers,
            connect_timeout_s=limits.connect_timeout_s,
        )

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


def as_model(model: Model | str) -> Model:
    """A model as it is, a model string made into one."""
    return model if isinstance(model, Model) else Model(model)


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
