"""openai-agents: `Runner.run_streamed`, its events taken one by one; tracing is off."""
# pyright: basic, reportMissingImports=false
# (it runs in an environment of its own, which the type checkers do not have)

from __future__ import annotations

from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI

from tests.benchmarks.clients.harness import KEY, MODEL, PROMPT, Order, Run, Stamps, Told, main


def build(order: Order, stamps: Stamps) -> Run:
    """An agent with a client that does not retry."""
    set_tracing_disabled(disabled=True)
    client = AsyncOpenAI(base_url=order.base_url, api_key=KEY, max_retries=0)
    model_type = OpenAIChatCompletionsModel if order.wire == "chat" else OpenAIResponsesModel
    tools = [function_tool(body, name_override=name) for name, body in stamps.tools(order).items()]
    agent = Agent(name="bench", model=model_type(model=MODEL, openai_client=client), tools=tools)

    async def run() -> Told:
        events = 0
        streamed = Runner.run_streamed(agent, PROMPT)
        async for _ in streamed.stream_events():
            events += 1
        return Told(events, streamed.final_output)

    return run


if __name__ == "__main__":
    main(build)
