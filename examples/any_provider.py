"""One agent, every provider: the same tool and the same question over seven wire formats.

python examples/any_provider.py        offline: one fake provider speaks them all, each by its own rules
"""

import anyio

from millstream import Agent, Model, tool
from millstream.events import CallStarted, TextDelta
from millstream.testing import FakeProvider, Say, Scenario, call

MODELS = (
    "openai:gpt-5.1",  # Responses
    "openai-chat:gpt-5.1",  # Chat Completions, and all that imitate it: groq, mistral, deepseek, openrouter, vllm …
    "anthropic:claude-sonnet-4-5",
    "gemini:gemini-2.5-pro",
    "bedrock:us.anthropic.claude-sonnet-4-5-v1:0",
    "ollama:qwen3",
    "cohere:command-a-03-2025",
)


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C and clear in {city}"


async def ask(model: str, provider: FakeProvider) -> None:
    prefix = model.partition(":")[0]
    agent = Agent(Model(model, base_url=provider.url_for(prefix), api_key="any"), tools=[weather])
    print(f"{model:46}", end="")
    async with agent.stream("What is the weather in Paris?") as run:
        async for event in run:
            match event:
                case CallStarted(call=call_):
                    print(f" ▶ {call_.name}  ", end="")
                case TextDelta(text=text):
                    print(text, end="")
                case _:
                    pass
    print(f" ({len(provider.requests)} requests)")


async def main() -> None:
    for model in MODELS:
        with FakeProvider(Scenario.of([call("weather", city="Paris")], [Say("Clear.")])) as provider:
            await ask(model, provider)


if __name__ == "__main__":
    anyio.run(main)
