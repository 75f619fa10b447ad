"""Turns over one WebSocket: the connection stays open, and each turn sends only what is new.

python examples/websocket_turns.py        offline, against a fake provider with OpenAI's WebSocket rules
"""

import json
from typing import Literal

import anyio

from millstream import Agent, Model, tool
from millstream.testing import FakeProvider, Scenario, call


@tool(read_only=True)
async def read_log(hour: int) -> str:
    """Read the log of an hour."""
    return "\n".join(f"{hour:02}:{minute:02} all is well" for minute in range(60))


async def turns(transport: Literal["http", "websocket"]) -> None:
    scenario = Scenario.of(*([call("read_log", hour=hour)] for hour in range(4)), "All was well all night.")
    with FakeProvider(scenario) as provider:
        model = Model("openai:gpt-5.1", base_url=provider.base_url, api_key="any", transport=transport)
        async with Agent(model, tools=[read_log]) as agent:
            result = await agent.run("Was there anything last night?")
        sizes = [len(json.dumps(request.body)) for request in provider.requests]
    print(f"{transport:10} {result.output}  characters of each request: {sizes}")


async def main() -> None:
    await turns("http")
    await turns("websocket")


if __name__ == "__main__":
    anyio.run(main)
