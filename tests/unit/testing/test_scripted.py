from __future__ import annotations

from typing import Any, Literal

import pytest

from millstream import Agent, Limits, UsageError, WireError, tool
from millstream.events import CallFailed, TurnRestarted, TurnTorn
from millstream.settings import Settings
from millstream.testing import Body, CallTool, Cut, Hangup, Raw, Refuse, Response, Say, Scenario, ScriptedModel, call
from millstream.testing.provider.endpoints import ENDPOINTS, Api, Posted
from millstream.testing.provider.picking import Memory
from millstream.testing.scripted import scripted_apis
from tests.unit.testing.provider.asking import BODIES

pytestmark = pytest.mark.anyio

ONCE = Limits(request_attempts=1)


@pytest.fixture(params=scripted_apis())
def api(request: pytest.FixtureRequest) -> Api:
    name: Api = request.param
    return name


@pytest.fixture(params=[api for api in scripted_apis() if api != "openai-completions"])
def tool_api(request: pytest.FixtureRequest) -> Api:
    """A wire that has tools."""
    name: Api = request.param
    return name


@tool
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


async def test_a_script_is_text_steps_and_responses(tool_api: Api) -> None:
    script: list[Any] = [
        [Say("Let me "), "look.", call("weather", city="Paris")],
        call("weather", city="Rome"),
        Response((Say("Warm."),)),
    ]
    model = ScriptedModel(script, api=tool_api)
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


async def test_a_script_that_is_too_short(tool_api: Api) -> None:
    with pytest.raises(UsageError, match="the script has 1 responses and was asked for number 2"):
        await Agent(ScriptedModel([call("weather", city="Paris")], api=tool_api), [weather]).run("How warm is it?")


STRAY_RESULTS: dict[Api, dict[str, Any]] = {
    "openai-responses": {"input": [{"type": "function_call_output", "call_id": "call_7", "output": "x"}]},
    "openai-chat": {"messages": [{"role": "tool", "tool_call_id": "call_7", "content": "x"}]},
    "openai-completions": {"prompt": {"result": "call_7"}},
    "anthropic-messages": {
        "messages": [
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_7", "content": "x"}]},
        ]
    },
    "gemini-generate": {
        "contents": [{"role": "user", "parts": [{"functionResponse": {"name": "call_7", "response": {}}}]}]
    },
    "gemini-interactions": {"input": [{"type": "function_result", "call_id": "call_7", "result": "x"}]},
    "ollama-native": {"messages": [{"role": "tool", "tool_name": "call_7", "content": "x"}]},
    "bedrock-converse": {
        "messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "call_7", "content": []}}]}]
    },
    "cohere-v2": {"messages": [{"role": "tool", "tool_call_id": "call_7", "content": "x"}]},
}
"""A history that every provider refuses: the result of a call that nobody made."""


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_wire_has_a_history_that_is_refused(name: Api) -> None:
    asked = BODIES[name]
    assert ENDPOINTS[name].check(Posted(asked), Memory()) is None
    assert ENDPOINTS[name].check(Posted(asked | STRAY_RESULTS[name]), Memory()) is not None


async def test_requests_are_checked_by_the_rules_of_the_provider(api: Api) -> None:
    model = ScriptedModel(["never"], api=api)
    model.settings = Settings(body=STRAY_RESULTS[api])
    with pytest.raises(WireError, match="the provider says") as caught:
        await Agent(model).run("Hi")
    assert caught.value.status == 400
    assert caught.value.phase == "request"
    assert model.requests[0].items() >= STRAY_RESULTS[api].items()


async def test_a_status(api: Api) -> None:
    body = Body({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, status=429)
    with pytest.raises(WireError, match="slow down") as caught:
        await Agent(ScriptedModel([body], api=api), limits=ONCE).run("Hi")
    assert (caught.value.status, caught.value.retryable) == (429, True)


async def test_a_whole_body_in_place_of_a_stream(api: Api) -> None:
    with pytest.raises(WireError, match=r"(?i)html"):
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


async def test_arguments_of_your_own_that_are_not_valid(tool_api: Api) -> None:
    model = ScriptedModel([call("weather", city=7), "I see."], api=tool_api)
    result = await Agent(model, [weather]).run("How warm is it?")
    (failed,) = [record.event for record in result.records if isinstance(record.event, CallFailed)]
    assert failed.failure.type == "Rejected"
    assert "expected string" in str(model.requests[1])
