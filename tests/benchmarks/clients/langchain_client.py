"""LangChain's agent, which runs on LangGraph: `agent.astream`, its messages and updates taken one by one."""
# pyright: basic, reportMissingImports=false
# (it runs in an environment of its own, which the type checkers do not have)

from __future__ import annotations

from langchain.agents import create_agent
from langchain_core.tools import StructuredTool
from langchain_openai import ChatOpenAI

from tests.benchmarks.clients.harness import KEY, MODEL, PROMPT, Order, Run, Stamps, Told, main


def build(order: Order, stamps: Stamps) -> Run:
    """An agent with a client that does not retry."""
    model = ChatOpenAI(
        model=MODEL,
        base_url=order.base_url,
        api_key=KEY,
        use_responses_api=order.wire == "responses",
        streaming=True,
        max_retries=0,
    )
    given = "func" if order.blocking else "coroutine"
    tools = [
        StructuredTool.from_function(**{given: body}, name=name, description="Work on a text.")
        for name, body in stamps.tools(order).items()
    ]
    agent = create_agent(model, tools=tools)

    async def run() -> Told:
        events, text = 0, ""
        asked = {"messages": [{"role": "user", "content": PROMPT}]}
        async for kind, data in agent.astream(asked, stream_mode=["messages", "updates"]):
            events += 1
            if kind == "updates" and "model" in data:
                text = data["model"]["messages"][-1].text
        return Told(events, str(text))

    return run


if __name__ == "__main__":
    main(build)
