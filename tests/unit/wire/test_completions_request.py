"""OpenAI's legacy completions: a conversation as one text."""

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
    Transcript,
    UserMessage,
    user,
)
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.openai_completions import OpenAICompletions
from millstream.wire.text_calls.writing import told
from tests.unit.wire.transcripts import call, foreign, reply, result

_FORMAT = OpenAICompletions()
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}
_TOOL = ToolSchema("f", "does f", _SCHEMA)
_HI = Transcript((user("Hi"),))


def body(settings: Settings, tools: tuple[ToolSchema, ...] = ()) -> dict[str, Any]:
    return _FORMAT.request(Ask("m", _HI, tools=tools, settings=settings, text_calls="json"))


def test_a_request() -> None:
    assert _FORMAT.request(Ask("m", _HI, "Be brief.")) == {
        "model": "m",
        "prompt": "Be brief.\n\nUser: Hi\n\nAssistant:",
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": ["\nUser:", "\nTool "],
    }
    assert (_FORMAT.name, _FORMAT.path("m")) == ("openai-completions", "/completions")


def test_a_conversation_with_calls_in_the_models_own_style() -> None:
    said = reply(
        ReasoningItem("Hm"), TextItem("Let me see.\n"), CallItem(call(0), '{"a": 1}'), wire="openai-completions"
    )
    after = reply(TextItem("So."), wire="openai-completions")
    transcript = Transcript((SystemMessage("Be kind."), user("Hi"), said, result(call(0), ""), after, user("Ah.")))
    prompt = _FORMAT.request(Ask("m", transcript, text_calls="mistral"))["prompt"]
    assert prompt == (
        'System: Be kind.\n\nUser: Hi\n\nAssistant: Let me see.\n[TOOL_CALLS]f[ARGS]{"a": 1}\n\n'
        "Tool f: (nothing)\n\nAssistant: So.\n\nUser: Ah.\n\nAssistant:"
    )
    assert _FORMAT.entries(Transcript((said,))) == [
        {
            "role": "Assistant",
            "content": 'Let me see.\n<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>',
        }
    ]


def test_a_reply_of_another_wire() -> None:
    texts = [one["content"] for one in _FORMAT.entries(foreign("anthropic-messages"))]
    assert texts[1].startswith("Let me see.\n<tool_call>")
    assert '{"name": "shell", "arguments": {"input": "ls"}}' in texts[1]
    assert texts[2:] == ['{"c":21}', "a.txt"]


def test_a_reply_of_nothing_is_left_out() -> None:
    assert _FORMAT.entries(Transcript((reply(ReasoningItem("Hm"), wire="x"),))) == []


def test_the_model_is_told_of_its_tools_in_its_style() -> None:
    prompt: str = _FORMAT.request(Ask("m", _HI, "Be brief.", (_TOOL,), text_calls="llama"))["prompt"]
    assert prompt == f"Be brief.\n\n{told('llama', [_FORMAT.tool(_TOOL)])}\n\nUser: Hi\n\nAssistant:"
    assert "does f" not in body(Settings(tool_choice="none"), (_TOOL,))["prompt"]


def test_tools_without_a_style_are_refused() -> None:
    with pytest.raises(ModelError, match=r'openai-completions: this wire has no tools.*text_calls="auto"'):
        _FORMAT.request(Ask("m", _HI, tools=(_TOOL,)))


def test_files_are_refused() -> None:
    with pytest.raises(ModelError, match="text only"):
        _FORMAT.entries(Transcript((UserMessage((MediaPart("image/png", base64="AAAA"),)),)))


def test_a_tool_that_takes_free_text() -> None:
    with pytest.raises(ModelError, match=r"shell.*one parameter of type str"):
        _FORMAT.tool(ToolSchema("shell", "runs", _SCHEMA, kind="custom"))


def test_settings_that_it_has_words_for() -> None:
    made = body(Settings(max_output_tokens=100, body={"stop": ["x"], "temperature": 0}))
    assert (made["max_tokens"], made["stop"], made["temperature"]) == (100, ["x"], 0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(tool_choice="required"), "forces a call"),
        (Settings(tool_choice=UseTool("f")), "forces a call"),
        (Settings(parallel_calls=False), "parallel_calls=False"),
        (Settings(strict_tools=True), "strict_tools"),
        (Settings(hosted_tools=({},)), "hosted_tools"),
        (Settings(moderation={}), "moderation"),
        (Settings(effort="low"), "effort"),
        (Settings(output=OutputSchema(_SCHEMA)), "output"),
    ],
)
def test_settings_that_it_has_no_words_for(settings: Settings, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        body(settings, (_TOOL,))
    assert "openai-completions" in str(caught.value)
