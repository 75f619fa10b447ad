"""The transports that a `Model` knows by name, and the extra that each needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Final, Literal, TypeAlias

from millstream.errors import ModelError
from millstream.transport.aiohttp import AiohttpTransport
from millstream.transport.llama import LlamaTransport
from millstream.transport.seam import Transport

TransportName: TypeAlias = Literal["aiohttp"]
"""aiohttp: HTTP/1.1 with a compiled parser, on asyncio."""


@dataclass(frozen=True, slots=True)
class Named:
    """How a transport is made, the package it is made of, and the extra that brings this."""

    make: Callable[[], Transport]
    package: str
    extra: str


NAMED: Final[dict[str, Named]] = {
    "aiohttp": Named(AiohttpTransport, "aiohttp", "fast"),
}


def named(name: str) -> Named:
    """The transport of that name.

    Raises:
        ModelError: there is none, or its package is not installed.
    """
    if name not in NAMED:
        raise ModelError(f'there is no transport "{name}"; there are: {", ".join(NAMED)}, or leave it out')
    found = NAMED[name]
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
