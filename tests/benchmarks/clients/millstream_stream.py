"""millstream's decoder over the bytes of one response, alone or with the router behind it; `json.loads` as a floor.

An order is `{"wire": …, "file": …, "what": "json" | "decode" | "route"}`; the file holds the events of a body, a list
of texts. The answer is the CPU time and how many events came out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from millstream import Limits, Toolbox, tool
from millstream.routing.router import Router
from millstream.wire.format import ReadOptions, decoder
from millstream.wire.formats import FORMATS
from millstream.wire.reading import StreamDecoder
from tests.benchmarks.clients.serving import serve


@tool(read_only=True)
async def write(text: str) -> str:
    """Work on a text."""
    return text


LIMITS = Limits()
_FORMATS = {"responses": "openai-responses", "chat": "openai-chat", "messages": "anthropic-messages"}
TOOLBOX = Toolbox([write])


def answer(order: Any) -> dict[str, float]:
    """Take the events one by one, as the network brings them."""
    chunks = [event.encode() for event in json.loads(Path(order["file"]).read_text(encoding="utf-8"))]
    work: dict[str, Callable[[str, list[bytes]], int]] = {"json": _json, "decode": _decode, "route": _route}
    cpu_s = time.process_time()
    events = work[order["what"]](order["wire"], chunks)
    return {"cpu_s": time.process_time() - cpu_s, "events": events}


def _json(wire: str, chunks: list[bytes]) -> int:
    del wire
    for chunk in chunks:
        data = chunk.partition(b"data: ")[2]
        if not data.startswith(b"[DONE]"):
            json.loads(data)
    return len(chunks)


def _decoder(wire: str) -> StreamDecoder:
    options = ReadOptions(frozenset(TOOLBOX))
    return decoder(FORMATS[_FORMATS[wire]], options, max_message_bytes=LIMITS.max_message_bytes)


def _decode(wire: str, chunks: list[bytes]) -> int:
    decoder, count = _decoder(wire), 0
    for chunk in chunks:
        count += len(decoder.feed(chunk))
    return count


def _route(wire: str, chunks: list[bytes]) -> int:
    decoder, count = _decoder(wire), 0
    router = Router(1, lambda name, kind: TOOLBOX.open_arguments(name, kind, limits=LIMITS, coerce=True))
    for chunk in chunks:
        for wire_event in decoder.feed(chunk):
            count += len(router.feed(wire_event))
    return count


if __name__ == "__main__":
    serve(answer)
