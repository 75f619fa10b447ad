"""The seam of a transport: a request out, bytes or messages of one response in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from json import dumps
from typing import Any, Final, Literal, Protocol, Self, TypeAlias, runtime_checkable
from urllib.parse import quote

from millstream.events.values import JsonObject
from millstream.wire.continuation import Continuation

Chunk: TypeAlias = bytes | Mapping[str, Any]
"""A piece of the body, or one message that is already JSON."""

CLOSE_TIMEOUT_S: Final = 1.0
"""How long closing a response may take: a peer that does not answer must not hold up whoever leaves."""
_SECRET_CHARS: Final = 8  # what is shorter is no key, and may stand in any text


class Signer(Protocol):
    """Signs a request once it is known to the byte. Made for one request and what is tried again of it."""

    def sign(self, url: str, content: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers to send beside `headers`. It may read files and ask servers: call it in a thread.

        Raises:
            ModelError: there is nothing to sign with.
        """
        ...

    @property
    def secrets(self) -> Iterable[str]:
        """What nobody is to be told of what it has signed with, and of the signatures."""
        ...


def _unheard(name: str, data: JsonObject) -> None:
    """Nobody wants to know what happened on the way."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request for a response.

    Args:
        url: where it goes.
        body: the whole of what is asked; a "GET" has none.
        headers: they hold the key: neither they nor the request are ever logged.
        format_headers: those that every request of its wire format has, and nothing to hide.
        connect_timeout_s: for opening a connection, in seconds.
        method: of HTTP.
        max_message_bytes: of one message of the response, where the transport itself cuts it into messages.
        continuation: what may be said instead of the whole `input`, where the provider knows the response before.
        tell: called with what happened on the way that a user should know ("request.fell_back") and its facts.
        signer: makes more headers of the bytes that are sent.
    """

    url: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    format_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    connect_timeout_s: float = 10.0
    method: Literal["POST", "GET"] = "POST"
    max_message_bytes: int = 16 * 1024 * 1024
    continuation: Continuation | None = None
    tell: Callable[[str, JsonObject], None] = field(default=_unheard, repr=False, compare=False)
    signer: Signer | None = field(default=None, repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """What nobody is to be told: the values of headers, also as a server may write them back."""
        words = {word for value in self.headers.values() for word in (value, value.rpartition(" ")[2])}
        words |= set(self.signer.secrets if self.signer is not None else ())
        found = {word for word in words if len(word) >= _SECRET_CHARS}
        return frozenset(form for word in found for form in (word, quote(word, safe=""), dumps(word)[1:-1]))


class Incoming(Protocol):
    """The response that is arriving."""

    async def receive(self) -> Chunk:
        """The next piece; `b""` when there is no more.

        Raises:
            WireError: the connection broke.
        """
        ...


class Transport(Protocol):
    """Opens responses. Entered for a run, or for as long as an agent is entered, and left after it."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc_info: object) -> None: ...

    def open(self, request: Request) -> AbstractAsyncContextManager[Incoming]:
        """Send the request; entering gives the response once its head is there, leaving closes it.

        Raises:
            WireError: no connection, or the provider refused the request.
        """
        ...


@runtime_checkable
class Steerable(Protocol):
    """A response that takes more words of the user while it arrives."""

    async def steer(self, items: list[dict[str, Any]]) -> bool:
        """Say something into it; False where the provider does not take it, or the response is over.

        `items` are the user's messages in the words of the wire. What was taken is known to the response that follows.

        Raises:
            WireError: the connection broke.
        """
        ...


@runtime_checkable
class Warming(Protocol):
    """A transport that can prepare for a request before it is made."""

    async def warm_up(self, request: Request) -> None:
        """Connect, and have the provider prepare what it can; the history of `request` does not matter.

        Raises:
            WireError: no connection, or the provider refused.
        """
        ...
