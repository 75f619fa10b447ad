"""Models in GGUF files: a llama.cpp server in a child process while the transport is entered, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import anyio

from millstream.errors import ModelError
from millstream.transport.http import HttpTransport
from millstream.transport.llama_process import LlamaServer, acquire, release
from millstream.transport.seam import Incoming, Request


class LlamaTransport:
    """A llama.cpp server for one model file. `Agent("llama:model.gguf")` makes one with the defaults.

    The server is a child process: it starts when the first transport for this file and these parameters is entered and
    ends when the last one is left, so enter the agent (`async with agent:`) to keep it between runs. It listens on a
    loopback port, with a key of its own, and ends with this process, however that ends.

    Args:
        path: the GGUF file.
        params: fields of llama.cpp's parameters by their name in xllamacpp's `CommonParams`:
            `{"n_ctx": 8192, "n_gpu_layers": 99, "cpuparams.n_threads": 4}`.

    Raises:
        ModelError: there is no such file, or xllamacpp is not installed.
    """

    def __init__(self, path: str | Path, params: Mapping[str, Any] | None = None) -> None:
        self._path = Path(path).expanduser().resolve()
        if not self._path.is_file():
            raise ModelError(f"there is no file {self._path}: llama:PATH.gguf takes the path of a GGUF file")
        if find_spec("xllamacpp") is None:
            raise ModelError("a GGUF file is run by xllamacpp: pip install 'millstream[llama]'")
        self._params = dict(params or {})
        self._server: LlamaServer | None = None
        self._url = ""
        self._http = HttpTransport()
        self._entered: list[AsyncExitStack] = []  # by runs at the same time, each leaves it once

    async def __aenter__(self) -> Self:
        name, server = acquire(self._path, self._params)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_leave, name, server)
            self._url = await anyio.to_thread.run_sync(server.url, abandon_on_cancel=True)
            await stack.enter_async_context(self._http)
            self._server = server
            self._entered.append(stack.pop_all())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._entered.pop().aclose()
        self._server = self._server if self._entered else None

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[Incoming]:
        """Send a request to the server, wherever it is addressed to."""
        server = self._server
        if server is None:
            message = "the transport was not entered"
            raise RuntimeError(message)
        server.check()
        url = self._url + urlsplit(request.url).path
        headers = {**request.headers, "authorization": f"Bearer {server.key}"}
        async with self._http.open(replace(request, url=url, headers=headers)) as incoming:
            yield incoming


async def _leave(name: str, server: LlamaServer) -> None:
    with anyio.CancelScope(shield=True):
        await anyio.to_thread.run_sync(release, name, server)
