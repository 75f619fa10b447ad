"""Runs that end with a value of a type: how it is asked for on every wire, what is shown meanwhile, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from anyio.lowlevel import checkpoint
from pydantic import BaseModel, Field, field_validator
from typing_extensions import TypedDict

from millstream import Agent, Limits, ModerationBlocked, OutputInvalid, OutputSchema, Policy, Settings, UsageError, tool
from millstream.events import (
    CallEvent,
    CallReturned,
    Event,
    OutputDelta,
    OutputSettled,
    RunFailed,
    RunFinished,
    TextDelta,
    TurnRestarted,
)
from millstream.settings import OutputMode
from millstream.testing import (
    CallTool,
    Cut,
    Finish,
    Refuse,
    Say,
    ScriptedModel,
    assert_records,
    call,
)
from millstream.testing.provider.endpoints import Api
from millstream.testing.provider.scenario import Answer
from millstream.testing.provider.steps import Step
from millstream.testing.scripted import scripted_apis
from millstream.transcript import Reply, ToolResult, UserMessage

pytestmark = pytest.mark.anyio

NAME = "final_answer"
WITH_TOOLS = [api for api in scripted_apis() if api != "openai-completions"]
TEXT = '{"city":"Rome","days":3}'


class Trip(BaseModel):
    """Where to go."""

    city: str
    days: int = Field(ge=1)

    @field_validator("city")
    @classmethod
    def known(cls, city: str) -> str:
        if city == "Atlantis":
            raise ValueError("there is no such city: name one that exists")
        return city


class Refused(BaseModel):
    why: str


@dataclass
class Order:
    customer: str
    lines: list[str] = field(default_factory=list[str])


class Note(TypedDict):
    title: str
    urgent: bool


class Color(Enum):
    RED = "red"
    BLUE = "blue"


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


def model(
    *script: Answer | Step | str | Sequence[Step | str], api: Api = "openai-responses", mode: OutputMode = "auto"
) -> ScriptedModel:
    """A scripted model, asked for its output in that way."""
    made = ScriptedModel(list(script), api=api)
    made.settings = Settings(output_mode=mode)
    return made


async def events_of(agent: Agent[Any], prompt: str = "Go.") -> tuple[Any, list[Event]]:
    """The output of a run and its events; its log breaks no rule."""
    async with agent.stream(prompt) as run:
        events = [event async for event in run]
    assert_records(run.records)
    assert not run.transcript.unanswered
    return run.output, events


async def failure_of(agent: Agent[Any]) -> OutputInvalid:
    async with agent.stream("Go.") as run:
        with pytest.raises(OutputInvalid) as caught:
            _ = [event async for event in run]
    assert_records(run.records)
    assert isinstance(run.records[-1].event, RunFailed)
    assert run.records[-1].event.error == "OutputInvalid"
    assert run.output is None
    assert caught.value.transcript == run.transcript
    assert not run.transcript.unanswered
    return caught.value


def answer(api: Api, text: str, mode: OutputMode = "auto") -> list[Step | str]:
    """What a model says that gives an output, as it is asked for on that wire where the agent has no tools."""
    by_tool = mode == "tool" or (mode == "auto" and api == "bedrock-converse")
    return [CallTool(NAME, raw=text)] if by_tool else [text]


# --- every wire, whole and one character at a time ---


@pytest.mark.parametrize("chars", [1, 1000])
@pytest.mark.parametrize("api", scripted_apis())
async def test_every_wire_gives_the_output_and_the_same_events(api: Api, chars: int) -> None:
    steps: list[Step] = [
        CallTool(step.name, raw=step.raw, chunk_chars=chars)
        if isinstance(step, CallTool)
        else Say(step, chunk_chars=chars)
        for step in answer(api, TEXT)
        if isinstance(step, CallTool | str)
    ]
    agent = Agent(model(steps, api=api), output_type=Trip)
    output, events = await events_of(agent)
    assert output == Trip(city="Rome", days=3)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].output == {"city": "Rome", "days": 3}
    assert "".join(event.text for event in events if isinstance(event, OutputDelta)).replace(" ", "") == TEXT
    settled = [(event.path, event.value) for event in events if isinstance(event, OutputSettled)]
    assert settled == [(("city",), "Rome"), (("days",), 3)]
    assert not any(isinstance(event, TextDelta | CallEvent) for event in events)


MODES: list[OutputMode] = ["native", "tool", "prompt"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("api", WITH_TOOLS)
async def test_a_mode_can_be_chosen_wherever_the_wire_has_words_for_it(api: Api, mode: OutputMode) -> None:
    agent = Agent(model(answer(api, TEXT, mode), api=api, mode=mode), output_type=Trip)
    assert (await events_of(agent))[0] == Trip(city="Rome", days=3)


@pytest.mark.parametrize("api", scripted_apis())
async def test_an_output_that_is_not_valid_is_answered_with_what_is_wrong(api: Api) -> None:
    scripted = model(answer(api, '{"city":"Atlantis","days":3}'), answer(api, TEXT), api=api)
    output, events = await events_of(Agent(scripted, output_type=Trip))
    assert output == Trip(city="Rome", days=3)
    assert "there is no such city: name one that exists" in str(scripted.requests[1])
    assert [event.value for event in events if isinstance(event, OutputSettled)] == ["Atlantis", 3, "Rome", 3]


@pytest.mark.parametrize("api", WITH_TOOLS)
async def test_tools_come_first_and_the_output_last(api: Api) -> None:
    native = api in ("openai-responses", "openai-chat", "anthropic-messages")
    scripted = model([call("weather", city="Rome")], [TEXT] if native else [CallTool(NAME, raw=TEXT)], api=api)
    output, events = await events_of(Agent(scripted, [weather], output_type=Trip))
    assert output == Trip(city="Rome", days=3)
    assert [event.result for event in events if isinstance(event, CallReturned)] == ["21 °C in Rome"]


# --- types ---


@pytest.mark.parametrize(
    ("kind", "text", "output"),
    [
        (Trip, TEXT, Trip(city="Rome", days=3)),
        (Order, '{"customer":"Ann"}', Order("Ann")),
        (Note, '{"title":"a","urgent":true}', {"title": "a", "urgent": True}),
        (dict[str, int], '{"a":1}', {"a": 1}),
        (Trip | Refused, '{"result":{"why":"no money"}}', Refused(why="no money")),
        (Trip | None, '{"result":null}', None),
        (list[Trip], '{"result":[{"city":"Rome","days":3}]}', [Trip(city="Rome", days=3)]),
        (int, '{"result":7}', 7),
        (bool, '{"result":true}', True),
        (Literal["a", "b"], '{"result":"b"}', "b"),
        (Color, '{"result":"blue"}', Color.BLUE),
        (Annotated[int, Field(ge=3)], '{"result":3}', 3),
        (Annotated[str, Field(max_length=3)], '{"result":"abc"}', "abc"),
        (Annotated[Trip, "whatever"], TEXT, Trip(city="Rome", days=3)),
        (tuple[int, str], '{"result":[1,"a"]}', (1, "a")),
    ],
)
@pytest.mark.parametrize("mode", ["native", "tool"])
async def test_every_type_that_json_can_fill(kind: Any, text: str, output: object, mode: OutputMode) -> None:
    scripted = model(answer("openai-responses", text, mode), mode=mode)
    got, events = await events_of(Agent(scripted, output_type=kind))
    assert got == output
    assert type(got) is type(output)
    request = scripted.requests[0]
    schema = request["text"]["format"]["schema"] if mode == "native" else request["tools"][0]["parameters"]
    assert schema["type"] == "object"
    assert isinstance(events[-1], RunFinished)
    for event in events:
        if isinstance(event, OutputSettled):
            value = events[-1].output
            for step in event.path:
                value = value[step]
            assert value == event.value


async def test_items_of_a_list_settle_one_by_one() -> None:
    _, events = await events_of(Agent(model('{"result":[1,[2],{"a":3}]}'), output_type=list[Any]))
    settled = [(event.path, event.value) for event in events if isinstance(event, OutputSettled)]
    assert settled == [((0,), 1), ((1,), [2]), ((2,), {"a": 3})]


async def test_text_is_text_without_an_output_type() -> None:
    output, events = await events_of(Agent(model("Hi."), output_type=str))
    assert output == "Hi."
    assert [event.text for event in events if isinstance(event, TextDelta)]


@pytest.mark.parametrize("kind", [None, "Trip", {"type": "object"}, print, type[int], type])
def test_what_json_can_not_fill_is_told_at_once(kind: Any) -> None:
    with pytest.raises(UsageError, match="output_type"):
        Agent(model(), output_type=kind)


async def test_two_schemas_for_one_answer_are_one_too_many() -> None:
    scripted = model("x")
    scripted.settings = Settings(output=OutputSchema({"type": "object"}))
    with pytest.raises(UsageError, match="leave one of them out"):
        await Agent(scripted, output_type=Trip).run("Go.")


# --- what is not accepted ---


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the answer is empty"),
        ("Rome, for three days", "expected"),
        ('{"city":"Rome"}', "days"),
        ('{"city":"Rome","days":0}', "/days"),
        ('{"city":"Rome","days":3', "ends"),
        (TEXT + TEXT, "after"),
    ],
)
async def test_the_model_may_try_twice_more(text: str, told: str) -> None:
    scripted = model(text, text, text)
    error = await failure_of(Agent(scripted, output_type=Trip))
    assert len(scripted.requests) == 3
    assert "raise Limits.max_output_retries" in str(error)
    assert error.problems
    assert told in str(scripted.requests[-1]["input"][-1]) + str(error)
    assert error.transcript is not None
    assert len([entry for entry in error.transcript if isinstance(entry, UserMessage)]) == 3


async def test_no_retries_at_all() -> None:
    scripted = model("no")
    error = await failure_of(Agent(scripted, output_type=Trip, limits=Limits(max_output_retries=0)))
    assert "asked once" in str(error)


async def test_a_refusal_is_not_asked_for_again() -> None:
    scripted = model([Refuse("I can not help with that.")])
    error = await failure_of(Agent(scripted, output_type=Trip))
    assert error.refusal == "I can not help with that."
    assert "refused" in str(error)
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("mode", ["native", "tool"])
async def test_an_output_that_was_cut_off_names_the_limit(mode: OutputMode) -> None:
    steps = [*answer("openai-responses", '{"city":"Ro', mode), Finish("length")]
    error = await failure_of(Agent(model(steps, mode=mode), output_type=Trip))
    assert "max_output_tokens" in str(error)


async def test_a_filtered_output_says_so() -> None:
    steps: list[Step | str] = [TEXT, Finish("content_filter")]
    error = await failure_of(Agent(model(steps, api="openai-chat"), output_type=Trip))
    assert "content_filter" in str(error)


@pytest.mark.parametrize("mode", ["native", "tool"])
async def test_abort_closes_the_response_at_the_character_that_decides(mode: OutputMode) -> None:
    long = '{"city":7,' + " " * 4000 + '"days":3}'
    steps: list[Step] = [CallTool(NAME, raw=long, chunk_chars=5)] if mode == "tool" else [Say(long, chunk_chars=5)]
    scripted = model(steps, answer("openai-responses", TEXT, mode), mode=mode)
    output, events = await events_of(Agent(scripted, output_type=Trip, policy=Policy(on_reject="abort")))
    assert output == Trip(city="Rome", days=3)
    shown = "".join(event.text for event in events if isinstance(event, OutputDelta))
    assert len(shown) < 100
    assert "city" in str(scripted.requests[1]["input"][-1])


# --- the output tool ---


async def test_words_beside_the_output_tool_are_text_and_its_call_is_answered() -> None:
    scripted = model([Say("Here it is. "), CallTool(NAME, raw=TEXT)], mode="tool")
    agent = Agent(scripted, output_type=Trip)
    async with agent.stream("Go.") as run:
        events = [event async for event in run]
    assert run.output == Trip(city="Rome", days=3)
    assert run.calls == {}
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Here it is. "
    assert [type(entry) for entry in run.transcript] == [UserMessage, Reply, ToolResult]
    again = await Agent(model("Gladly.")).run("Thanks!", history=run.transcript)
    assert again.output == "Gladly."


async def test_an_answer_in_words_where_the_tool_is_wanted() -> None:
    scripted = model("Rome, three days.", [CallTool(NAME, raw=TEXT)], mode="tool")
    assert (await events_of(Agent(scripted, output_type=Trip)))[0] == Trip(city="Rome", days=3)
    assert f"call {NAME}" in str(scripted.requests[1]["input"][-1])
    assert scripted.requests[0]["tool_choice"] == "required"


async def test_an_output_beside_other_calls_is_too_early() -> None:
    first: list[Step] = [call("weather", city="Rome"), CallTool(NAME, raw=TEXT), call("weather", city="Bari")]
    scripted = model(first, [CallTool(NAME, raw=TEXT)], mode="tool")
    output, events = await events_of(Agent(scripted, [weather], output_type=Trip))
    assert output == Trip(city="Rome", days=3)
    assert len([event for event in events if isinstance(event, CallReturned)]) == 2
    told = [item["output"] for item in scripted.requests[1]["input"] if item["type"] == "function_call_output"]
    assert [words.partition(":")[0] for words in told] == [
        "21 °C in Rome",
        "final_answer was not run, its arguments were not accepted",
        "21 °C in Bari",
    ]


async def test_two_outputs_are_one_too_many() -> None:
    scripted = model([CallTool(NAME, raw=TEXT), CallTool(NAME, raw=TEXT)], [CallTool(NAME, raw=TEXT)], mode="tool")
    assert (await events_of(Agent(scripted, output_type=Trip)))[0] == Trip(city="Rome", days=3)
    assert "call it once" in str(scripted.requests[1]["input"][-1])


async def test_a_tool_of_the_same_name_stays_what_it_is() -> None:
    @tool(name=NAME)
    def own(city: str) -> str:
        """Say something else."""
        return city

    scripted = model([call(NAME, city="x")], [CallTool(NAME + "_", raw=TEXT)], mode="tool")
    output, events = await events_of(Agent(scripted, [own], output_type=Trip))
    assert output == Trip(city="Rome", days=3)
    assert [event.result for event in events if isinstance(event, CallReturned)] == ["x"]


@pytest.mark.parametrize("choice", ["none", "required"])
async def test_a_choice_of_tools_is_about_the_others(choice: Literal["none", "required"]) -> None:
    scripted = model([CallTool(NAME, raw=TEXT)])
    scripted.settings = Settings(output_mode="tool", tool_choice=choice)
    assert (await events_of(Agent(scripted, [weather], output_type=Trip)))[0] == Trip(city="Rome", days=3)
    names = [one["name"] for one in scripted.requests[0]["tools"]]
    assert names == ([NAME] if choice == "none" else ["weather", NAME])


# --- responses that break ---


@pytest.mark.parametrize("mode", ["native", "tool"])
async def test_a_torn_output_is_asked_for_again(mode: OutputMode) -> None:
    begun: Step = Say('{"city":"Par') if mode == "native" else CallTool(NAME, raw='{"city":"Par', seal=False)
    steps: list[Step] = [begun, Cut("reset")]
    scripted = model(steps, answer("openai-responses", TEXT, mode), mode=mode)
    agent = Agent(scripted, output_type=Trip)
    shown: list[str] = []
    async with agent.stream("Go.") as run:
        async for event in run:
            if isinstance(event, TurnRestarted):
                shown.append("again")
            elif run.partial is not None:
                shown.append(getattr(run.partial.value, "city", ""))
    assert_records(run.records)
    assert run.output == Trip(city="Rome", days=3)
    assert set(shown[: shown.index("again")]) <= {"", "Par"}
    assert "Par" not in shown[shown.index("again") :]


async def test_an_output_goes_on_after_an_interruption() -> None:
    scripted = model(['{"city":"Ro', Finish("pause_turn")], 'me","days":3}', api="anthropic-messages")
    output, events = await events_of(Agent(scripted, output_type=Trip))
    assert output == Trip(city="Rome", days=3)
    settled = [(event.path, event.value, event.turn) for event in events if isinstance(event, OutputSettled)]
    assert settled == [(("city",), "Rome", 2), (("days",), 3, 2)]


@pytest.mark.parametrize("reason", ["refusal", "max_tokens"])
async def test_what_anthropic_says_of_its_end_is_told(reason: Literal["refusal", "max_tokens"]) -> None:
    error = await failure_of(Agent(model(['{"city":"Ro', Finish(reason)], api="anthropic-messages"), output_type=Trip))
    assert reason in str(error)


async def test_a_fence_around_the_text_is_taken_off() -> None:
    fenced = f"```json\n{TEXT}\n```\n"
    output, events = await events_of(Agent(model([Say(fenced, chunk_chars=1)]), output_type=Trip))
    assert output == Trip(city="Rome", days=3)
    assert "".join(event.text for event in events if isinstance(event, OutputDelta)) == fenced


@pytest.mark.parametrize("mode", ["native", "tool"])
async def test_an_output_that_does_not_pass_moderation_is_none(mode: OutputMode) -> None:
    scripted = model(answer("openai-responses", TEXT, mode), mode=mode)
    agent = Agent(scripted, output_type=Trip, policy=Policy(moderation="block"))
    async with agent.stream("Go.") as run:
        with pytest.raises(ModerationBlocked):
            _ = [event async for event in run]
    assert_records(run.records)
    assert run.output is None
    assert run.partial is None
    assert not run.transcript.unanswered
    assert [type(entry) for entry in run.transcript] == [UserMessage]


@pytest.mark.parametrize("mode", ["native", "tool"])
async def test_a_run_that_is_left_within_its_output_can_be_gone_on_from(mode: OutputMode) -> None:
    begun: Step = Say(TEXT, chunk_chars=1) if mode == "native" else CallTool(NAME, raw=TEXT, chunk_chars=1)
    async with Agent(model([begun], mode=mode), output_type=Trip).stream("Go.") as run:
        async for event in run:
            if isinstance(event, OutputDelta):
                break
    assert_records(run.records)
    assert not run.transcript.unanswered
    assert (await Agent(model("Hi.")).run("Hello?", history=run.transcript)).output == "Hi."


# --- partials ---


async def test_partials_end_with_the_output_and_final_fields_stay() -> None:
    async with Agent(model([Say(TEXT, chunk_chars=1)]), output_type=Trip).stream("Go.") as run:
        partials = [partial async for partial in run.partials()]
    assert partials[-1].value == run.output == Trip(city="Rome", days=3)
    assert partials[-1].final == {"city", "days"}
    assert run.partial == partials[-1]


async def test_a_slow_consumer_gets_the_newest() -> None:
    async with Agent(model(TEXT), output_type=Trip).stream("Go.") as run:
        seen: list[Any] = []
        async for partial in run.partials():
            seen.append(partial.value)
            while not run.output:
                await checkpoint()
    assert seen[-1] == Trip(city="Rome", days=3)
    assert len(seen) <= 3


async def test_partials_of_text_are_the_text_so_far() -> None:
    async with Agent(model([Say("Hello there", chunk_chars=4)])).stream("Go.") as run:
        values = [partial.value async for partial in run.partials()]
    assert values[-1] == "Hello there"
    assert all("Hello there".startswith(value) for value in values)
