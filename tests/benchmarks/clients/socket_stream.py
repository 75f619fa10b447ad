"""One response over a real socket: its bytes alone, or through the decoder and the router to our events.

An order is `{"wire": …, "base_url": …, "carrier": "httpx2" | "aiohttp", "what": "bytes" | "events"}`. The answer is the
CPU time of this process, and how many pieces and events there were.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from millstream import Limits, Model, Toolbox, tool
from millstream.routing.router import Router
from millstream.transcript import Transcript, user
from millstream.transport.named import NAMED
from millstream.wire.format import Ask
from tests.benchmarks.clients.harness import KEY, MODEL, PROMPT
from tests.benchmarks.clients.serving import serve


@tool(read_only=True)
async def write(text: str) -> str:
    """Work on a text."""
    return text


LIMITS = Limits()
TOOLBOX = Toolbox([write])
ASK = Ask(MODEL, Transcript((user(PROMPT),)))


def answer(order: Any) -> dict[str, float]:
    """Read the response once."""
    prefix = "openai-chat" if order["wire"] == "chat" else "openai"
    carrier = NAMED["aiohttp"].make() if order["carrier"] == "aiohttp" else None
    model = Model(f"{prefix}:{MODEL}", base_url=order["base_url"], api_key=KEY, transport=carrier)
    model.prepare()
    return asyncio.run(_read(model, events=order["what"] == "events"))


async def _read(model: Model, *, events: bool) -> dict[str, float]:
    decoder = model.decoder(frozenset(TOOLBOX), LIMITS)
    router = Router(1, lambda name, kind: TOOLBOX.open_arguments(name, kind, limits=LIMITS, coerce=True))
    pieces = count = 0
    async with model.transport() as transport, transport.open(model.request(ASK, LIMITS)) as incoming:
        cpu_s = time.process_time()
        while piece := await incoming.receive():
            pieces += 1
            if events:
                assert isinstance(piece, bytes)
                for wire_event in decoder.feed(piece):
                    count += len(router.feed(wire_event))
        return {"cpu_s": time.process_time() - cpu_s, "pieces": pieces, "events": count}


if __name__ == "__main__":
    serve(answer)
