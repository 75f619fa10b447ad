"""Models by name: "provider:model" -> wire format, base URL, key. One table, a row for each provider."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from millstream.addresses import azure_url, checked, checked_azure, same_host
from millstream.errors import ModelError
from millstream.limits import Limits
from millstream.settings import Settings
from millstream.transport.http import HttpTransport, check_client
from millstream.transport.named import Named, TransportName, named, of_file
from millstream.transport.seam import Request, Transport
from millstream.wire.call_ids import with_short_ids
from millstream.wire.format import Ask, Format, ReadOptions, decoder
from millstream.wire.formats import FORMATS
from millstream.wire.reading import StreamDecoder

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True)
class Provider:
    """Where the models of a prefix are found.

    `key_variable` is read when a request is made, never printed; "" where no key is needed. The key goes into
    `key_header`, as a bearer token where that is "authorization". Where each customer has a base URL, it is in
    `base_url_variable`. `is_azure`: see `addresses.azure_url`. `call_id_chars`: how many letters and digits the ids of
    calls must have, 0 where any will do.
    """

    wire: str
    base_url: str
    key_variable: str
    key_header: str = "authorization"
    base_url_variable: str = ""
    is_azure: bool = False
    call_id_chars: int = 0


def _azure(wire: str) -> Provider:
    return Provider(wire, "", "AZURE_OPENAI_API_KEY", "api-key", "AZURE_OPENAI_ENDPOINT", is_azure=True)


PROVIDERS: Final = {
    "openai": Provider("openai-responses", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openai-chat": Provider("openai-chat", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    "azure": _azure("openai-chat"),
    "azure-responses": _azure("openai-responses"),
    "deepseek": Provider("openai-chat", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    "groq": Provider("openai-chat", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": Provider("openai-chat", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", call_id_chars=9),
    "openrouter": Provider("openai-chat", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "together": Provider("openai-chat", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "xai": Provider("openai-chat", "https://api.x.ai/v1", "XAI_API_KEY"),
    "llama": Provider("openai-chat", "http://127.0.0.1:8080/v1", ""),
    "vllm": Provider("openai-chat", "http://localhost:8000/v1", ""),
}
"""Every prefix of a model string. A new provider is a new row."""


class Model:
    """A model, and how to reach it.

    Args:
        name: "provider:model", for example "openai:gpt-5.1"; the providers are the rows of `PROVIDERS`.
            "llama:PATH.gguf" runs that file, see `transport.llama`; any other "llama:NAME" is a server at base_url.
        base_url: another server that speaks the same wire, up to and with "/v1". The key in the environment belongs to
            the provider's own host and is not sent there: pass `api_key`. With Azure, your resource
            ("https://NAME.openai.azure.com", by default that of AZURE_OPENAI_ENDPOINT); a dated version of its API is
            asked for with "?api-version=…" behind it, or OPENAI_API_VERSION.
        api_key: the key; by default the provider's environment variable.
        headers: sent with every request, over those made here.
        transport: how requests travel: a transport, or the name of one ("aiohttp"); HTTP on httpx2 by default.
        client: your own `httpx2.AsyncClient`, with your proxies and certificates; it is left open.
        settings: how it is asked; a plain mapping is `Settings(body=…)`, fields of the request body in the provider's
            own words: `{"temperature": 0}`.

    Raises:
        ModelError: there is no such provider, the base URL is none, the client is no `httpx2.AsyncClient`, or the
            transport's package is not installed.
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
        prefix, model = _parts(name)
        if client is not None:
            check_client(client)
            if transport is not None:
                raise ModelError("client= is for HTTP on httpx2, which transport= replaces: leave one of them out")
        self.name = name
        self.model = model
        self.settings = settings if isinstance(settings, Settings) else Settings(body=dict(settings or {}))
        self._provider = PROVIDERS[prefix]
        self._given_url = self._checked(base_url) if base_url else None
        self._api_key = api_key
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._transport = named(transport) if isinstance(transport, str) else transport
        self._client = client
        if prefix == "llama" and transport is None and client is None and not base_url:
            self._transport = of_file(model)

    def __repr__(self) -> str:
        return f"Model({self.name!r}, base_url={self._given_url or self._provider.base_url!r})"

    @property
    def format(self) -> Format:
        """The wire format it speaks."""
        return FORMATS[self._provider.wire]

    def prepare(self) -> None:
        """Load what its requests need, so that nothing is imported while a response arrives."""
        travels_on = self._transport.package if isinstance(self._transport, Named) else "httpx2"
        for module in (travels_on, "httpx2", "pydantic_core", "tenacity"):
            import_module(module)

    def transport(self) -> Transport:
        """What its requests travel on, to be entered by the caller."""
        if isinstance(self._transport, Named):
            return self._transport.make()
        return self._transport if self._transport is not None else HttpTransport(self._client)

    def request(self, ask: Ask, limits: Limits) -> Request:
        """A request as it goes out.

        Raises:
            ModelError: there is no key, or no base URL.
        """
        if self._provider.call_id_chars:
            ask = replace(ask, transcript=with_short_ids(ask.transcript, self._provider.call_id_chars))
        return Request(
            url=self._url(self.format.path(ask.model)),
            body=self.format.request(ask),
            format_headers=self.format.headers,
            headers=self._authorization() | self._headers,
            connect_timeout_s=limits.connect_timeout_s,
        )

    def decoder(self, tool_names: frozenset[str], limits: Limits) -> StreamDecoder:
        """What reads one of its responses."""
        return decoder(self.format, ReadOptions(tool_names), max_message_bytes=limits.max_message_bytes)

    @property
    def _own_url(self) -> str:
        """The provider's own base URL, "" where it is in the environment and there is none."""
        variable = self._provider.base_url_variable
        return self._checked(os.environ.get(variable, "")) if variable else self._provider.base_url

    def _checked(self, base_url: str) -> str:
        check = checked_azure if self._provider.is_azure else checked
        return check(base_url) if base_url else ""

    def _url(self, path: str) -> str:
        base_url = self._given_url or self._own_url
        if not base_url:
            message = (
                f"{self.name} has no base URL: set {self._provider.base_url_variable}, or pass Model(…, base_url=…)"
            )
            raise ModelError(message)
        if self._provider.is_azure:
            return azure_url(base_url, path, self.model, os.environ.get("OPENAI_API_VERSION", ""))
        return base_url + path

    def _authorization(self) -> dict[str, str]:
        provider = self._provider
        if self._api_key is None and not self._headers.keys().isdisjoint((provider.key_header, "authorization")):
            return {}  # the caller's own stands for it, a token of Azure's Entra, say
        key, where = self._api_key, "api_key="
        own = self._given_url is None or same_host(self._given_url, self._own_url)
        if key is None and provider.key_variable and own:
            where = provider.key_variable
            key = os.environ.get(where)
            if not key:
                raise ModelError(f"there is no key for {self.name}: set {where}, or pass Model(…, api_key=…)")
        if not key:
            return {}
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelError(f"{where} holds what no key holds: look for a blank or a line break, at its end above all")
        header = provider.key_header
        return {header: f"Bearer {key}" if header == "authorization" else key}


def as_model(model: Model | str) -> Model:
    """A model as it is, a model string made into one."""
    return model if isinstance(model, Model) else Model(model)


def _parts(name: str) -> tuple[str, str]:
    """The provider's prefix and the model's own name."""
    prefix, colon, model = name.partition(":")
    if prefix in PROVIDERS and model:
        return prefix, model
    if prefix in PROVIDERS:
        raise ModelError(f'"{name}" names no model of {prefix}: write "{prefix}:MODEL"')
    near = get_close_matches(prefix.lower(), PROVIDERS, n=1)
    meant = f' (did you mean "{near[0]}:{model or "MODEL"}"?)' if near and colon else ""
    raise ModelError(
        f'"{name}" names no provider{meant}: write "PROVIDER:MODEL" with one of {", ".join(PROVIDERS)}; '
        "a compatible server is openai-chat with base_url="
    )
