"""The transports that a `Model` knows by name, and the extra that each needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal, TypeAlias

from millstream.errors import ModelError
from millstream.transport.aiohttp import AiohttpTransport
from millstream.transport.seam import Transport

TransportName: TypeAlias = Literal["aiohttp"]
"""aiohttp: HTTP/1.1 with a compiled parser, on asyncio."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """How a transport is made, the package it is made of, and the extra that brings this, "" where none needs to."""

    make: Callable[[], Transport]
    package: str = "httpx2"
    extra: str = ""


NAMED: Final[dict[str, Carrier]] = {
    "aiohttp": Carrier(AiohttpTransport, "aiohttp", "fast"),
}


def named(name: str) -> Carrier:
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
