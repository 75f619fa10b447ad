"""pydantic-ai: `agent.run_stream_events`, its events taken one by one."""
# pyright: basic, reportMissingImports=false
# (it runs in an environment of its own, which the type checkers do not have)

from __future__ import annotations

from openai import AsyncOpenAI
from pydantic_ai import Agent, AgentRunResultEvent, Tool
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.benchmarks.clients.harness import KEY, MODEL, PROMPT, Order, Run, Stamps, Told, main


def build(order: Order, stamps: Stamps) -> Run:
    """An agent with a client that does not retry."""
    client = AsyncOpenAI(base_url=order.base_url, api_key=KEY, max_retries=0)
    model_type = OpenAIChatModel if order.wire == "chat" else OpenAIResponsesModel
    tools = [Tool(body, name=name, takes_ctx=False) for name, body in stamps.tools(order).items()]
    agent = Agent(model_type(MODEL, provider=OpenAIProvider(openai_client=client)), tools=tools)

    async def run() -> Told:
        events, text = 0, ""
        async with agent.run_stream_events(PROMPT) as stream:
            async for event in stream:
                events += 1
                if isinstance(event, AgentRunResultEvent):
                    text = event.result.output
        return Told(events, text)

    return run


if __name__ == "__main__":
    main(build)
