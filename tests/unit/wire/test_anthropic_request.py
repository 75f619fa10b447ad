"""Anthropic Messages: what is asked and on which terms -> the body of a request."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.errors import ModelError, ToolDefinitionError
from millstream.settings import OutputSchema, Settings, ToolChoice, UseTool
from millstream.transcript import CallItem, Entry, ServerItem, SystemMessage, Transcript, user
from millstream.wire.anthropic import AnthropicMessages
from millstream.wire.format import Ask, ToolSchema
from tests.unit.wire.transcripts import call, reply, result

_FORMAT = AnthropicMessages()
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
_STRICT: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer", "description": "At least: 1."}},
    "additionalProperties": False,
}
_TOOL = ToolSchema("f", "does f", _SCHEMA)
_ANY = ToolSchema("g", "does g", {"type": "object"})


def body(*entries: Entry, tools: tuple[ToolSchema, ...] = (_TOOL,), **settings: Any) -> dict[str, Any]:
    said = entries or (user("Hi"),)
    return _FORMAT.request(Ask("claude", Transcript(said), tools=tools, settings=Settings(**settings)))


def test_a_request() -> None:
    assert _FORMAT.request(Ask("claude", Transcript((user("Hi"),)), "Be brief.")) == {
        "model": "claude",
        "max_tokens": 32_000,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "stream": True,
    }
    assert (_FORMAT.name, _FORMAT.path("claude")) == ("anthropic-messages", "/messages")
    assert _FORMAT.headers["anthropic-version"] == "2023-06-01"


def test_instructions_at_the_beginning_of_the_history_are_instructions() -> None:
    ask = Ask(
        "claude", Transcript((SystemMessage("One."), SystemMessage(" "), SystemMessage("Two."), user("Hi"))), "0."
    )
    made = _FORMAT.request(ask)
    assert made["system"] == "0.\n\nOne.\n\nTwo."
    assert len(made["messages"]) == 1
    assert "system" not in body()


# --- tools ---


def test_arguments_are_asked_for_as_they_are_written() -> None:
    assert body()["tools"] == [
        {"name": "f", "description": "does f", "input_schema": _SCHEMA, "eager_input_streaming": True}
    ]
    assert _FORMAT.tool(_TOOL) == body()["tools"][0]


def test_a_server_that_does_not_know_that_field_is_asked_without_it() -> None:
    made = body(body={"eager_input_streaming": False, "temperature": 0})
    assert "eager_input_streaming" not in made
    assert made["tools"] == [{"name": "f", "description": "does f", "input_schema": _SCHEMA}]
    assert made["temperature"] == 0


def test_strict_tools_in_the_form_that_the_api_knows() -> None:
    (made,) = body(strict_tools=True)["tools"]
    assert made["strict"] is True
    assert made["input_schema"] == _STRICT
    assert made["eager_input_streaming"] is True


def test_a_tool_that_can_not_be_strict_is_named() -> None:
    with pytest.raises(ToolDefinitionError, match=r"^g can not be strict: the schema is an object of any keys"):
        body(tools=(_ANY,), strict_tools=True)


def test_there_are_no_tools_of_free_text() -> None:
    with pytest.raises(ModelError, match=r"free text for shell .* anthropic-messages: give it a function"):
        _FORMAT.tool(ToolSchema("shell", "runs", {}, kind="custom"))


def test_tools_of_the_provider_are_passed_on() -> None:
    hosted = {"type": "web_search_20260318", "name": "web_search"}
    assert body(tools=(), hosted_tools=(hosted,))["tools"] == [hosted]
    assert body(hosted_tools=(hosted,))["tools"][1] == hosted


# --- choices ---


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        ("auto", None, None),
        ("auto", True, None),
        ("auto", False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("none", False, {"type": "none"}),
        ("required", None, {"type": "any"}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        (UseTool("f"), None, {"type": "tool", "name": "f"}),
        (UseTool("f"), False, {"type": "tool", "name": "f", "disable_parallel_tool_use": True}),
    ],
)
def test_the_choice_of_tools(choice: ToolChoice, parallel: bool | None, written: dict[str, Any] | None) -> None:
    assert body(tool_choice=choice, parallel_calls=parallel).get("tool_choice") == written
    assert "tool_choice" not in body(tools=(), tool_choice=choice, parallel_calls=parallel)


@pytest.mark.parametrize("choice", ["required", UseTool("f")])
def test_a_choice_that_forces_a_call_holds_until_a_tool_has_answered(choice: ToolChoice) -> None:
    answered = (user("Hi"), reply(CallItem(call(), "{}"), wire=_FORMAT.name), result(call()))
    assert "tool_choice" not in body(*answered, tool_choice=choice)
    assert body(*answered, tool_choice=choice, parallel_calls=False)["tool_choice"]["type"] == "auto"
    assert body(*answered, user("Again."), tool_choice=choice)["tool_choice"]["type"] != "auto"


# --- the other settings ---


@pytest.mark.parametrize("effort", ["low", "medium", "high", "xhigh", "max"])
def test_how_much_to_reason(effort: Any) -> None:
    made = body(effort=effort)
    assert made["output_config"] == {"effort": effort}
    assert "thinking" not in made  # which kinds of it there are depends on the model


def test_not_to_reason_at_all() -> None:
    made = body(effort="none")
    assert made["thinking"] == {"type": "disabled"}
    assert "output_config" not in made


def test_an_effort_that_has_no_word() -> None:
    with pytest.raises(ModelError, match=r'effort "minimal" can not be asked for .* use "low"'):
        body(effort="minimal")


def test_how_long_an_answer_may_be() -> None:
    assert body(max_output_tokens=9)["max_tokens"] == 9


def test_the_schema_of_the_answer() -> None:
    made = body(output=OutputSchema(_SCHEMA, "weather", "What it is like."), effort="low")
    schema = {"description": "What it is like.", **_STRICT}
    assert made["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": schema}}
    assert body(output=OutputSchema(_SCHEMA))["output_config"]["format"]["schema"] == _STRICT


def test_a_schema_of_the_answer_that_can_not_be_asked_for() -> None:
    with pytest.raises(ModelError, match="the output schema can not be asked of anthropic-messages: the schema is"):
        body(output=OutputSchema({"type": "object"}))
    with pytest.raises(ModelError, match=r"not enforced .* use strict=True"):
        body(output=OutputSchema(_SCHEMA, strict=False))


def test_moderation_can_not_be_asked_for() -> None:
    with pytest.raises(ModelError, match="moderation can not be asked for on the wire anthropic-messages"):
        body(moderation={"model": "x"})


def test_the_user_s_own_fields_come_last() -> None:
    made = body(body={"max_tokens": 7, "thinking": {"type": "adaptive"}, "tools": []}, effort="none")
    assert (made["max_tokens"], made["thinking"], made["tools"]) == (7, {"type": "adaptive"}, [])


def test_where_code_runs_is_named_while_it_waits() -> None:
    place = ServerItem({"type": "container", "id": "container_1"})
    said = reply(place, CallItem(call(), "{}"), wire=_FORMAT.name)
    assert body(user("Hi"), said, result(call()))["container"] == "container_1"
    assert "container" not in body(user("Hi"), said, result(call()), user("New."))
