"""A model that stands in for another, stop rules and instructions of the run. Runs offline, with scripted models.

The first model is overloaded; the second one, of another provider, goes on with the conversation and stays.
"""

from __future__ import annotations

import anyio

from millstream import Agent, Limits, SoFar, tool
from millstream.events import CallReturned, ProviderEvent, TextDelta
from millstream.stop import after_call, after_turns
from millstream.testing import Body, Hangup, Scenario, ScriptedModel, call


@tool
async def book(seat: str) -> str:
    """Book a seat."""
    return f"seat {seat} is booked"


def instructions(run: SoFar[str]) -> str:
    """Made before each turn of what happened so far."""
    return f"You book seats for {run.deps}. So far you were asked {run.turns} times."


async def main() -> None:
    overloaded = Body(b'{"error": {"message": "Overloaded."}}', status=503)
    second = ScriptedModel([call("book", seat="12A"), "never asked"], api="anthropic-messages")
    # with real ones: Model("openai:gpt-5.1", fallback=("anthropic:claude-opus-4-5",))
    model = ScriptedModel(Scenario.of(overloaded, Hangup()), fallback=(second,))
    agent = Agent(
        model,
        [book],
        instructions=instructions,
        stop=after_call("book") | after_turns(8),
        limits=Limits(request_attempts=2, max_retry_wait_s=0.1),
    )
    async with agent.stream("A seat at the window.", deps="Ann") as run:
        async for event in run:
            match event:
                case ProviderEvent(name="request.fallback", data=data):
                    print(f"{data['from']} → {data['to']}")
                case CallReturned(result=result):
                    print(f"✓ {result}")
                case TextDelta(text=text):
                    print(text)
                case _:
                    pass
    print(f"stopped after {len(second.requests)} request; {second.requests[0]['system']}")


anyio.run(main)
