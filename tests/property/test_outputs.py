"""Invariant 5 for structured outputs: what is final of a partial output never changes, and it is in the output.

And what is shown meanwhile does not depend on how the text was cut: only how often it is shown does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from typing_extensions import TypedDict

from millstream import Agent, Settings
from millstream.events import OutputDelta, OutputSettled, RunFinished
from millstream.events.values import is_object
from millstream.settings import OutputMode
from millstream.testing import CallTool, Say, ScriptedModel, assert_records
from millstream.testing.provider.steps import Step
from tests.property.deterministic import BACKENDS, Backend, run_in_loop

pytestmark = [pytest.mark.timeout(1800), pytest.mark.parametrize("backend", BACKENDS)]
EXAMPLES = settings(max_examples=settings().max_examples // 8)


class Leg(BaseModel):
    place: str
    nights: int = 1


class Plan(BaseModel):
    title: str
    legs: list[Leg] = []
    cost: float | None = None
    notes: dict[str, str] = {}


@dataclass
class Order:
    customer: str
    lines: list[str] = field(default_factory=list[str])


class Refusal(TypedDict, total=False):
    why: str
    codes: list[int]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
LEGS = st.lists(st.fixed_dictionaries({"place": TEXT}, optional={"nights": st.integers(0, 99)}), max_size=3)
PLANS = st.fixed_dictionaries(
    {"title": TEXT},
    optional={
        "legs": LEGS,
        "cost": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "notes": st.dictionaries(TEXT, TEXT, max_size=3),
    },
)
ORDERS = st.fixed_dictionaries({"customer": TEXT, "lines": st.lists(TEXT, max_size=3)})
REFUSALS = st.fixed_dictionaries({"why": TEXT}, optional={"codes": st.lists(st.integers(), max_size=3)})
WRAPPED: list[Any] = [Plan | Refusal, list[Leg], list[str], str | int]
OUTPUTS: st.SearchStrategy[tuple[Any, Any]] = st.one_of(
    st.tuples(st.just(Plan), PLANS),
    st.tuples(st.just(Order), ORDERS),
    st.tuples(st.just(Refusal), REFUSALS),
    st.tuples(st.just(Plan | Refusal), PLANS | REFUSALS),
    st.tuples(st.just(list[Leg]), LEGS),
    st.tuples(st.just(list[str]), st.lists(TEXT, max_size=3)),
)


@EXAMPLES
@given(
    output=OUTPUTS,
    chars=st.integers(1, 12),
    mode=st.sampled_from(["native", "tool"]),
    escaped=st.booleans(),
    reads=st.booleans(),
)
def test_5_what_is_final_of_a_partial_output_stays_and_the_last_is_the_output(
    backend: Backend, output: tuple[Any, Any], chars: int, mode: OutputMode, escaped: bool, reads: bool
) -> None:
    kind, value = output
    text = json.dumps({"result": value} if kind in WRAPPED else value, ensure_ascii=escaped)
    step: Step = (
        Say(text, chunk_chars=chars) if mode == "native" else CallTool("final_answer", raw=text, chunk_chars=chars)
    )
    model = ScriptedModel([[step]])
    model.settings = Settings(output_mode=mode)
    partials: list[Any] = []

    async def main() -> Any:
        async with Agent(model, output_type=kind).stream("Go.") as run:
            if reads:
                partials.extend([partial async for partial in run.partials()])
            else:
                partials.extend([run.partial async for _ in run])
        return run

    run = run_in_loop(backend, main)
    assert_records(run.records)
    assert partials[-1].value == run.output
    final: dict[str, Any] = {}
    for partial in partials:
        if partial is None:
            continue
        now = {name: _field(partial.value, name) for name in partial.final}
        assert now.items() >= final.items() or kind == Plan | Refusal  # which may become another, with the same fields
        assert final.keys() <= now.keys()
        final |= now
    assert all(_field(run.output, name) == found for name, found in final.items())
    events = [record.event for record in run.records]
    assert isinstance(events[-1], RunFinished)
    assert events[-1].output == value
    assert "".join(event.text for event in events if isinstance(event, OutputDelta)) == text
    assert all(len(event.path) <= 1 for event in events if isinstance(event, OutputSettled))


def _field(value: Any, name: str) -> Any:
    return value.get(name) if is_object(value) else getattr(value, name)
