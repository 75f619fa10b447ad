"""Cohere's chat API: a transcript and settings -> the body of the next request."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.errors import ModelError
from millstream.settings import OutputSchema, Settings, UseTool
from millstream.transcript import (
    CallItem,
    MediaPart,
    ReasoningItem,
    SystemMessage,
    TextItem,
    TextPart,
    Transcript,
    UserMessage,
    user,
)
from millstream.wire.cohere import CohereV2
from millstream.wire.format import Ask, ToolSchema
from tests.unit.wire.transcripts import call, foreign, reply, result

_FORMAT = CohereV2()
_OWN = "cohere-v2"
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}
_TOOLS = (ToolSchema("f", "does f", _SCHEMA), ToolSchema("g", "does g", _SCHEMA))
_HI = Transcript((user("Hi"),))
_PLAN = {"type": "tool_plan"}


def body(settings: Settings, transcript: Transcript = _HI, tools: tuple[ToolSchema, ...] = _TOOLS) -> dict[str, Any]:
    return _FORMAT.request(Ask("command-a", transcript, tools=tools, settings=settings))


def test_a_request() -> None:
    assert _FORMAT.request(Ask("command-a", _HI, "Be brief.", _TOOLS[:1])) == {
        "model": "command-a",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "stream": True,
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "does f", "parameters": _SCHEMA}},
        ],
    }
    assert (_FORMAT.name, _FORMAT.path("command-a")) == (_OWN, "/chat")


def test_images_are_parts_of_the_content() -> None:
    parts = (TextPart("See"), MediaPart("image/png", base64="AAAA"), MediaPart("image/png", url="https://x/a.png"))
    (message,) = _FORMAT.entries(Transcript((UserMessage(parts),)))
    assert message["content"] == [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
    ]


def test_another_file_is_refused() -> None:
    with pytest.raises(ModelError, match="takes text and images"):
        _FORMAT.entries(Transcript((UserMessage((MediaPart("application/pdf", base64="AAAA"),)),)))


def test_a_reply_goes_back_with_plan_thinking_and_calls() -> None:
    said = reply(
        ReasoningItem("Hm"),
        ReasoningItem("I will search.", _PLAN),
        TextItem("Well."),
        CallItem(call(0, "weather"), '{ "city": "Paris" }'),
        CallItem(call(1, "news"), ""),
        wire=_OWN,
    )
    transcript = Transcript((SystemMessage("Be kind."), said, result(call(0), "21"), result(call(1))))
    assert _FORMAT.entries(transcript) == [
        {"role": "system", "content": "Be kind."},
        {
            "role": "assistant",
            "tool_plan": "I will search.",
            "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Well."}],
            "tool_calls": [
                {
                    "id": "call_0",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{ "city": "Paris" }'},
                },
                {"id": "call_1", "type": "function", "function": {"name": "news", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_0", "content": "21"},
        {"role": "tool", "tool_call_id": "call_1", "content": "done"},
    ]


@pytest.mark.parametrize(
    ("items", "content"),
    [
        ((ReasoningItem("Hm"),), [{"type": "thinking", "thinking": "Hm"}]),
        ((TextItem("Well."),), "Well."),
        ((), None),
    ],
)
def test_what_stands_beside_calls(items: tuple[Any, ...], content: Any) -> None:
    (message,) = _FORMAT.entries(Transcript((reply(*items, CallItem(call(), "{}"), wire=_OWN),)))
    assert message.get("content") == content


def test_thoughts_without_a_call_stay_out_and_a_reply_of_nothing_else_too() -> None:
    assert _FORMAT.entries(Transcript((reply(ReasoningItem("Hm"), TextItem("Hi"), wire=_OWN),))) == [
        {"role": "assistant", "content": "Hi"}
    ]
    assert _FORMAT.entries(Transcript((reply(ReasoningItem("Hm"), TextItem(""), wire=_OWN),))) == []


def test_a_reply_of_another_wire_goes_without_what_only_that_understands() -> None:
    _, assistant, first, second = _FORMAT.entries(foreign("anthropic-messages"))
    assert assistant == {
        "role": "assistant",
        "content": "Let me see.No.",
        "tool_calls": [
            {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": '{"city": "Paris"}'}},
            {"id": "call_1", "type": "function", "function": {"name": "shell", "arguments": '{"input":"ls"}'}},
        ],
    }
    assert (first["content"], second["content"]) == ('{"c":21}', "a.txt")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{"a": [1', '{"a": []}'),
        ("null", "{}"),
        ("[1]", "{}"),
        ("nonsense", "{}"),
        ("{ }", "{}"),
        ('{"a":1}', '{"a":1}'),
    ],
)
def test_arguments_that_are_no_object_are_made_one(text: str, written: str) -> None:
    (message,) = _FORMAT.entries(Transcript((reply(CallItem(call(), text), wire=_OWN),)))
    assert message["tool_calls"][0]["function"]["arguments"] == written


# --- settings ---


def test_settings_that_it_has_words_for() -> None:
    settings = Settings(effort="none", max_output_tokens=100, output=OutputSchema(_SCHEMA), strict_tools=True)
    made = body(settings)
    assert made["thinking"] == {"type": "disabled"}
    assert made["max_tokens"] == 100
    assert made["response_format"] == {"type": "json_object", "json_schema": _SCHEMA}
    assert made["strict_tools"] is True
    assert "strict_tools" not in body(settings, tools=())
    assert body(Settings(body={"stream": False, "p": 0.5}))["p"] == 0.5


def test_tool_choice() -> None:
    assert "tool_choice" not in body(Settings())
    assert body(Settings(tool_choice="none"))["tool_choice"] == "NONE"
    assert body(Settings(tool_choice="required"))["tool_choice"] == "REQUIRED"
    with pytest.raises(ModelError, match="forces a call, and there is no tool"):
        body(Settings(tool_choice="required"), tools=())


def test_a_call_of_one_tool_is_forced_by_telling_of_no_other() -> None:
    made = body(Settings(tool_choice=UseTool("g")))
    assert made["tool_choice"] == "REQUIRED"
    assert [one["function"]["name"] for one in made["tools"]] == ["g"]
    with pytest.raises(ModelError, match="names no tool of this request; there are: f, g"):
        body(Settings(tool_choice=UseTool("h")))


def test_a_forced_call_is_no_longer_asked_for_once_a_tool_has_answered() -> None:
    answered = Transcript((user("Hi"), reply(CallItem(call(), "{}"), wire=_OWN), result(call())))
    for choice in (UseTool("g"), "required"):
        made = body(Settings(tool_choice=choice), answered)
        assert "tool_choice" not in made
        assert len(made["tools"]) == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(parallel_calls=False), "parallel_calls=False"),
        (Settings(hosted_tools=({"type": "web_search"},)), "hosted_tools"),
        (Settings(moderation={}), "moderation.*safety_mode"),
        (Settings(effort="high"), 'effort="high".*token_budget'),
    ],
)
def test_settings_that_it_has_no_words_for(settings: Settings, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        body(settings)
    assert "cohere-v2" in str(caught.value)


def test_a_tool_that_takes_free_text() -> None:
    with pytest.raises(ModelError, match=r"shell.*one parameter of type str"):
        _FORMAT.tool(ToolSchema("shell", "runs", _SCHEMA, kind="custom"))
