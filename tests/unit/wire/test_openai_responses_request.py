"""OpenAI Responses: a transcript -> the body of the next request, by what the API accepts."""

from __future__ import annotations

from typing import Any

import pytest

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
from millstream.wire.openai_responses import OpenAIResponses
from tests.unit.wire.transcripts import call, foreign, reply, result

_FORMAT = OpenAIResponses()
_OWN = "openai-responses"
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}


def items(*said: ReplyItem, wire: str = _OWN) -> list[dict[str, Any]]:
    """The items of `input` that a reply becomes."""
    return _FORMAT.entries(Transcript((reply(*said, wire=wire),)))


def thought(id_: str = "rs_1", **fields: Any) -> ReasoningItem:
    echo: dict[str, Any] = {
        "type": "reasoning",
        "id": id_,
        "summary": [],
        "encrypted_content": f"secret of {id_}",
        "status": None,
    }
    return ReasoningItem("Hm", echo | fields)


_CALL = CallItem(
    call(),
    '{"a": 1}',
    {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_0",
        "name": "f",
        "arguments": '{"a": 1}',
        "namespace": "n",
    },
)
_CALL_WRITTEN = dict(_CALL.echo or {})
_THOUGHT_WRITTEN: dict[str, Any] = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [],
    "encrypted_content": "secret of rs_1",
}
_TEXT = TextItem(
    "Hi", echo={"type": "message", "id": "msg_1", "role": "assistant", "phase": "commentary", "content": []}
)


# --- the body ---


def test_every_request_is_whole_and_stores_nothing() -> None:
    assert _FORMAT.request(Ask("gpt", Transcript((user("Hi"),)))) == {
        "model": "gpt",
        "input": [{"type": "message", "role": "user", "content": "Hi"}],
        "stream": True,
        "store": False,
    }


def test_instructions_tools_and_settings() -> None:
    tools = (ToolSchema("f", "does f", _SCHEMA), ToolSchema("shell", "runs", _SCHEMA, kind="custom"))
    body = _FORMAT.request(
        Ask("gpt", Transcript(), "Be brief.", tools, Settings(body={"temperature": 0, "store": True}))
    )
    assert body["instructions"] == "Be brief."
    assert body["tools"] == [
        {"type": "function", "name": "f", "description": "does f", "parameters": _SCHEMA, "strict": False},
        {"type": "custom", "name": "shell", "description": "runs"},
    ]
    assert (body["temperature"], body["store"]) == (0, True)
    assert "previous_response_id" not in body  # it would double a history that is sent whole
    assert _FORMAT.tool(tools[0]) == body["tools"][0]
    assert (_FORMAT.name, _FORMAT.path("gpt")) == ("openai-responses", "/responses")


# --- what people and tools said ---


def test_messages_of_text_are_text() -> None:
    entries = (SystemMessage("Be brief."), UserMessage((TextPart("a"), TextPart("b"))))
    assert _FORMAT.entries(Transcript(entries)) == [
        {"type": "message", "role": "system", "content": "Be brief."},
        {"type": "message", "role": "user", "content": "a\nb"},
    ]


_MEDIA = [
    (
        MediaPart("image/png", base64="eA=="),
        {"type": "input_image", "image_url": "data:image/png;base64,eA==", "detail": "auto"},
    ),
    (MediaPart("image/png", url="https://x/i"), {"type": "input_image", "image_url": "https://x/i", "detail": "auto"}),
    (MediaPart("application/pdf", url="https://x/f"), {"type": "input_file", "file_url": "https://x/f"}),
    (
        MediaPart("application/pdf", base64="eA==", name="f.pdf"),
        {"type": "input_file", "filename": "f.pdf", "file_data": "data:application/pdf;base64,eA=="},
    ),
    (
        MediaPart("text/csv", base64="eA=="),
        {"type": "input_file", "filename": "file", "file_data": "data:text/csv;base64,eA=="},
    ),
]


@pytest.mark.parametrize(("part", "written"), _MEDIA)
def test_images_and_files_go_in_as_parts_from_people_and_from_tools(part: MediaPart, written: dict[str, Any]) -> None:
    parts = (TextPart("see"), part, JsonPart([1]))
    expected = [{"type": "input_text", "text": "see"}, written, {"type": "input_text", "text": "[1]"}]
    (message,) = _FORMAT.entries(Transcript((UserMessage(parts),)))
    assert message["content"] == expected
    (output,) = _FORMAT.entries(Transcript((ToolResult(call(), parts),)))
    assert output["output"] == expected


def test_results_answer_the_call_id_in_the_order_of_the_transcript() -> None:
    first, second = call(0), call(1, kind="custom")
    said = reply(CallItem(first, "{}"), CallItem(second, "ls"), wire=_OWN)
    failed = ToolResult(second, (TextPart("it failed"),), ok=False)
    assert _FORMAT.entries(Transcript((said, ToolResult(first, (JsonPart({"b": 1, "a": 2}),)), failed)))[2:] == [
        {"type": "function_call_output", "call_id": "call_0", "output": '{"a":2,"b":1}'},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "it failed"},
    ]


# --- what the model said, to its own wire ---


def test_items_go_back_verbatim_and_in_order_without_the_nulls_that_the_api_refuses() -> None:
    search = ServerItem({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": None})
    assert items(thought(), search, thought("rs_2"), _TEXT, _CALL) == [
        _THOUGHT_WRITTEN,
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        _THOUGHT_WRITTEN | {"id": "rs_2", "encrypted_content": "secret of rs_2"},
        _TEXT.echo,
        _CALL_WRITTEN,
    ]


def test_reasoning_stands_directly_before_what_it_led_to() -> None:
    types = [item["type"] for item in items(thought(), thought("rs_2"), _CALL, thought("rs_3"), _TEXT)]
    assert types == ["reasoning", "reasoning", "function_call", "reasoning", "message"]


@pytest.mark.parametrize("missing", [{"encrypted_content": None}, {"encrypted_content": ""}])
def test_reasoning_that_can_not_be_looked_up_stays_out_and_what_follows_gives_up_its_id(
    missing: dict[str, Any],
) -> None:
    without_id = {key: value for key, value in _CALL_WRITTEN.items() if key != "id"}
    assert items(_TEXT, thought(**missing), _CALL) == [_TEXT.echo, without_id]
    assert items(ReasoningItem("Hm"), _CALL) == [without_id]


def test_reasoning_that_led_to_nothing_stays_out() -> None:
    # a response that was cut: "reasoning was provided without its required following item"
    assert items(thought()) == []
    assert items(_TEXT, thought()) == [_TEXT.echo]
    assert items(thought(), TextItem("")) == []


def test_a_call_goes_back_under_the_id_that_was_answered() -> None:
    (written,) = items(CallItem(call(id_="call_0_1_1"), '{"a": 1}', _CALL.echo))
    assert written == _CALL_WRITTEN | {"call_id": "call_0_1_1"}


def test_a_call_without_an_echo_is_written_anew() -> None:
    assert items(CallItem(call(), '{"a": 1}'), CallItem(call(1, "shell", kind="custom"), "ls {")) == [
        {"type": "function_call", "name": "f", "call_id": "call_0", "arguments": '{"a": 1}'},
        {"type": "custom_tool_call", "name": "shell", "call_id": "call_1", "input": "ls {"},
    ]


@pytest.mark.parametrize("echo", [None, _CALL.echo])
@pytest.mark.parametrize(
    ("text", "arguments"),
    [("", "{}"), ('{"a": "half', '{"a": "half"}'), ('{"a": NaN}', "{}"), ('{"a": 1}}', '{"a": 1}'), ("[1]", "[1]")],
)
def test_torn_and_rejected_arguments_are_made_valid(text: str, arguments: str, echo: Any) -> None:
    (written,) = items(CallItem(call(), text, echo))
    assert written["arguments"] == arguments


@pytest.mark.parametrize("echo", [None, {"type": "function_call", "name": "", "arguments": "{}"}])
def test_a_call_without_a_name_gets_one_that_the_api_accepts(echo: Any) -> None:
    (written,) = items(CallItem(call(name=""), "{}", echo))
    assert written["name"] == "_"


def test_text_without_an_echo_is_written_anew_and_empty_text_not_at_all() -> None:
    assert items(TextItem("Hi"), TextItem("No.", refusal=True), TextItem(""), TextItem("", refusal=True)) == [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    ]


def test_a_reply_without_items_is_nothing() -> None:
    assert items() == []


def test_an_id_that_came_before_is_not_sent_again() -> None:
    history = Transcript((reply(thought(), _TEXT, wire=_OWN), reply(thought(), _TEXT, _CALL, wire=_OWN)))
    assert [(item["type"], item.get("id")) for item in _FORMAT.entries(history)] == [
        ("reasoning", "rs_1"),
        ("message", "msg_1"),
        ("message", None),
        ("function_call", "fc_1"),
    ]


# --- what a model of another wire said ---


def test_of_a_foreign_reply_only_text_and_calls_go_in_and_nothing_of_its_echo() -> None:
    assert _FORMAT.entries(foreign("openai-chat")) == [
        {"type": "message", "role": "user", "content": "Weather?"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
        {"type": "function_call", "name": "f", "call_id": "call_0", "arguments": '{"city": "Paris"}'},
        {"type": "custom_tool_call", "name": "shell", "call_id": "call_1", "input": "ls"},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"type": "function_call_output", "call_id": "call_0", "output": '{"c":21}'},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "a.txt"},
    ]


def test_the_request_shares_nothing_with_the_transcript_that_a_change_could_reach() -> None:
    history = Transcript((reply(thought(), _CALL, wire=_OWN), result(_CALL.call)))
    first = _FORMAT.entries(history)
    for item in first:
        item.clear()
    assert [item["type"] for item in _FORMAT.entries(history)] == ["reasoning", "function_call", "function_call_output"]
