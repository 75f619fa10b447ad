from __future__ import annotations

from typing import Any, Literal

import pytest

from millstream import Agent, Limits, UsageError, WireError, tool
from millstream.events import CallFailed, JsonObject, TurnRestarted, TurnTorn
from millstream.settings import Settings
from millstream.testing import Body, CallTool, Cut, Hangup, Raw, Refuse, Response, Say, Scenario, ScriptedModel, call
from millstream.testing.provider.endpoints import Api
from millstream.testing.scripted import scripted_apis

pytestmark = pytest.mark.anyio

ONCE = Limits(request_attempts=1)


@pytest.fixture(params=scripted_apis())
def api(request: pytest.FixtureRequest) -> Api:
    name: Api = request.param
    return name


@tool
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


async def test_a_script_is_text_steps_and_responses(api: Api) -> None:
    script: list[Any] = [
        [Say("Let me "), "look.", call("weather", city="Paris")],
        call("weather", city="Rome"),
        Response((Say("Warm."),)),
    ]
    model = ScriptedModel(script, api=api)
    result = await Agent(model, [weather]).run("How warm is it?")
    assert result.output == "Warm."
    assert [handle.args for handle in result.calls.values()] == [{"city": "Paris"}, {"city": "Rome"}]
    assert len(model.requests) == 3
    last = str(model.requests[-1])
    assert "21 °C in Paris" in last
    assert "21 °C in Rome" in last


async def test_a_scenario_is_a_script(api: Api) -> None:
    assert (await Agent(ScriptedModel(Scenario.of("Hi."), api=api)).run("Hello?")).output == "Hi."


def test_a_call_s_arguments_may_have_any_name() -> None:
    assert call("find", name="x", self=1) == CallTool("find", {"name": "x", "self": 1})


async def test_a_refusal_is_the_output(api: Api) -> None:
    assert (await Agent(ScriptedModel([Refuse("I can not.")], api=api)).run("Do it.")).output == "I can not."


def test_a_wire_that_is_none() -> None:
    with pytest.raises(UsageError, match='api="telex" is unknown; there are: openai-responses, openai-chat'):
        ScriptedModel(["never"], api="telex")  # type: ignore[arg-type]


async def test_a_script_that_is_too_short(api: Api) -> None:
    with pytest.raises(UsageError, match="the script has 1 responses and was asked for number 2"):
        await Agent(ScriptedModel([call("weather", city="Paris")], api=api), [weather]).run("How warm is it?")


async def request_of(api: Api) -> JsonObject:
    """A request of that wire."""
    model = ScriptedModel(["Hi."], api=api)
    await Agent(model).run("Hi")
    return model.requests[0]


async def test_requests_are_checked_by_the_rules_of_the_provider(api: Api) -> None:
    model = ScriptedModel(["never"], api=api)
    answer = {"type": "function_call_output", "call_id": "call_7", "output": "x"}
    message = {"role": "tool", "tool_call_id": "call_7", "content": "x"}
    odd = {"input": [answer], "messages": [message], "contents": [message]}
    known = await request_of(api)
    model.settings = Settings(body={field: odd[field] for field in odd if field in known})
    with pytest.raises(WireError, match="the provider says") as caught:
        await Agent(model).run("Hi")
    assert caught.value.status == 400
    assert caught.value.phase == "request"


async def test_a_status(api: Api) -> None:
    body = Body({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, status=429)
    with pytest.raises(WireError, match="slow down") as caught:
        await Agent(ScriptedModel([body], api=api), limits=ONCE).run("Hi")
    assert (caught.value.status, caught.value.retryable) == (429, True)


async def test_a_whole_body_in_place_of_a_stream(api: Api) -> None:
    with pytest.raises(WireError, match="HTML page"):
        await Agent(ScriptedModel([Body("<html></html>")], api=api), limits=ONCE).run("Hi")


async def test_nobody_answers(api: Api) -> None:
    with pytest.raises(WireError) as caught:
        await Agent(ScriptedModel([Hangup("close")], api=api), limits=ONCE).run("Hi")
    assert caught.value.phase == "connect"


@pytest.mark.parametrize("how", ["eof", "reset"])
async def test_a_stream_that_breaks_off(api: Api, how: Literal["eof", "reset"]) -> None:
    """Nothing was sealed, so it is asked again."""
    model = ScriptedModel([[Say("Let me "), Cut(how)], "Warm."], api=api)
    result = await Agent(model).run("How warm is it?")
    assert result.output == "Warm."
    assert {type(record.event) for record in result.records} >= {TurnTorn, TurnRestarted}


async def test_bytes_of_your_own() -> None:
    """What the wire does with them is what a real provider's would do."""
    model = ScriptedModel([[Raw("data: {broken\n\n")]])
    with pytest.raises(WireError, match="not JSON"):
        await Agent(model, limits=ONCE).run("Hi")


async def test_arguments_of_your_own_that_are_not_valid(api: Api) -> None:
    model = ScriptedModel([call("weather", city=7), "I see."], api=api)
    result = await Agent(model, [weather]).run("How warm is it?")
    (failed,) = [record.event for record in result.records if isinstance(record.event, CallFailed)]
    assert failed.failure.type == "Rejected"
    assert "expected string" in str(model.requests[1])
