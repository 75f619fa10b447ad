"""OpenAI Chat Completions: a transcript -> the body of the next request, by what the API and its imitators accept."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events.values import is_object
from millstream.settings import Settings
from millstream.transcript import (
    CallItem,
    JsonPart,
    MediaPart,
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
from millstream.wire.openai_chat import OpenAIChat
from tests.unit.wire.transcripts import call, foreign, reply, result

_FORMAT = OpenAIChat()
_OWN = "openai-chat"
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}


def messages(*said: ReplyItem, wire: str = _OWN) -> list[dict[str, Any]]:
    """The messages that a reply becomes."""
    return _FORMAT.entries(Transcript((reply(*said, wire=wire),)))


def written(of: CallItem) -> dict[str, Any]:
    """A call as one of `tool_calls`."""
    (message,) = messages(of)
    (one,) = message["tool_calls"]
    assert is_object(one)
    return one


_CALL = CallItem(call(), '{"a": 1}')
_CALL_WRITTEN = {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


# --- the body ---


def test_a_request_streams_and_asks_for_its_usage() -> None:
    assert _FORMAT.request(Ask("gpt", Transcript((user("Hi"),)))) == {
        "model": "gpt",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_instructions_tools_and_settings() -> None:
    tools = (ToolSchema("f", "does f", _SCHEMA), ToolSchema("shell", "runs", _SCHEMA, kind="custom"))
    body = _FORMAT.request(
        Ask("gpt", Transcript((user("Hi"),)), "Be brief.", tools, Settings(body={"stream_options": None, "seed": 1}))
    )
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert body["tools"] == [
        {"type": "function", "function": {"name": "f", "description": "does f", "parameters": _SCHEMA}},
        {"type": "custom", "custom": {"name": "shell", "description": "runs"}},
    ]
    assert (body["stream_options"], body["seed"]) == (None, 1)
    assert _FORMAT.tool(tools[1]) == body["tools"][1]
    assert (_FORMAT.name, _FORMAT.path("gpt")) == ("openai-chat", "/chat/completions")


# --- what people and tools said ---


def test_messages_of_text_are_text() -> None:
    entries = (SystemMessage("Be brief."), UserMessage((TextPart("a"), TextPart("b"))))
    assert _FORMAT.entries(Transcript(entries)) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a\nb"},
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            MediaPart("image/png", base64="eA=="),
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}},
        ),
        (MediaPart("image/png", url="https://x/i"), {"type": "image_url", "image_url": {"url": "https://x/i"}}),
        (
            MediaPart("application/pdf", base64="eA==", name="f.pdf"),
            {"type": "file", "file": {"filename": "f.pdf", "file_data": "data:application/pdf;base64,eA=="}},
        ),
        (
            MediaPart("text/csv", url="https://x/f"),
            {"type": "file", "file": {"filename": "file", "file_data": "https://x/f"}},
        ),
    ],
)
def test_images_and_files_of_people_go_in_as_parts(part: MediaPart, expected: dict[str, Any]) -> None:
    (message,) = _FORMAT.entries(Transcript((UserMessage((TextPart("see"), part, JsonPart([1]))),)))
    assert message["content"] == [{"type": "text", "text": "see"}, expected, {"type": "text", "text": "[1]"}]


def test_a_result_is_text_in_which_media_are_named() -> None:
    parts = (TextPart("see"), JsonPart({"b": 1, "a": 2}), MediaPart("image/png", base64="eA==", name="i.png"))
    assert _FORMAT.entries(Transcript((ToolResult(call(), parts),)))[0] == {
        "role": "tool",
        "tool_call_id": "call_0",
        "content": 'see\n{"a":2,"b":1}\n[image/png i.png]',
    }


def test_all_calls_of_a_reply_stand_in_one_message_and_their_results_follow_in_order() -> None:
    first, second = call(0), call(1, "g")
    said = reply(TextItem("Let me see."), CallItem(first, "{}"), CallItem(second, "{}"), wire=_OWN)
    answers = (result(first, "one"), ToolResult(second, (TextPart("it failed"),), ok=False))
    assert _FORMAT.entries(Transcript((user("Hi"), said, *answers, user("And?")))) == [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [
                {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "call_1", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_0", "content": "one"},
        {"role": "tool", "tool_call_id": "call_1", "content": "it failed"},
        {"role": "user", "content": "And?"},
    ]


# --- what the model said ---


def test_text_around_calls_is_one_text() -> None:
    (message,) = messages(TextItem("One "), _CALL, TextItem("two"))
    assert message == {"role": "assistant", "content": "One two", "tool_calls": [_CALL_WRITTEN]}


def test_content_is_null_beside_calls_and_refusals_and_else_text() -> None:
    assert messages(_CALL) == [{"role": "assistant", "content": None, "tool_calls": [_CALL_WRITTEN]}]
    assert messages(TextItem("No.", refusal=True)) == [{"role": "assistant", "content": None, "refusal": "No."}]
    assert messages(TextItem("")) == [{"role": "assistant", "content": ""}]


def test_a_reply_without_text_and_calls_is_nothing() -> None:
    assert messages() == []
    assert messages(ReasoningItem("Hm", {"reasoning_content": "Hm"}), ServerItem({"a": 1})) == []


def test_a_custom_call_goes_back_as_text() -> None:
    assert written(CallItem(call(0, "shell", kind="custom"), "ls {")) == {
        "id": "call_0",
        "type": "custom",
        "custom": {"name": "shell", "input": "ls {"},
    }


@pytest.mark.parametrize(
    ("text", "arguments"),
    [("", "{}"), ('{"a": "half', '{"a": "half"}'), ('{"a": NaN}', "{}"), ('{"a": 1}}', '{"a": 1}'), ("[1]", "[1]")],
)
def test_torn_and_rejected_arguments_are_made_valid(text: str, arguments: str) -> None:
    assert written(CallItem(call(), text))["function"] == {"name": "f", "arguments": arguments}


@pytest.mark.parametrize(("name", "valid"), [("", "_"), ("a.b c", "a_b_c"), ("x" * 70, "x" * 64)])
def test_names_are_made_such_that_the_api_accepts_them(name: str, valid: str) -> None:
    assert written(CallItem(call(name=name), "{}"))["function"]["name"] == valid
    assert written(CallItem(call(name=name, kind="custom"), ""))["custom"]["name"] == valid


# --- what goes back beside it ---


def test_reasoning_content_goes_back_with_calls_only() -> None:
    thought = ReasoningItem("Hm", {"reasoning_content": "Hm"})
    (message,) = messages(thought, TextItem("Let me see."), _CALL)
    assert message["reasoning_content"] == "Hm"
    assert messages(thought, TextItem("Hi")) == [{"role": "assistant", "content": "Hi"}]


def test_reasoning_details_go_back_always_verbatim_and_in_order() -> None:
    details = [{"type": "reasoning.text", "index": 0, "text": "Hm", "signature": "s"}, {"type": "x", "data": None}]
    thought = ReasoningItem("Hm", {"reasoning_details": details})
    for said in ((thought, _CALL), (thought, TextItem("Hi"))):
        (message,) = messages(*said)
        assert message["reasoning_details"] == details


def test_the_signature_of_a_call_goes_back_with_it() -> None:
    extra = {"extra_content": {"google": {"thought_signature": "s"}}}
    assert written(CallItem(call(), '{"a": 1}', extra)) == _CALL_WRITTEN | extra


def test_of_a_foreign_reply_only_text_and_calls_go_in_and_nothing_of_its_echo() -> None:
    assert _FORMAT.entries(foreign("openai-responses")) == [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "refusal": "No.",
            "tool_calls": [
                {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": '{"city": "Paris"}'}},
                {"id": "call_1", "type": "custom", "custom": {"name": "shell", "input": "ls"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_0", "content": '{"c":21}'},
        {"role": "tool", "tool_call_id": "call_1", "content": "a.txt"},
    ]
