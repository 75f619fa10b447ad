"""Gemini: a transcript, tools and settings -> the body of the next request, by what the API accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.errors import ModelError, ToolDefinitionError
from millstream.limits import Limits
from millstream.models import Model
from millstream.settings import Effort, OutputSchema, Settings, ToolChoice, UseTool
from millstream.transcript import CallItem, SystemMessage, Transcript, user
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.gemini import Gemini
from tests.unit.wire.gemini_wire import echo, judge
from tests.unit.wire.transcripts import call, reply, result

_FORMAT = Gemini()
_OWN = "gemini-generate"
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}}
_TOOL = ToolSchema("f", "does f", _SCHEMA)
_DECLARED = {"name": "f", "description": "does f", "parametersJsonSchema": _SCHEMA}
_HI = Transcript((user("Hi"),))


def body(settings: Settings, *tools: ToolSchema, transcript: Transcript = _HI) -> dict[str, Any]:
    """The body for these settings, which the SDK's own types take as well."""
    found = _FORMAT.request(Ask("gemini-3-pro", transcript, tools=tools, settings=settings))
    judge(found)
    return found


# --- the body ---


def test_a_request_is_contents_and_nothing_that_was_not_asked_for() -> None:
    assert body(Settings()) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-3-pro", "/models/gemini-3-pro:streamGenerateContent?alt=sse"),
        ("models/gemini-3-pro", "/models/gemini-3-pro:streamGenerateContent?alt=sse"),
        ("tunedModels/mine", "/tunedModels/mine:streamGenerateContent?alt=sse"),
        ("publishers/google/models/g", "/publishers/google/models/g:streamGenerateContent?alt=sse"),
        ("a?b#c", "/models/a%3Fb%23c:streamGenerateContent?alt=sse"),
    ],
)
def test_the_model_stands_in_the_path(model: str, path: str) -> None:
    assert _FORMAT.path(model) == path


def test_the_key_goes_into_a_header_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "a-key-of-mine")
    model = Model("gemini:gemini-3-pro")
    request = model.request(Ask(model.model, _HI), Limits())
    assert request.headers == {"x-goog-api-key": "a-key-of-mine"}
    base = "https://generativelanguage.googleapis.com/v1beta"
    assert request.url == f"{base}/models/gemini-3-pro:streamGenerateContent?alt=sse"


def test_instructions_are_apart_those_within_the_history_too() -> None:
    history = Transcript((user("Hi"), SystemMessage("Be kind."), SystemMessage("")))
    found = _FORMAT.request(Ask("g", history, "Be brief."))
    assert found["systemInstruction"] == {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]}
    assert found["contents"] == [{"role": "user", "parts": [{"text": "Hi"}]}]


def test_what_the_user_gives_is_merged_into_what_is_ours() -> None:
    own = {"generationConfig": {"temperature": 0, "thinkingConfig": {"includeThoughts": True}}, "cachedContent": "c"}
    found = body(Settings(effort="low", max_output_tokens=9, body=own))
    assert found["generationConfig"] == {
        "maxOutputTokens": 9,
        "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True},
        "temperature": 0,
    }
    assert found["cachedContent"] == "c"
    assert body(Settings(max_output_tokens=9, body={"generationConfig": {}}))["generationConfig"] == {
        "maxOutputTokens": 9
    }
    assert body(Settings(max_output_tokens=9, body={"contents": []}))["contents"] == []


# --- tools ---


def test_tools_are_declared_in_one_tool() -> None:
    other = ToolSchema("g", "", _SCHEMA)
    assert body(Settings(), _TOOL, other)["tools"] == [
        {"functionDeclarations": [_DECLARED, {"name": "g", "description": "", "parametersJsonSchema": _SCHEMA}]}
    ]
    assert _FORMAT.tool(_TOOL) == _DECLARED


def test_tools_of_the_provider_beside_ours_are_to_be_shown() -> None:
    # 400 "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling."
    hosted: tuple[dict[str, Any], ...] = ({"googleSearch": {}},)
    found = body(Settings(hosted_tools=hosted), _TOOL)
    assert found["tools"] == [{"functionDeclarations": [_DECLARED]}, {"googleSearch": {}}]
    assert found["toolConfig"] == {"includeServerSideToolInvocations": True}
    assert "toolConfig" not in body(Settings(hosted_tools=hosted))


_AMONG = UseTool("f")


@pytest.mark.parametrize(
    ("choice", "strict", "calling"),
    [
        ("auto", False, None),
        ("auto", True, {"mode": "VALIDATED"}),
        ("none", False, {"mode": "NONE"}),
        ("none", True, {"mode": "NONE"}),
        ("required", False, {"mode": "ANY"}),
        ("required", True, {"mode": "ANY"}),
        (_AMONG, False, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_the_choice_of_a_tool(choice: ToolChoice, strict: bool, calling: dict[str, Any] | None) -> None:
    found = body(Settings(tool_choice=choice, strict_tools=strict), _TOOL)
    assert found.get("toolConfig") == (None if calling is None else {"functionCallingConfig": calling})


def test_a_choice_that_forces_a_call_holds_until_a_tool_has_answered() -> None:
    settings = Settings(tool_choice="required")
    answered = Transcript((user("Hi"), reply(CallItem(call(), "{}", echo()), wire=_OWN), result(call())))
    assert "toolConfig" not in body(settings, _TOOL, transcript=answered)
    assert "toolConfig" in body(settings, _TOOL, transcript=Transcript((*answered, user("Again"))))


def test_strict_tools_are_told_in_geminis_own_form() -> None:
    (tool,) = body(Settings(strict_tools=True), _TOOL)["tools"]
    (declared,) = tool["functionDeclarations"]
    assert declared["parameters"]["type"] == "OBJECT"
    assert "parametersJsonSchema" not in declared
    any_keys = ToolSchema("f", "", {"type": "object", "properties": {"a": {"type": "object"}}})
    with pytest.raises(ToolDefinitionError, match="is an object of any keys"):
        body(Settings(strict_tools=True), any_keys)


def test_a_schema_goes_as_it_is_but_for_what_the_api_refuses() -> None:
    # "$ref … was set alongside unsupported fields", anomalyco/opencode#12295
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "$schema": {"type": "string"},
            "a": {"$ref": "#/$defs/A", "description": "d", "default": None},
            "b": {"items": [{"$ref": "#/$defs/A", "title": "B"}]},
            "$ref": {"type": "string"},
        },
        "$defs": {"A": {"enum": [1, 2]}},
    }
    before = json.dumps(schema)
    found = _FORMAT.tool(ToolSchema("f", "", schema))["parametersJsonSchema"]
    assert found == {
        "type": "object",
        "properties": {
            "$schema": {"type": "string"},
            "a": {"$ref": "#/$defs/A", "description": "d", "default": None},
            "b": {"items": [{"title": "B", "anyOf": [{"$ref": "#/$defs/A"}]}]},
            "$ref": {"type": "string"},
        },
        "$defs": {"A": {"enum": [1, 2]}},
    }
    assert json.dumps(schema) == before


# --- settings ---


@pytest.mark.parametrize(
    ("effort", "thinking"),
    [
        ("none", {"thinkingBudget": 0}),
        ("minimal", {"thinkingLevel": "MINIMAL"}),
        ("low", {"thinkingLevel": "LOW"}),
        ("medium", {"thinkingLevel": "MEDIUM"}),
        ("high", {"thinkingLevel": "HIGH"}),
        ("xhigh", {"thinkingLevel": "XHIGH"}),
    ],
)
def test_how_much_to_reason(effort: Effort, thinking: dict[str, Any]) -> None:
    assert body(Settings(effort=effort))["generationConfig"] == {"thinkingConfig": thinking}


def test_the_schema_of_the_answer() -> None:
    found = body(Settings(output=OutputSchema(_SCHEMA, description="A number.")))
    assert found["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": _SCHEMA | {"description": "A number."},
    }
    own = OutputSchema(_SCHEMA | {"description": "Mine."}, description="A number.")
    assert body(Settings(output=own))["generationConfig"]["responseJsonSchema"]["description"] == "Mine."


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(parallel_calls=False), "parallel_calls=False"),
        (Settings(moderation={}), "moderation="),
        (Settings(effort="max"), 'effort="max"'),
    ],
)
def test_what_gemini_has_no_word_for(settings: Settings, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        body(settings)
    assert body(Settings(parallel_calls=True)) == body(Settings())


def test_there_are_no_tools_that_take_free_text() -> None:
    with pytest.raises(ModelError, match='"sh" is one: give it a text parameter'):
        _FORMAT.tool(ToolSchema("sh", "", {}, kind="custom"))
