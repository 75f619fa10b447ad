"""Handing a conversation over: the model of one agent has another one go on, and the next prompt goes to that one.

python examples/handoff.py                  offline: scripts play the models
"""

import anyio

from millstream import Agent, Handoff, tool
from millstream.events import CallReturned, TextDelta, TurnStarted
from millstream.testing import Say, ScriptedModel, call


@tool(read_only=True)
async def invoice(number: int) -> str:
    """Look up an invoice."""
    return f"invoice {number}: 40 €, paid on Monday"


billing = Agent(
    ScriptedModel([[Say("One moment. "), call("invoice", number=7)], "Paid on Monday.", "Here is your receipt."]),
    tools=[invoice],
    instructions="You answer questions about bills.",
    name="billing",
)
travel = Agent(ScriptedModel([]), instructions="You book journeys.", name="travel")
reception = Agent(
    ScriptedModel([[Say("I put you through. "), call("transfer_to_billing", message="asks about invoice 7")]]),
    instructions="You find out what people want, and hand them over.",
    name="reception",
    handoffs=[travel, Handoff(billing, "Anything about money.")],
)


async def main() -> None:
    async with reception.stream("Was my invoice number 7 paid?") as run:
        async for event in run:
            match event:
                case TurnStarted(agent=agent):
                    print(f"\n{agent}: ", end="")
                case TextDelta(text=text):
                    print(text, end="")
                case CallReturned(call=call_, result=result):
                    print(f"\n  ✓ {call_.name}: {result}", end="")
                case _:
                    pass
    result = run.result()
    print(f"\nthe next prompt goes to {result.agent.name}")
    again = await result.agent.run("Can I have a receipt?", history=result.transcript)
    print(f"{again.agent.name}: {again.text}")


if __name__ == "__main__":
    anyio.run(main)
