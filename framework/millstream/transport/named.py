"""The transports that a `Model` knows by name, and the extra that each needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Final, Literal, TypeAlias

from millstream.errors import ModelError
from millstream.transport.aiohttp import AiohttpTransport
from millstream.transport.http import HttpTransport
from millstream.transport.llama import LlamaTransport
from millstream.transport.seam import Transport

TransportName: TypeAlias = Literal["http", "aiohttp", "websocket"]
"""http: HTTP/1.1 on httpx2. aiohttp: HTTP/1.1 with a compiled parser, on asyncio. websocket: OpenAI's Responses over
one connection that stays open."""


@dataclass(frozen=True, slots=True)
class Named:
    """How a transport is made, the module it needs, the extra that brings this, and the one wire it is for, if any."""

    make: Callable[[], Transport]
    package: str
    extra: str = ""
    wire: str = ""


def _websocket() -> Transport:
    from millstream.transport.websocket import WebSocketTransport

    return WebSocketTransport(HttpTransport())


NAMED: Final[dict[str, Named]] = {
    "http": Named(HttpTransport, "httpx2"),
    "aiohttp": Named(AiohttpTransport, "aiohttp", "fast"),
    "websocket": Named(_websocket, "websockets", "websocket", "openai-responses"),
}


def named(name: str, wire: str) -> Named:
    """The transport of that name, for a model of that wire.

    Raises:
        ModelError: there is none, it is for another wire, or its package is not installed.
    """
    if name not in NAMED:
        raise ModelError(f'there is no transport "{name}"; there are: {", ".join(NAMED)}, or leave it out')
    found = NAMED[name]
    if found.wire not in ("", wire):
        raise ModelError(f'transport="{name}" is for models of the wire {found.wire}, this is one of {wire}')
    if find_spec(found.package) is None:
        raise ModelError(f"transport=\"{name}\" needs {found.package}: pip install 'millstream[{found.extra}]'")
    return found


def of_file(model: str) -> Named | None:
    """What runs the model of a GGUF file, None where the name is no path of one.

    Raises:
        ModelError: there is no such file, or llama.cpp is not installed.
    """
    if not model.lower().endswith(".gguf"):
        return None
    LlamaTransport(model)  # what it has to say is said where the file is named
    return Named(partial(LlamaTransport, model), "httpx2", "llama")
