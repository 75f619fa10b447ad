"""Agents as tools of another agent: two researchers at work at the same time, what they do shown under their calls.

python examples/sub_agents.py                  offline: scripts play the models
"""

import anyio

from millstream import Agent, tool
from millstream.events import CallReturned, CallStarted, RunFinished
from millstream.testing import Response, Say, ScriptedModel, call


@tool(read_only=True)
async def search(query: str) -> str:
    """Search the library."""
    await anyio.sleep(0.2)  # stands for a service that takes its time
    return f"3 books about {query}"


def researcher(topic: str) -> Agent:
    """An agent with a model and tools of its own; it sees nothing but the prompt that it is called with."""
    first = Response((Say(f"Searching for {topic}. "), call("search", query=topic)), tokens_per_s=40)
    return Agent(ScriptedModel([first, f"There are 3 good books about {topic}."]), tools=[search])


LEAD = [
    Response(
        (Say("I ask both. "), call("ask_mills", prompt="Books on mills?"), call("ask_rivers", prompt="On rivers?")),
        tokens_per_s=60,
    ),
    Response((Say("There are three good books about each of the two."),), tokens_per_s=60),
]


async def main() -> None:
    lead = Agent(
        ScriptedModel(LEAD),
        tools=[
            researcher("mills").as_tool("ask_mills", "Ask somebody who knows mills.", read_only=True),
            researcher("rivers").as_tool("ask_rivers", "Ask somebody who knows rivers.", read_only=True),
        ],
    )
    async with lead.stream("What is there to read about mills and rivers?") as run:
        async for record in run.follow():  # `async for event in run` would leave the sub-agents out
            who = "/".join(run.calls[call_id].call.name for call_id in record.scope[:1]) or "lead"
            match record.event:
                case CallStarted(call=call_):
                    print(f"{who:<10} ▶ {call_.name}")
                case CallReturned(call=call_, result=result):
                    print(f"{who:<10} ✓ {call_.name}: {result}")
                case RunFinished(usage=usage):
                    print(f"{who:<10} done, {usage.total_tokens} tokens")
                case _:
                    pass
    print(run.text)


if __name__ == "__main__":
    anyio.run(main)
