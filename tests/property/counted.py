"""Scripted models that count how often their transports and responses are open, to find what was left."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import anyio
from anyio.lowlevel import checkpoint

from millstream.testing import CallTool, ScriptedModel


def calling(name: str, **args: Any) -> CallTool:
    """A call in one piece, so that there are few steps."""
    return CallTool(name, args, chunk_chars=1000)


@dataclass
class World:
    """What a scene leaves open."""

    opened: Counter[str] = field(default_factory=Counter[str])

    def model(self, name: str, *script: Any, **options: Any) -> ScriptedModel:
        """A script whose connection counts how often it is open."""
        return _Counted(name, self.opened, list(script), **options)


class _Counted(ScriptedModel):
    def __init__(self, called: str, opened: Counter[str], script: Any, **options: Any) -> None:
        super().__init__(script, **options)
        self._called, self._opened = called, opened

    def transport(self) -> Any:
        return _Transport(super().transport(), self._called, self._opened)


class _Transport:
    def __init__(self, inner: Any, name: str, opened: Counter[str]) -> None:
        self._inner, self._name, self._opened = inner, name, opened

    async def __aenter__(self) -> Self:
        self._opened[self._name] += 1
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        with anyio.CancelScope(shield=True):
            await checkpoint()
            self._opened[self._name] -= 1

    @asynccontextmanager
    async def open(self, request: Any) -> AsyncGenerator[Any]:
        """The next response."""
        assert self._opened[self._name] >= 1
        async with self._inner.open(request) as incoming:
            self._opened[f"response of {self._name}"] += 1
            try:
                yield incoming
            finally:
                self._opened[f"response of {self._name}"] -= 1
