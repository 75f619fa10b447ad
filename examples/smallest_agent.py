"""The smallest agent: one tool, one question, and the answer as it is written.

python examples/smallest_agent.py                  offline: a script plays the model
python examples/smallest_agent.py openai:gpt-5.1   with a real model (it reads OPENAI_API_KEY)
"""

import sys

import anyio

from millstream import Agent, tool
from millstream.events import CallFailed, CallReturned, CallStarted, TextDelta, TurnStarted
from millstream.testing import Response, Say, ScriptedModel, call


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    await anyio.sleep(0.3)  # stands for a service that takes its time
    return f"21 °C and clear in {city}"


SCRIPT = [
    Response((Say("I look at both. "), call("weather", city="Paris"), call("weather", city="Rome")), tokens_per_s=40),
    Response((Say("Paris and Rome are both clear at 21 °C: a light jacket will do."),), tokens_per_s=40),
]


async def main(model: str | None) -> None:
    agent = Agent(model or ScriptedModel(SCRIPT), tools=[weather])
    async with agent.stream("What should I wear in Paris and in Rome?") as run:
        async for event in run:
            match event:
                case TextDelta(text=text):
                    print(text, end="", flush=True)
                case CallStarted(call=call_):
                    print(f"\n  ▶ {call_.name} started while the model is still writing", end="", flush=True)
                case CallReturned(call=call_, result=result):
                    print(f"\n  ✓ {call_.name}: {result}", end="", flush=True)
                case CallFailed(call=call_, failure=failure):
                    print(f"\n  ✗ {call_.name}: {failure}", end="", flush=True)
                case TurnStarted(turn=turn) if turn > 1:
                    print()
                case _:
                    pass
    print(f"\n{run.usage.input_tokens} tokens in, {run.usage.output_tokens} out")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else None)
