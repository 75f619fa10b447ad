"""Ollama's own API: a transcript and settings -> the body of the next request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.errors import ModelError
from millstream.settings import Effort, OutputSchema, Settings, UseTool
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
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.ollama import OllamaNative
from tests.unit.wire.transcripts import call, foreign, reply, result

_FORMAT = OllamaNative()
_OWN = "ollama-native"
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}
_TOOL = ToolSchema("f", "does f", _SCHEMA)
_HI = Transcript((user("Hi"),))


def body(settings: Settings, *, tools: tuple[ToolSchema, ...] = (), transcript: Transcript = _HI) -> dict[str, Any]:
    return _FORMAT.request(Ask("qwen3", transcript, tools=tools, settings=settings))


def test_a_request() -> None:
    assert _FORMAT.request(Ask("qwen3", _HI, "Be brief.", (_TOOL,))) == {
        "model": "qwen3",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "stream": True,
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "does f", "parameters": _SCHEMA}},
        ],
    }
    assert (_FORMAT.name, _FORMAT.path("qwen3")) == (_OWN, "/api/chat")


def test_images_are_data_beside_the_text() -> None:
    said = UserMessage((TextPart("What is"), MediaPart("image/png", base64="AAAA"), TextPart("this?")))
    assert _FORMAT.entries(Transcript((said,))) == [{"role": "user", "content": "What is\nthis?", "images": ["AAAA"]}]


@pytest.mark.parametrize(
    "part", [MediaPart("image/png", url="https://x/a.png"), MediaPart("application/pdf", base64="AAAA")]
)
def test_what_is_no_image_data_is_refused(part: MediaPart) -> None:
    with pytest.raises(ModelError, match="takes images as base64 data"):
        _FORMAT.entries(Transcript((UserMessage((part,)),)))


def test_a_reply_goes_back_with_its_calls_and_their_thoughts() -> None:
    said = reply(
        ReasoningItem("Hm"),
        TextItem("Let me see."),
        CallItem(call(0, "weather"), '{"city": "Paris"}'),
        CallItem(call(1, "news"), ""),
        wire=_OWN,
    )
    transcript = Transcript(
        (SystemMessage("Be kind."), said, result(call(0, "weather"), "21"), result(call(1, "news")))
    )
    assert _FORMAT.entries(transcript) == [
        {"role": "system", "content": "Be kind."},
        {
            "role": "assistant",
            "content": "Let me see.",
            "thinking": "Hm",
            "tool_calls": [
                {"id": "call_0", "function": {"name": "weather", "arguments": {"city": "Paris"}}},
                {"id": "call_1", "function": {"name": "news", "arguments": {}}},
            ],
        },
        {"role": "tool", "tool_name": "weather", "tool_call_id": "call_0", "content": "21"},
        {"role": "tool", "tool_name": "news", "tool_call_id": "call_1", "content": "done"},
    ]


def test_thoughts_without_a_call_stay_out_and_a_reply_of_nothing_else_too() -> None:
    assert _FORMAT.entries(Transcript((reply(ReasoningItem("Hm"), TextItem("Hi"), wire=_OWN),))) == [
        {"role": "assistant", "content": "Hi"}
    ]
    assert _FORMAT.entries(Transcript((reply(ReasoningItem("Hm"), wire=_OWN),))) == []


def test_a_reply_of_another_wire_goes_without_what_only_that_understands() -> None:
    _, assistant, first, second = _FORMAT.entries(foreign("anthropic-messages"))
    assert assistant == {
        "role": "assistant",
        "content": "Let me see.No.",
        "tool_calls": [
            {"id": "call_0", "function": {"name": "f", "arguments": {"city": "Paris"}}},
            {"id": "call_1", "function": {"name": "shell", "arguments": {"input": "ls"}}},
        ],
    }
    assert (first["content"], second["content"]) == ('{"c":21}', "a.txt")


@pytest.mark.parametrize(
    "text", ['{"a": 1', "nonsense", "[1]", '"x"', '{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1e999}']
)
def test_arguments_that_are_no_object_are_made_one(text: str) -> None:
    (message,) = _FORMAT.entries(Transcript((reply(CallItem(call(), text), wire=_OWN),)))
    arguments = message["tool_calls"][0]["function"]["arguments"]
    assert isinstance(arguments, dict)
    assert json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode()


# --- settings ---


def test_settings_that_it_has_words_for() -> None:
    settings = Settings(effort="high", max_output_tokens=100, output=OutputSchema(_SCHEMA))
    made = body(settings)
    assert (made["think"], made["options"], made["format"]) == ("high", {"num_predict": 100}, _SCHEMA)
    assert body(Settings(effort="none"))["think"] is False


def test_its_own_words_come_last_and_options_are_joined() -> None:
    settings = Settings(max_output_tokens=100, body={"options": {"seed": 1}, "keep_alive": 0, "stream": False})
    made = body(settings)
    assert (made["options"], made["keep_alive"], made["stream"]) == ({"num_predict": 100, "seed": 1}, 0, False)


def test_no_tools_are_told_of_where_none_may_be_called() -> None:
    assert "tools" not in body(Settings(tool_choice="none"), tools=(_TOOL,))


_EFFORTS: tuple[Effort, ...] = ("minimal", "xhigh", "max")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(tool_choice="required"), "forces a call"),
        (Settings(tool_choice=UseTool("f")), "forces a call"),
        (Settings(parallel_calls=False), "parallel_calls=False"),
        (Settings(strict_tools=True), "strict_tools"),
        (Settings(hosted_tools=({"type": "web_search"},)), "hosted_tools"),
        (Settings(moderation={}), "moderation"),
        *((Settings(effort=effort), effort) for effort in _EFFORTS),
    ],
)
def test_settings_that_it_has_no_words_for(settings: Settings, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        body(settings, tools=(_TOOL,))
    assert "ollama-native" in str(caught.value)


def test_a_tool_that_takes_free_text() -> None:
    with pytest.raises(ModelError, match=r"shell.*one parameter of type str"):
        _FORMAT.tool(ToolSchema("shell", "runs", _SCHEMA, kind="custom"))


def test_a_forced_call_is_no_longer_asked_for_once_a_tool_has_answered() -> None:
    said = reply(CallItem(call(), "{}"), wire=_OWN)
    answered = Transcript((user("Hi"), said, result(call())))
    settings = Settings(tool_choice="required")
    assert body(settings, tools=(_TOOL,), transcript=answered)["tools"]
    with pytest.raises(ModelError):
        body(settings, tools=(_TOOL,), transcript=answered + Transcript((user("Again."),)))
