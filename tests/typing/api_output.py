"""What type checkers see of an agent's output and of its partials. Not collected by pytest, see `api`.

`output_type` is a `TypeForm`, which the checkers of today know; for older ones, annotate: `agent: Agent[Trip] = …`.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict, assert_type

from pydantic import BaseModel

from millstream import Agent, Limits, OutputInvalid, Result, Run, Settings, Transcript
from millstream.events import Problem
from millstream.toolbox.partial_model import PartialFields


class Trip(BaseModel):
    city: str


@dataclass
class Refused:
    why: str


class Note(TypedDict, total=False):
    title: str


class Color(Enum):
    RED = "red"


assert_type(Agent("openai:x"), Agent[str])
assert_type(Agent("openai:x"), Agent)
assert_type(Agent("openai:x", output_type=str), Agent[str])
assert_type(Agent("openai:x", output_type=Trip), Agent[Trip])
assert_type(Agent("openai:x", output_type=Refused), Agent[Refused])
assert_type(Agent("openai:x", output_type=Note), Agent[Note])
assert_type(Agent("openai:x", output_type=Color), Agent[Color])
assert_type(Agent("openai:x", output_type=Trip | Refused), Agent[Trip | Refused])
assert_type(Agent("openai:x", output_type=Trip | None), Agent[Trip | None])
assert_type(Agent("openai:x", output_type=list[Trip]), Agent[list[Trip]])
assert_type(Agent("openai:x", output_type=dict[str, int]), Agent[dict[str, int]])
assert_type(Agent("openai:x", output_type=Literal["a", "b"]), Agent[Literal["a", "b"]])
assert_type(Agent("openai:x", output_type=Annotated[int, "at least 3"]), Agent[int])
annotated: Agent[Trip | Refused] = Agent("openai:x", output_type=Trip | Refused)

planner = Agent("openai:x", output_type=Trip)
assert_type(planner.override(model="openai:y"), Agent[Trip])
assert_type(planner.run_sync("Go.").output, Trip)
assert_type(planner.run_sync("Go.").output.city, str)
assert_type(Agent("openai:x").run_sync("Go.").output, str)


async def runs() -> None:
    assert_type(await planner.run("Go."), Result[Trip])
    async with planner as entered, entered.stream("Go.") as run:
        assert_type(run, Run[Trip])
        async for partial in run.partials():
            assert_type(partial, PartialFields[Trip])
            assert_type(partial.value.city, str)
            assert_type(partial.final, frozenset[str])
        assert_type(run.partial, PartialFields[Trip] | None)
        assert_type(run.output, Trip | None)
        assert_type(run.result().output, Trip)


def told(result: Result[Trip | Refused]) -> str:
    match result.output:
        case Trip(city=city):
            return city
        case Refused(why=why):
            return why


def errors(error: OutputInvalid) -> None:
    assert_type(error.problems, tuple[Problem, ...])
    assert_type(error.refusal, str)
    assert_type(error.transcript, Transcript | None)
    Limits(max_output_retries=0)
    Settings(output_mode="tool")


def mistakes(any_result: Result[Any]) -> None:
    planner.run_sync("Go.").output.town  # type: ignore[attr-defined]  # noqa: B018
    Agent("openai:x", output_type=3)  # type: ignore[arg-type]
    Agent("openai:x", output_type=Trip(city="a"))  # type: ignore[arg-type]
    Settings(output_mode="json")  # type: ignore[arg-type]
    wrong: Agent[Trip] = Agent("openai:x", output_type=Refused)  # type: ignore[arg-type]
    del any_result, wrong
