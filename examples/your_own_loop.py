"""Your own loop: you send the requests with a client of your own, millstream routes the stream and runs the tools.

python examples/your_own_loop.py      offline, over real HTTP, against a fake provider on this machine

With the official SDK the stream is `client.responses.create(model=…, input=items, tools=runner.schemas("openai"),
stream=True)`; drive() takes it as it is. Here it is the plain body of an HTTP response.
"""

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import httpx2

from millstream import ToolRunner, tool
from millstream.events import CallReturned, CallStarted, TextDelta
from millstream.testing import FakeProvider, Response, Say, Scenario, call


@tool(read_only=True)
async def stock(item: str) -> dict[str, int]:
    """How many of an item are in stock."""
    await anyio.sleep(0.2)
    return {item: {"bolts": 120, "nuts": 80}.get(item, 0)}


SCENARIO = Scenario.of(
    Response((Say("Let me look. "), call("stock", item="bolts"), call("stock", item="nuts")), tokens_per_s=60),
    Response((Say("There are enough bolts and nuts."),), tokens_per_s=60),
)


async def responses(client: httpx2.AsyncClient, url: str, body: dict[str, Any]) -> AsyncGenerator[bytes]:
    """One request of your own: whatever client, headers and settings you like."""
    headers = {"authorization": "Bearer your-key"}
    async with client.stream("POST", f"{url}/responses", json=body, headers=headers, timeout=60) as response:
        response.raise_for_status()
        async for piece in response.aiter_bytes():
            yield piece


async def main() -> None:
    items: list[dict[str, Any]] = [{"role": "user", "content": "Do we have enough bolts and nuts?"}]
    with FakeProvider(SCENARIO) as provider:
        async with httpx2.AsyncClient() as client, ToolRunner([stock]) as runner:
            while not runner.finished:
                body = {"model": "fake", "input": items, "tools": runner.schemas("openai"), "stream": True}
                stream = responses(client, provider.base_url, body)
                async for event in runner.drive(stream, api="openai-responses"):
                    match event:
                        case TextDelta(text=text):
                            print(text, end="", flush=True)
                        case CallStarted(call=call_):
                            print(f"\n  ▶ {call_.name} started", end="", flush=True)
                        case CallReturned(call=call_, result=result):
                            print(f"\n  ✓ {call_.name}: {result}", end="", flush=True)
                        case _:
                            pass
                items += runner.items()
                print()
    print(f"{len(items)} items in the history, two requests")


if __name__ == "__main__":
    anyio.run(main)
