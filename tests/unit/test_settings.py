"""How a model is asked in one run: settings over the model's, and what each wire is told to keep for the next time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream import Agent, Settings, UsageError, UseTool, tool
from millstream.settings import as_settings, over
from millstream.testing import ScriptedModel, assert_records, call
from millstream.testing.provider.endpoints import Api

pytestmark = pytest.mark.anyio


@tool
async def look(place: str) -> str:
    """Look at a place."""
    return f"nothing at {place}"


def test_what_is_set_holds_over_what_the_model_has() -> None:
    model = Settings(effort="low", tool_choice=UseTool("look"), body={"temperature": 0, "seed": 1})
    own = Settings(effort="high", cache=True, body={"temperature": 1})
    both = over(model, own)
    assert both == Settings(effort="high", tool_choice=UseTool("look"), cache=True, body={"temperature": 1, "seed": 1})
    assert over(model, Settings()) == model
    assert over(Settings(), own) == own


def test_settings_are_settings_or_fields_of_the_body() -> None:
    assert as_settings(None) == Settings()
    assert as_settings({"temperature": 0}) == Settings(body={"temperature": 0})
    with pytest.raises(UsageError, match=r"settings='high' are none: write Settings\(…\)"):
        Agent(ScriptedModel([])).stream("Go.", settings="high")  # type: ignore[arg-type]


async def test_they_hold_for_every_turn_of_the_run_and_for_no_other_run() -> None:
    model = ScriptedModel([call("look", place="a"), "Done.", "Again."])
    model.settings = Settings(max_output_tokens=100)
    agent = Agent(model, [look])
    result = await agent.run("Go.", settings=Settings(effort="low"))
    await agent.run("Go.", settings={"max_output_tokens": 7})
    assert [request.get("reasoning") for request in model.requests] == [{"effort": "low"}, {"effort": "low"}, None]
    assert [request["max_output_tokens"] for request in model.requests] == [100, 100, 7]
    assert_records(result.records)


def test_they_hold_in_run_sync_too() -> None:
    model = ScriptedModel(["Done."])
    Agent(model).run_sync("Go.", settings=Settings(effort="high"))
    assert model.requests[0]["reasoning"] == {"effort": "high"}


# --- what is to be kept ---


async def asked(api: Api, cache: bool | str, instructions: str = "Be brief.") -> list[Any]:
    """The bodies of the requests of a run with a call, checked by the provider's own rules."""
    model = ScriptedModel([call("look", place="a"), "Done."], api=api)
    agent = Agent(model, [look], instructions=instructions)
    result = await agent.run("Go.", settings=Settings(cache=cache))
    assert result.output == "Done."
    return model.requests


def marks(value: Any, name: str) -> int:
    return json.dumps(value).count(f'"{name}"')


@pytest.mark.parametrize("cache", [True, "team"])
async def test_anthropic_is_told_to_keep_the_beginning_and_what_was_said(cache: bool | str) -> None:
    first, second = await asked("anthropic-messages", cache)
    mark = {"type": "ephemeral"}
    for request in (first, second):
        assert request["system"] == [{"type": "text", "text": "Be brief.", "cache_control": mark}]
        assert request["messages"][-1]["content"][-1]["cache_control"] == mark
        assert marks(request, "cache_control") == 2, "four are the most"
    assert second["messages"][-1]["content"][-1]["type"] == "tool_result"


async def test_without_instructions_anthropic_is_told_behind_the_tools() -> None:
    first, _ = await asked("anthropic-messages", cache=True, instructions="")
    assert first["tools"][-1]["cache_control"] == {"type": "ephemeral"}
    assert "system" not in first
    assert marks(first, "cache_control") == 2


@pytest.mark.parametrize("instructions", ["Be brief.", ""])
async def test_so_is_bedrock(instructions: str) -> None:
    point = {"cachePoint": {"type": "default"}}
    for request in await asked("bedrock-converse", True, instructions):
        assert request["messages"][-1]["content"][-1] == point
        assert request.get("system", [point])[-1] == point
        assert marks(request, "cachePoint") == 1 + bool(instructions)


@pytest.mark.parametrize("api", ["openai-responses", "openai-chat"])
async def test_openai_is_told_a_key_and_needs_no_marks(api: Api) -> None:
    assert [request.get("prompt_cache_key") for request in await asked(api, "team")] == ["team", "team"]
    for cache in (True, False, ""):
        assert [request.get("prompt_cache_key") for request in await asked(api, cache)] == [None, None]


@pytest.mark.parametrize("api", ["gemini-generate", "ollama-native", "cohere-v2"])
async def test_others_keep_it_by_themselves(api: Api) -> None:
    assert await asked(api, "team") == await asked(api, cache=False)


@pytest.mark.parametrize("api", ["anthropic-messages", "bedrock-converse"])
async def test_nothing_is_marked_unless_asked_for(api: Api) -> None:
    for request in await asked(api, cache=False):
        assert marks(request, "cache_control") + marks(request, "cachePoint") == 0
