"""The official SDK's `AsyncStream` over the bytes of one response, without a socket.

An order is `{"wire": …, "file": …}`; the file holds the events of a body, a list of texts. The answer is the CPU time
and how many events came out.
"""
# pyright: basic, reportMissingImports=false
# (it runs in an environment of its own, whose version of the SDK the type checkers do not have)

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
from anthropic import AsyncAnthropic

from tests.benchmarks.clients.harness import KEY, MODEL, PROMPT
from tests.benchmarks.clients.serving import serve


class _Body(httpx2.AsyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def answer(order: Any) -> dict[str, float]:
    """Take the events one by one, as the network brings them."""
    chunks = [event.encode() for event in json.loads(Path(order["file"]).read_text(encoding="utf-8"))]
    return asyncio.run(_iterated(chunks))


async def _iterated(chunks: list[bytes]) -> dict[str, float]:
    def respond(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=_Body(chunks))

    http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(respond))
    async with AsyncAnthropic(base_url="http://bench", api_key=KEY, max_retries=0, http_client=http_client) as client:
        message: Any = {"role": "user", "content": PROMPT}
        stream: Any = await client.messages.create(model=MODEL, max_tokens=1_000, messages=[message], stream=True)
        count = 0
        cpu_s = time.process_time()
        async for _ in stream:
            count += 1
        return {"cpu_s": time.process_time() - cpu_s, "events": count}


if __name__ == "__main__":
    serve(answer)
