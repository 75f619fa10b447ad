"""Tool calls that a model writes into its text: split from the prose while it streams, checked and run like any other.

python examples/calls_in_text.py        offline: a small model that knows no tool calls is played
"""

import anyio

from millstream import Agent, Model, tool
from millstream.events import ArgsDelta, CallReturned, TextDelta
from millstream.testing import FakeProvider, Response, Say, Scenario

SAID = """I will look it up.
<tool_call>
{"name": "weather", "arguments": {"city": "Paris"}}
</tool_call>
"""


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C and clear in {city}"


async def main() -> None:
    scenario = Scenario.of(Response((Say(SAID),), tokens_per_s=200), "Clear, at 21 °C.")
    with FakeProvider(scenario) as provider:
        model = Model("llama:small", base_url=provider.base_url, api_key="any", text_calls="hermes")
        async with Agent(model, tools=[weather]).stream("What is the weather in Paris?") as run:
            async for event in run:
                match event:
                    case TextDelta(text=text):
                        print(text, end="", flush=True)
                    case ArgsDelta(text=text):
                        print(f"[{text}]", end="", flush=True)
                    case CallReturned(result=result):
                        print(f"\n  ✓ {result}")
                    case _:
                        pass
    print()


if __name__ == "__main__":
    anyio.run(main)
