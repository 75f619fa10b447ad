"""Saying more while the model still writes: over WebSocket its response is cut short, and the next one knows.

    python examples/steering.py

It is told at once where the provider can take it, and with the next request everywhere else. Offline: the server and
its model are scripted. With a real model leave the server out: `Agent("openai:gpt-5.1", transport="websocket")`.
"""

from __future__ import annotations

import anyio

from millstream import Agent, Model
from millstream.events import RunSteered, TextDelta, TurnEnded
from millstream.testing import FakeProvider, Finish, Pause, Response, Say, Scenario

# The scripted model stops when it is told to: a real one does so at the next good place.
LONG = Response((Say("Paris was founded in the third century BC by the Parisii, who"), Pause(0.5), Finish("steered")))
SCRIPT = Scenario.of(LONG, "In one sentence: it is the capital of France.")


async def main() -> None:
    with FakeProvider(SCRIPT) as provider:
        model = Model("openai:fake", base_url=provider.base_url, api_key="any", transport="websocket")
        async with Agent(model).stream("Tell me about Paris.") as run:
            said = ""
            async for event in run:
                match event:
                    case TextDelta(text=text):
                        print(text, end="", flush=True)
                        said += text
                        if said.endswith("Parisii, who"):
                            run.steer("Make it one sentence.")
                    case TurnEnded(turn=turn, reason=reason):
                        print(f"\n  [response {turn} ended: {reason}]")
                    case RunSteered(text=words, turn=turn):
                        print(f"  [response {turn} knows: {words}]")
                    case _:
                        pass
        print(f"{len(provider.requests)} responses over one WebSocket, one request")


anyio.run(main)
