"""Models: a provider's wire format, the way to it, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from millstream.endpoint import Endpoint
from millstream.errors import ModelError
from millstream.limits import Limits
from millstream.providers import PROVIDERS, parts_of
from millstream.settings import Settings, as_settings
from millstream.transport.http import HttpTransport, check_client
from millstream.transport.named import Named, TransportName, named, of_file
from millstream.transport.seam import Request, Transport
from millstream.wire.call_ids import with_short_ids
from millstream.wire.compat import Dialect, Lenient
from millstream.wire.continuation import Continuing
from millstream.wire.custom import functions_only
from millstream.wire.dialects import dialect_of
from millstream.wire.format import Ask, Format, ReadOptions, decoder
from millstream.wire.formats import CUSTOM_TOOLS, FORMATS
from millstream.wire.framing import Framing
from millstream.wire.reading import StreamDecoder
from millstream.wire.resuming import Cursor, Resuming
from millstream.wire.text_calls import STYLES, TextCallStyle

if TYPE_CHECKING:
    import httpx2


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
        transport: how requests travel: a transport, or the name of one of `transport.named`: "aiohttp", or
            "websocket", which keeps one connection over the turns of a run, and over the runs of an entered agent, and
            sends only what is new ("openai:" only). HTTP on httpx2 by default.
        client: your own `httpx2.AsyncClient`, with your proxies and certificates; it is left open.
        lenient: which deviations from OpenAI's wires the server may show, see `wire.compat`. "auto" allows what the
            provider is known for, and everything at a base URL of your own; True allows everything, False nothing, and
            names allow exactly these: `{"missing_index"}`. Any other ends the response with a `WireError` that names
            it.
        text_calls: it writes its calls as text, and its server does not read them out of it: how it writes them. They
            are read, and on a wire without tools of its own it is told of the tools in words.
        settings: how it is asked; a plain mapping is `Settings(body=…)`, fields of the request body in the provider's
            own words: `{"temperature": 0}`.
        fallback: models asked instead, in this order, where this one can not be reached, is overloaded or is not
            there, and nothing of an answer was shown; what stands in stays for the rest of the run. Each is asked with
            its own key, settings and transport.

    Raises:
        ModelError: there is no such provider, leniency or style, the base URL is none, the client is no
            `httpx2.AsyncClient`, or the transport's package is not installed.
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
        lenient: Lenient = "auto",
        settings: Settings | Mapping[str, Any] | None = None,
        text_calls: TextCallStyle | None = None,
        fallback: Sequence[Model | str] = (),
    ) -> None:
        prefix, model = parts_of(name)
        if text_calls is not None and text_calls not in STYLES:
            raise ModelError(f'text_calls="{text_calls}" is no style; there are: {", ".join(STYLES)}')
        if client is not None:
            check_client(client)
            if transport is not None:
                raise ModelError("client= is for HTTP on httpx2, which transport= replaces: leave one of them out")
        if isinstance(fallback, str | Model):
            raise ModelError("fallback= takes several: write fallback=(MODEL,)")
        self.name = name
        self.fallback: tuple[Model, ...] = tuple(map(as_model, fallback))
        self.model = model
        self.text_calls: TextCallStyle | None = text_calls
        self.settings: Settings = as_settings(settings)
        self._provider = PROVIDERS[prefix]
        self._endpoint = Endpoint(name, self._provider, base_url, api_key, headers)
        self._dialect = dialect_of(prefix, lenient, own_host=self._endpoint.is_own)
        self._transport = named(transport, self._provider.wire) if isinstance(transport, str) else transport
        self._client = client
        if prefix == "llama" and transport is None and client is None and not base_url:
            self._transport = of_file(model)

    def __repr__(self) -> str:
        return f"Model({self.name!r}, base_url={self._endpoint!r})"

    @property
    def chain(self) -> tuple[Model, ...]:
        """This model and those that are asked instead, with their own, in the order in which they are asked."""
        return (self, *(one for other in self.fallback for one in other.chain))

    @property
    def format(self) -> Format:
        """The wire format it speaks."""
        return FORMATS[self._provider.wire]

    @property
    def dialect(self) -> Dialect:
        """What its server makes of the wire, where that is one of OpenAI's."""
        return self._dialect

    @property
    def has_custom_tools(self) -> bool:
        """Whether its tools may take free text; where not, they are offered as functions."""
        return self.format.name in CUSTOM_TOOLS and self._dialect.custom_tools

    def prepare(self) -> None:
        """Load what its requests need, so that nothing is imported while a response arrives."""
        for other in self.fallback:
            other.prepare()
        travels_on = self._transport.package if isinstance(self._transport, Named) else "httpx2"
        aws = ("botocore.eventstream", "botocore.auth", "botocore.session") if self._provider.signs_for else ()
        for module in (travels_on, "httpx2", "pydantic_core", "tenacity", *aws):
            import_module(module)

    def transport(self) -> Transport:
        """What its requests travel on, to be entered by the caller."""
        if isinstance(self._transport, Named):
            return self._transport.make()
        return self._transport if self._transport is not None else HttpTransport(self._client)

    def request(self, ask: Ask, limits: Limits) -> Request:
        """A request as it goes out.

        Raises:
            ModelError: there is no key, no base URL, or no region.
        """
        ask = self._in_its_terms(ask)
        format_, headers = self.format, self._endpoint.headers()
        return Request(
            url=self._endpoint.url(format_.path(ask.model), self.model),
            body=format_.request(ask),
            format_headers=format_.headers,
            headers=headers,
            connect_timeout_s=limits.connect_timeout_s,
            max_message_bytes=limits.max_message_bytes,
            continuation=format_.continuation(ask) if isinstance(format_, Continuing) else None,
            signer=self._endpoint.signer(headers),
        )

    def _in_its_terms(self, ask: Ask) -> Ask:
        """What is asked, as this server takes it."""
        ask = replace(ask, text_calls=self.text_calls)
        if self._provider.call_id_chars:
            ask = replace(ask, transcript=with_short_ids(ask.transcript, self._provider.call_id_chars))
        return ask if self.has_custom_tools else functions_only(ask)

    def resume(self, request: Request, cursor: Cursor) -> Request:
        """The request for the rest of a response; `request` is the one that began it."""
        assert isinstance(self.format, Resuming), "its reader gave the cursor"
        url = self._endpoint.url(self.format.resume_path(cursor), self.model)
        return replace(request, url=url, method="GET", body={}, continuation=None)

    def stop(self, request: Request, cursor: Cursor) -> Request:
        """The request that has the provider stop with a response; `request` is the one that began it."""
        assert isinstance(self.format, Resuming), "its reader gave the cursor"
        url = self._endpoint.url(self.format.cancel_path(cursor), self.model)
        return replace(request, url=url, body={}, continuation=None)

    def framing(self, limits: Limits) -> Framing:
        """What cuts the body of one of its responses into messages."""
        return self.format.framing(limits.max_message_bytes)

    def decoder(self, tool_names: frozenset[str], limits: Limits) -> StreamDecoder:
        """What reads one of its responses."""
        options = ReadOptions(tool_names, self._dialect.leniencies, self.text_calls)
        return decoder(self.format, options, max_message_bytes=limits.max_message_bytes)


def as_model(model: Model | str, transport: TransportName | None = None) -> Model:
    """A model as it is, a model string made into one.

    Raises:
        ModelError: the string names no model, or it is a model already and a transport is given beside it.
    """
    if not isinstance(model, Model):
        return Model(model, transport=transport)
    if transport is not None:
        message = f'transport="{transport}" belongs to the model: Model("{model.name}", transport="{transport}")'
        raise ModelError(message)
    return model
