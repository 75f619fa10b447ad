"""millstream: `agent.stream`, its events taken one by one."""

from __future__ import annotations

from millstream import Agent, Model, tool
from tests.benchmarks.clients.harness import KEY, MODEL, PROMPT, Order, Run, Stamps, Told, main


def build(order: Order, stamps: Stamps) -> Run:
    """An agent whose connections stay open between the runs, as those of the other clients do."""
    prefix = "openai-chat" if order.wire == "chat" else "openai"
    tools = [tool(name=name, read_only=order.read_only)(body) for name, body in stamps.tools(order).items()]
    agent = Agent(Model(f"{prefix}:{MODEL}", base_url=order.base_url, api_key=KEY), tools=tools)
    entered = False

    async def run() -> Told:
        nonlocal entered
        if not entered:
            entered = True
            await agent.__aenter__()
        events = 0
        async with agent.stream(PROMPT) as stream:
            async for _ in stream:
                events += 1
        return Told(events, stream.text)

    return run


if __name__ == "__main__":
    main(build)
