"""Runs with `Policy(moderation="block")`: nothing comes of a response before it has passed, or if it has not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Literal

import anyio
import pytest

from millstream import (
    Agent,
    Approve,
    Limits,
    ModelError,
    ModerationBlocked,
    Policy,
    Result,
    Settings,
    ToolRunner,
    WireError,
    tool,
)
from millstream.events import (
    CallFailed,
    CallQueued,
    CallReturned,
    CallStarted,
    Denied,
    Event,
    RunFailed,
    TextDelta,
    TurnEnded,
    TurnRestarted,
)
from millstream.testing import Cut, Done, Finish, Pause, Raw, Response, Say, ScriptedModel, Think, assert_records, call
from millstream.testing.provider.steps import Step
from millstream.transcript import Reply, UserMessage
from millstream.wire.dialects import DIALECTS

Api = Literal["openai-responses", "openai-chat"]
BLOCK = Policy(moderation="block")
GOOD: dict[str, Any] = {"flagged": False, "categories": {"violence": False}}
BAD: dict[str, Any] = {"flagged": True, "categories": {"violence": True}}
WHY = "the output was flagged for violence"

pytestmark = pytest.mark.anyio
both_wires = pytest.mark.parametrize("api", ["openai-responses", "openai-chat"])


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


def event(data: dict[str, Any]) -> Raw:
    return Raw(f"data: {json.dumps(data)}\n\n")


def moderation(api: Api, verdict: tuple[dict[str, Any], dict[str, Any]] | None) -> dict[str, Any] | None:
    """What the provider says of input and output, in the form of its wire."""
    if verdict is None:
        return None
    parts = dict(zip(("input", "output"), verdict, strict=True))
    if api == "openai-chat":
        return {part: {"type": "moderation_results", "results": [said]} for part, said in parts.items()}
    return {part: {"type": "moderation_result"} | said for part, said in parts.items()}


def responds(api: Api, *steps: Step, verdict: tuple[dict[str, Any], dict[str, Any]] | None = (GOOD, GOOD)) -> Response:
    """A response with its moderation, where each wire sends it."""
    said = moderation(api, verdict)
    if api == "openai-chat":
        chunk = [] if said is None else [event({"choices": [], "moderation": said})]
        return Response((*steps, Finish(), *chunk, Done()))
    response: dict[str, Any] = {"id": "resp_x", "status": "completed", "output": [], "moderation": said}
    return Response((*steps, event({"type": "response.completed", "response": response}), Done()))


def agent(model: ScriptedModel, policy: Policy = BLOCK, **given: Any) -> Agent:
    return Agent(model, [weather], policy=policy, **given)


def events_of(result: Result) -> list[Event]:
    assert_records(result.records)
    return [record.event for record in result.records]


# --- it passes ---


@both_wires
async def test_tools_start_once_the_whole_response_has_passed(api: Api) -> None:
    script = [responds(api, Say("Let me look. "), call("weather", city="Paris"), Say("…")), responds(api, Say("Warm."))]
    model = ScriptedModel(script, api=api)
    result = await agent(model).run("Weather?")
    events = events_of(result)
    (started,) = [i for i, one in enumerate(events) if isinstance(one, CallStarted)]
    (first, _) = [i for i, one in enumerate(events) if isinstance(one, TurnEnded)]
    assert first < started
    assert [one.why for one in events if isinstance(one, CallQueued)] == ["the end of the response"]
    assert [one.result for one in events if isinstance(one, CallReturned)] == ["21 °C in Paris"]
    ends = [one for one in events if isinstance(one, TurnEnded)]
    assert [end.blocked for end in ends] == ["", ""]
    assert [end.moderation for end in ends] == [moderation(api, (GOOD, GOOD))] * 2
    assert result.text == "Warm."
    assert [body["moderation"] for body in model.requests] == [{"model": "omni-moderation-latest"}] * 2


@both_wires
async def test_the_scores_are_told_without_the_policy_too_and_gate_nothing(api: Api) -> None:
    asked = {"model": "omni-moderation-latest", "policy": {"output": {"mode": "score"}}}
    script = [responds(api, call("weather", city="Paris"), Say("…"), verdict=(GOOD, BAD)), responds(api, Say("Warm."))]
    model = ScriptedModel(script, api=api)
    model.settings = Settings(moderation=asked)
    result = await agent(model, Policy()).run("Weather?")
    ends = [one for one in events_of(result) if isinstance(one, TurnEnded)]
    assert [(end.moderation, end.blocked) for end in ends] == [
        (moderation(api, (GOOD, BAD)), ""),
        (moderation(api, (GOOD, GOOD)), ""),
    ]
    assert [handle.result for handle in result.calls.values()] == ["21 °C in Paris"]
    assert model.requests[0]["moderation"] == asked


async def test_what_the_settings_ask_for_stands() -> None:
    model = ScriptedModel([responds("openai-responses", Say("Warm."))])
    model.settings = Settings(moderation={"model": "mine"})
    await agent(model).run("Weather?")
    assert model.requests[0]["moderation"] == {"model": "mine"}


@pytest.mark.parametrize("place", ["before the reason", "with the reason", "with the usage", "behind the usage"])
async def test_on_chat_it_may_come_anywhere(place: str) -> None:
    said = {"moderation": moderation("openai-chat", (GOOD, BAD))}
    finish: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    alone: dict[str, Any] = {"choices": [], **said}
    chunks = {
        "before the reason": [alone, finish, usage],
        "with the reason": [finish | said, usage],
        "with the usage": [finish, usage | said],
        "behind the usage": [finish, usage, alone],
    }[place]
    model = ScriptedModel(
        [Response((Say("Hm."), *map(event, chunks), Raw("data: [DONE]\n\n"), Cut()))], api="openai-chat"
    )
    with pytest.raises(ModerationBlocked, match=WHY):
        await agent(model).run("Weather?")


# --- it does not pass ---


@both_wires
async def test_a_flagged_response_has_its_calls_denied_and_its_text_dropped_and_the_model_goes_on(api: Api) -> None:
    flagged = (Say("A dreadful thing. "), call("weather", city="Paris"), call("weather", city="Rome"), Say("More."))
    model = ScriptedModel([responds(api, *flagged, verdict=(GOOD, BAD)), responds(api, Say("Sorry."))], api=api)
    result = await agent(model).run("Weather?")
    events = events_of(result)
    assert not any(isinstance(one, CallStarted) for one in events)
    denied = [one.failure for one in events if isinstance(one, CallFailed)]
    assert denied == [Denied(f"moderation: {WHY}")] * 2
    assert [one.blocked for one in events if isinstance(one, TurnEnded)] == [WHY, ""]
    assert "".join(one.text for one in events if isinstance(one, TextDelta)).startswith("A dreadful")  # it was shown
    second = json.dumps(model.requests[1])
    assert "dreadful" not in second
    assert "More." not in second
    assert second.count(WHY) == 2  # the model is told of each call
    assert result.text == "Sorry."
    assert [reply.text for reply in result.transcript if isinstance(reply, Reply)] == ["", "Sorry."]


@both_wires
async def test_a_flagged_answer_ends_the_run_and_stands_nowhere(api: Api) -> None:
    model = ScriptedModel([responds(api, Say("A dreadful thing."), verdict=(GOOD, BAD))], api=api)
    async with agent(model).stream("Weather?") as run:
        with pytest.raises(
            ModerationBlocked, match=f"did not pass moderation: {WHY}, so it is in no transcript"
        ) as caught:
            async for _ in run:
                pass
    assert_records(run.records)
    assert run.text == ""
    assert caught.value.transcript is not None
    assert [type(entry) for entry in caught.value.transcript] == [UserMessage]
    failed = run.records[-1].event
    assert isinstance(failed, RunFailed)
    assert (failed.error, failed.retryable) == ("ModerationBlocked", False)
    assert run.usage.output_tokens >= 0


@both_wires
@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        ((BAD, GOOD), "the input was flagged for violence"),
        ((GOOD, {"type": "error", "message": "too busy"}), "the output could not be moderated"),
        (None, "the provider sent no moderation of it"),
    ],
)
async def test_what_another_response_could_not_mend_ends_the_run_though_it_called_tools(
    api: Api, verdict: Any, why: str
) -> None:
    model = ScriptedModel([responds(api, call("weather", city="Paris"), verdict=verdict), "Never asked."], api=api)
    async with agent(model).stream("Weather?") as run:
        with pytest.raises(ModerationBlocked, match=why) as caught:
            async for _ in run:
                pass
    assert_records(run.records)
    assert len(model.requests) == 1
    (failure,) = [one.event.failure for one in run.records if isinstance(one.event, CallFailed)]
    assert isinstance(failure, Denied)
    assert caught.value.transcript is not None
    assert caught.value.transcript.unanswered == ()  # fit to go on from


@both_wires
async def test_reasoning_goes_back_only_with_the_call_it_led_to(api: Api) -> None:
    steps = (Think("Of text."), Say("A dreadful thing."), Think("Of a call."), call("weather", city="Paris"), Say("…"))
    model = ScriptedModel([responds(api, *steps, verdict=(GOOD, BAD)), responds(api, Say("Sorry."))], api=api)
    await agent(model).run("Weather?")
    if api == "openai-responses":
        items = model.requests[1]["input"]
        assert [item["type"] for item in items] == ["message", "reasoning", "function_call", "function_call_output"]
        assert items[1]["summary"][0]["text"] == "Of a call."


async def test_a_person_is_asked_no_longer_once_it_did_not_pass() -> None:
    asked = anyio.Event()
    gone = anyio.Event()

    async def approver(_call: object, _args: object) -> Approve:
        asked.set()
        try:
            await anyio.sleep_forever()
        finally:
            gone.set()
        return Approve()

    @tool(needs_approval=True)
    async def pay(amount: int) -> str:
        """Pay."""
        return f"{amount} paid"

    steps = (call("pay", amount=1), Pause(0.01), Say("…"))
    script = [responds("openai-responses", *steps, verdict=(GOOD, BAD)), responds("openai-responses", Say("Sorry."))]
    result = await Agent(ScriptedModel(script), [pay], policy=BLOCK, approver=approver).run("Pay.")
    assert asked.is_set()
    assert gone.is_set()
    assert [type(handle.failure) for handle in result.calls.values()] == [Denied]
    assert_records(result.records)


async def test_a_call_that_was_approved_starts_only_if_it_passes() -> None:
    ran: list[int] = []

    async def approver(_call: object, _args: object) -> Approve:
        return Approve()

    @tool(needs_approval=True)
    async def pay(amount: int) -> str:
        """Pay."""
        ran.append(amount)
        return f"{amount} paid"

    def paying(amount: int, verdict: Any) -> Response:
        return responds("openai-responses", call("pay", amount=amount), Pause(0.01), Say("…"), verdict=verdict)

    script = [paying(1, (GOOD, BAD)), paying(2, (GOOD, GOOD)), responds("openai-responses", Say("Done."))]
    result = await Agent(ScriptedModel(script), [pay], policy=BLOCK, approver=approver).run("Pay.")
    assert ran == [2]
    assert_records(result.records)


# --- responses that break off, and wires that moderate nothing ---


async def test_one_that_breaks_off_before_its_moderation_is_torn_though_the_model_had_finished() -> None:
    cut = Response((Say("Warm."), Finish(), Cut("reset")))
    model = ScriptedModel([cut, responds("openai-chat", Say("Warm!"))], api="openai-chat")
    result = await agent(model).run("Weather?")
    assert any(isinstance(one, TurnRestarted) for one in events_of(result))
    assert result.text == "Warm!"


async def test_moderation_may_take_longer_than_token_counts() -> None:
    said = event({"choices": [], "moderation": moderation("openai-chat", (GOOD, GOOD))})
    late = Response((Say("Warm."), Finish(), Pause(0.05), said, Done()))
    model = ScriptedModel([late], api="openai-chat")
    result = await agent(model, limits=Limits(trailer_timeout_s=0.001)).run("Weather?")
    assert result.text == "Warm."


async def test_a_silent_end_is_no_pass() -> None:
    silent = Response((Say("Warm."), Finish(), Pause(60), Done()))
    model = ScriptedModel([silent], api="openai-chat")
    limits = Limits(idle_timeout_s=0.05, request_attempts=1)
    with pytest.raises(WireError, match=r"nothing came for 0\.05 s"):
        await agent(model, limits=limits).run("Weather?")


async def test_a_truncated_response_starts_nothing_though_it_passes() -> None:
    said = event({"choices": [], "moderation": moderation("openai-chat", (GOOD, GOOD))})
    cut = Response((call("weather", city="Paris"), Say("…"), Finish("length"), said, Done()))
    model = ScriptedModel([cut, responds("openai-chat", Say("Sorry."))], api="openai-chat")
    result = await agent(model).run("Weather?")
    events = events_of(result)
    assert not any(isinstance(one, CallStarted) for one in events)
    assert [one.failure.type for one in events if isinstance(one, CallFailed)] == ["Truncated"]


async def test_a_server_that_moderates_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DIALECTS, "openai-chat", DIALECTS["deepseek"])
    with pytest.raises(ModelError, match="moderates nothing: leave moderation out of the Settings and of the Policy"):
        await agent(ScriptedModel(["Warm."], api="openai-chat")).run("Weather?")


# --- your own loop ---


@pytest.mark.parametrize("calls", [True, False])
async def test_a_tool_runner_denies_and_raises_the_same(calls: bool) -> None:
    said: dict[str, Any] = {"moderation": moderation("openai-chat", (GOOD, BAD)), "choices": []}
    delta = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}]}
    text: dict[str, Any] = {"content": "A dreadful thing."}

    async def stream() -> AsyncIterator[dict[str, Any]]:
        for one in (text, delta) if calls else (text,):
            yield {"choices": [{"index": 0, "delta": one, "finish_reason": None}]}
        yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        yield said

    async with ToolRunner([weather], policy=BLOCK) as runner:
        events: list[Event] = []
        drive = runner.drive(stream())
        if calls:
            events += [one async for one in drive]
            message, answer = runner.items()
            assert (message["content"], answer["role"]) == (None, "tool")
            assert WHY in answer["content"]
        else:
            with pytest.raises(ModerationBlocked, match=WHY):
                events += [one async for one in drive]
            assert runner.items() == []
        assert not any(isinstance(one, CallStarted) for one in events)
