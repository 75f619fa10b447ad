"""An answer with a type: a trip plan that fills in while the model writes it, and is a checked `Trip` at the end.

python examples/structured_output.py                  offline: a script plays the model
python examples/structured_output.py openai:gpt-5.1   with a real model (it reads OPENAI_API_KEY)
"""

import sys

import anyio
from pydantic import BaseModel, field_validator

from millstream import Agent
from millstream.testing import Response, Say, ScriptedModel


class Day(BaseModel):
    """One day of it."""

    place: str
    plan: str


class Trip(BaseModel):
    """A plan for a few days."""

    title: str
    days: list[Day]
    cost_eur: int

    @field_validator("cost_eur")
    @classmethod
    def check_cost(cls, cost_eur: int) -> int:
        """Refuse what is too expensive: the model is told so, and plans again."""
        if cost_eur > 500:
            raise ValueError("that is more than 500 €: plan something cheaper")
        return cost_eur


DAYS = '[{"place":"Rome","plan":"Walk from the Forum to Trastevere."},{"place":"Ostia","plan":"Swim."}]'
SCRIPT = [
    Response((Say('{"title":"Rome in style","cost_eur":900,"days":[]}'),), tokens_per_s=200),
    Response((Say(f'{{"title":"Two days in Rome","days":{DAYS},"cost_eur":320}}'),), tokens_per_s=80),
]


async def main(model: str | None) -> None:
    agent = Agent(model or ScriptedModel(SCRIPT), output_type=Trip)
    async with agent.stream("Plan two days in Rome, for 500 € at most.") as run:
        async for partial in run.partials():
            days = getattr(partial.value, "days", [])
            shown = [f"{getattr(day, 'place', '…')}: {getattr(day, 'plan', '…')}" for day in days]
            mark = "✓" if "title" in partial.final else " "
            print(f"{mark} {getattr(partial.value, 'title', '…')}  {' | '.join(shown)}")
    trip = run.result().output  # a Trip, for type checkers too
    print(f"\n{trip.title}: {len(trip.days)} days for {trip.cost_eur} €")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else None)
