"""Gemini's Interactions: a transcript, tools and settings -> the body of the next request, by what the API accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai._gaos.types.interactions.createmodelinteraction import CreateModelInteraction
from google.genai._gaos.types.interactions.step import Step
from pydantic import TypeAdapter

from millstream.errors import ModelError
from millstream.limits import Limits
from millstream.models import Model
from millstream.settings import Effort, OutputSchema, Settings, ToolChoice, UseTool
from millstream.transcript import (
    CallItem,
    JsonPart,
    MediaPart,
    Part,
    ReasoningItem,
    ReplyItem,
    ServerItem,
    SystemMessage,
    TextItem,
    TextPart,
    ToolResult,
    Transcript,
    UserMessage,
    user,
)
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.gemini_calls import UNSIGNED
from millstream.wire.gemini_interactions import GeminiInteractions
from tests.unit.wire.transcripts import call, foreign, reply, result

_FORMAT = GeminiInteractions()
_OWN = "gemini-interactions"
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}}
_TOOL = ToolSchema("f", "does f", _SCHEMA)
_DECLARED = {"type": "function", "name": "f", "description": "does f", "parameters": _SCHEMA}
_HI = Transcript((user("Hi"),))
_STEP: TypeAdapter[Any] = TypeAdapter(Step)
_SAID = {"type": "user_input", "content": [{"type": "text", "text": "Hi"}]}


def body(settings: Settings, *tools: ToolSchema, transcript: Transcript = _HI) -> dict[str, Any]:
    """The body for these settings, which the SDK's own types take as well."""
    found = _FORMAT.request(Ask("gemini-3-pro", transcript, tools=tools, settings=settings))
    CreateModelInteraction.model_validate(json.loads(json.dumps(found, allow_nan=False)))
    judge(found["input"])
    return found


def judge(steps: list[dict[str, Any]]) -> None:
    """Let google-genai's types read steps: they know every one of them."""
    for step in steps:
        assert type(_STEP.validate_python(step)).__name__ != "UnknownStep", step


def steps(*said: ReplyItem, wire: str = _OWN) -> list[dict[str, Any]]:
    """The steps that a reply becomes."""
    return _FORMAT.entries(Transcript((reply(*said, wire=wire),)))


def test_a_request_streams_and_is_not_stored() -> None:
    assert body(Settings()) == {"model": "gemini-3-pro", "input": [_SAID], "stream": True, "store": False}


def test_where_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "a-key-of-mine")
    model = Model("gemini-interactions:gemini-3-pro")
    request = model.request(Ask(model.model, _HI), Limits())
    assert request.url == "https://generativelanguage.googleapis.com/v1beta/interactions"
    assert request.headers == {"x-goog-api-key": "a-key-of-mine"}
    assert request.format_headers["api-revision"] == "2026-05-20"


def test_instructions_are_one_text_those_within_the_history_too() -> None:
    found = _FORMAT.request(Ask("g", Transcript((user("Hi"), SystemMessage("Be kind."))), "Be brief."))
    assert found["system_instruction"] == "Be brief.\n\nBe kind."
    assert found["input"] == [_SAID]


def test_what_the_user_gives_is_merged_into_what_is_ours() -> None:
    own = {"generation_config": {"temperature": 0}, "store": True}
    found = body(Settings(effort="low", max_output_tokens=9, body=own))
    assert found["generation_config"] == {"thinking_level": "low", "max_output_tokens": 9, "temperature": 0}
    assert found["store"] is True


def test_tools_are_flat_and_those_of_the_provider_stand_beside_ours() -> None:
    found = body(Settings(hosted_tools=({"type": "google_search"},)), _TOOL)
    assert found["tools"] == [_DECLARED, {"type": "google_search"}]
    assert _FORMAT.tool(_TOOL) == _DECLARED


@pytest.mark.parametrize(
    ("choice", "strict", "written"),
    [
        ("auto", False, None),
        ("auto", True, "validated"),
        ("none", False, "none"),
        ("required", True, "any"),
        (UseTool("f"), False, {"allowed_tools": {"mode": "any", "tools": ["f"]}}),
    ],
)
def test_the_choice_of_a_tool(choice: ToolChoice, strict: bool, written: object) -> None:
    found = body(Settings(tool_choice=choice, strict_tools=strict), _TOOL)
    assert found.get("generation_config", {}).get("tool_choice") == written


def test_a_choice_that_forces_a_call_holds_until_a_tool_has_answered() -> None:
    answered = Transcript((user("Hi"), reply(CallItem(call(), "{}"), wire=_OWN), result(call())))
    assert "generation_config" not in body(Settings(tool_choice="required"), _TOOL, transcript=answered)


@pytest.mark.parametrize("effort", ["minimal", "low", "medium", "high", "xhigh"])
def test_how_much_to_reason(effort: Effort) -> None:
    assert body(Settings(effort=effort))["generation_config"] == {"thinking_level": effort}


def test_the_schema_of_the_answer() -> None:
    found = body(Settings(output=OutputSchema(_SCHEMA, description="A number.")))
    schema = _SCHEMA | {"description": "A number."}
    assert found["response_format"] == {"type": "text", "mime_type": "application/json", "schema": schema}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(parallel_calls=False), "parallel_calls=False"),
        (Settings(moderation={}), "moderation="),
        (Settings(effort="max"), 'effort="max"'),
        (Settings(effort="none"), 'effort="none"'),
    ],
)
def test_what_there_is_no_word_for(settings: Settings, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        body(settings)


def test_there_are_no_tools_that_take_free_text() -> None:
    with pytest.raises(ModelError, match='"sh" is one: give it a text parameter'):
        _FORMAT.tool(ToolSchema("sh", "", {}, kind="custom"))


def test_steps_go_back_as_they_came() -> None:
    thought = {"type": "thought", "signature": "czE=", "summary": [{"type": "text", "text": "Hm"}]}
    searched = {"type": "google_search_call", "id": "a", "arguments": {"queries": ["x"]}, "signature": "czI="}
    output = {"type": "model_output", "content": [{"type": "text", "text": "So."}, {"type": "image", "uri": "u"}]}
    called = {"type": "function_call", "id": "theirs", "name": "f"}
    found = steps(
        ReasoningItem("Hm", thought),
        ServerItem(searched),
        TextItem("So.", echo=output),
        CallItem(call(), '{"n": 1}', called),
    )
    judge(found)
    assert found == [thought, searched, output, called | {"id": "call_0", "arguments": {"n": 1}}]


def test_what_has_no_echo_is_written_anew_but_for_thoughts() -> None:
    assert steps(ReasoningItem("Hm"), TextItem("So."), TextItem(""), CallItem(call(name="1 a"), '{"n"')) == [
        {"type": "model_output", "content": [{"type": "text", "text": "So."}]},
        {"type": "function_call", "id": "call_0", "name": "_1_a", "arguments": {}},
    ]


def test_the_history_of_another_wire_is_signed_by_nobody() -> None:
    found = _FORMAT.entries(foreign("openai-responses"))
    judge(found)
    assert found[1:] == [
        {"type": "model_output", "content": [{"type": "text", "text": "Let me see."}]},
        {"type": "thought", "signature": UNSIGNED},
        {"type": "function_call", "id": "call_0", "name": "f", "arguments": {"city": "Paris"}},
        {"type": "function_call", "id": "call_1", "name": "shell", "arguments": {"input": "ls"}},
        {"type": "model_output", "content": [{"type": "text", "text": "No."}]},
        {"type": "function_result", "call_id": "call_0", "name": "f", "result": '{"c":21}'},
        {"type": "function_result", "call_id": "call_1", "name": "shell", "result": "a.txt"},
    ]


def test_results() -> None:
    image, file = MediaPart("image/png", base64="aGk="), MediaPart("application/pdf", url="https://x/y.pdf")
    cases: list[tuple[tuple[Part, ...], object]] = [
        ((TextPart("a"), JsonPart({"$ref": 12345678901234567890})), 'a\n{"$ref":12345678901234567890}'),
        ((), ""),
        (
            (JsonPart([1]), image, file),
            [
                {"type": "text", "text": "[1]"},
                {"type": "image", "mime_type": "image/png", "data": "aGk="},
                {"type": "document", "mime_type": "application/pdf", "uri": "https://x/y.pdf"},
            ],
        ),
    ]
    for given, said in cases:
        found = _FORMAT.entries(Transcript((ToolResult(call(), given), ToolResult(call(), given, ok=False))))
        judge(found)
        good = {"type": "function_result", "call_id": "call_0", "name": "f", "result": said}
        assert found == [good, good | {"is_error": True}]


def test_media_of_the_user() -> None:
    parts = (TextPart("Hear"), MediaPart("audio/wav", base64="aGk="), MediaPart("video/mp4", url="u"))
    found = _FORMAT.entries(Transcript((UserMessage(parts),)))
    judge(found)
    assert [one["type"] for one in found[0]["content"]] == ["text", "audio", "video"]
