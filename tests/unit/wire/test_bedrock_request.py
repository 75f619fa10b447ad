"""Bedrock Converse: what a transcript, tools and settings are written as."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.errors import ModelError, ToolDefinitionError
from millstream.settings import OutputSchema, Settings, UseTool
from millstream.transcript import (
    CallItem,
    JsonPart,
    MediaPart,
    Part,
    ReasoningItem,
    ServerItem,
    SystemMessage,
    TextItem,
    TextPart,
    ToolResult,
    Transcript,
    UserMessage,
    user,
)
from millstream.wire.bedrock import BedrockConverse
from millstream.wire.format import Ask, ToolSchema
from tests.conformance.rules import wrong_in_converse
from tests.unit.wire.transcripts import call, foreign, reply, result

_WIRE = "bedrock-converse"
_SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}, "required": ["a"]}
_TOOL = ToolSchema("f", "Does it.", _SCHEMA)
_SIGNED = {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "s"}}}


def body(*entries: Any, tools: tuple[ToolSchema, ...] = (), instructions: str = "", **settings: Any) -> dict[str, Any]:
    """The body of a request, which is accepted and can be written as JSON."""
    ask = Ask("a-model", Transcript(entries or (user("Hi"),)), instructions, tools, Settings(**settings))
    made = BedrockConverse().request(ask)
    assert wrong_in_converse(made) == []
    json.dumps(made, allow_nan=False)
    return made


def messages(*entries: Any) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = body(*entries)["messages"]
    return written


def refused(**settings: Any) -> str:
    with pytest.raises(ModelError) as caught:
        body(tools=(_TOOL,), **settings)
    return str(caught.value)


def test_a_first_request_says_no_more_than_it_must() -> None:
    assert body() == {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}


def test_instructions_are_system_texts_those_within_the_history_too() -> None:
    """Hardly a model takes messages of the role "system", which the API has had since 2026."""
    made = body(user("Hi"), SystemMessage("Be kind."), SystemMessage(" "), instructions="Be short.")
    assert made["system"] == [{"text": "Be short."}, {"text": "Be kind."}]
    assert len(made["messages"]) == 1


def test_a_call_and_its_result() -> None:
    first, second = call(0), call(1)
    said = reply(TextItem("So."), CallItem(first, '{"a": 1}'), CallItem(second, ""), wire=_WIRE)
    failed = ToolResult(second, (TextPart("no"),), ok=False)
    assert messages(user("Hi"), said, result(first), failed, user("And?")) == [
        {"role": "user", "content": [{"text": "Hi"}]},
        {
            "role": "assistant",
            "content": [
                {"text": "So."},
                {"toolUse": {"toolUseId": "call_0", "name": "f", "input": {"a": 1}}},
                {"toolUse": {"toolUseId": "call_1", "name": "f", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "call_0", "content": [{"text": "done"}]}},
                {"toolResult": {"toolUseId": "call_1", "content": [{"text": "no"}], "status": "error"}},
                {"text": "And?"},
            ],
        },
    ]


def test_neighbours_of_one_role_are_one_message() -> None:
    silent = reply(TextItem(" "), ReasoningItem("Hm"), wire=_WIRE)
    assert messages(user("a"), silent, user("b")) == [{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}]


@pytest.mark.parametrize(
    ("args_text", "given"),
    [
        ('{"a": 1.0}', {"a": 1.0}),
        ('{"a": "x', {"a": "x"}),
        ("[1]", {}),
        ("nonsense", {}),
        ('{"a": 1e999}', {"a": "1e999"}),
        ('{"a": NaN}', {}),
        ('{"a": ' + "[" * 150 + "]" * 150 + "}", None),
    ],
)
def test_arguments_go_back_as_an_object_whatever_the_model_wrote(args_text: str, given: Any) -> None:
    first = call()
    written = messages(user("Hi"), reply(CallItem(first, args_text), wire=_WIRE), result(first))
    use = written[1]["content"][0]["toolUse"]
    assert use["input"] == (json.loads(args_text) if given is None else given)


@pytest.mark.parametrize("depth", [300, 900, 5_000, 100_000])
def test_arguments_that_nest_too_deep_to_be_written_are_left_out_or_cut(depth: int) -> None:
    first = call()
    said = reply(CallItem(first, '{"a": ' + "[" * depth + "]" * depth + "}"), wire=_WIRE)
    assert messages(user("Hi"), said, result(first))


@pytest.mark.parametrize("id_", ["toolu_bdrk_01", "a.b:c-d_e", "x" * 64])
def test_an_id_that_the_api_takes_stays(id_: str) -> None:
    first = call(id_=id_)
    written = messages(user("Hi"), reply(CallItem(first, "{}"), wire="openai-chat"), result(first))
    assert written[1]["content"][0]["toolUse"]["toolUseId"] == id_


def test_ids_of_other_providers_are_made_to_fit_and_stay_apart() -> None:
    """Those of Responses, behind a proxy, can be longer than 64 characters; Gemini's and others' may hold anything."""
    calls = [call(i, id_=id_) for i, id_ in enumerate(["a b", "a/b", "x" * 65, "x" * 66, "é", ""])]
    said = reply(*(CallItem(one, "{}") for one in calls), wire="openai-chat")
    written = messages(user("Hi"), said, *map(result, calls))
    ids = [block["toolUse"]["toolUseId"] for block in written[1]["content"]]
    assert len(set(ids)) == len(calls)
    assert [block["toolResult"]["toolUseId"] for block in written[2]["content"]] == ids


def test_signed_reasoning_goes_back_unchanged_in_its_place() -> None:
    first = call()
    said = reply(ReasoningItem("Hm", _SIGNED), TextItem("So."), CallItem(first, "{}"), wire=_WIRE)
    assert messages(user("Hi"), said, result(first))[1]["content"][0] == _SIGNED


def test_reasoning_stays_out_unsigned_last_or_foreign() -> None:
    own = reply(ReasoningItem("a"), TextItem("So."), ReasoningItem("Hm", _SIGNED), wire=_WIRE)
    other = reply(ReasoningItem("a", _SIGNED), TextItem("So."), wire="anthropic-messages")
    for said in (own, other):
        assert messages(user("Hi"), said, user("b"))[1]["content"] == [{"text": "So."}]


_USE: dict[str, Any] = {"toolUse": {"toolUseId": "s", "name": "web", "input": {"q": 1}, "type": "server_tool_use"}}
_DONE: dict[str, Any] = {"toolResult": {"toolUseId": "s", "content": [{"json": {"a": 1}}], "status": "success"}}


def test_a_tool_that_bedrock_ran_goes_back_with_its_result_or_not_at_all() -> None:
    both = messages(user("Hi"), reply(ServerItem(_USE), ServerItem(_DONE), TextItem("So."), wire=_WIRE), user("b"))
    assert [list(block) for block in both[1]["content"]] == [["toolUse"], ["toolResult"], ["text"]]
    for items, wire in (([_USE], _WIRE), ([_USE, _DONE], "gemini-generate")):
        one = messages(user("Hi"), reply(*map(ServerItem, items), TextItem("So."), wire=wire), user("b"))
        assert one[1]["content"] == [{"text": "So."}]


def test_a_conversation_with_another_wire_goes_on() -> None:
    written = messages(*foreign("openai-responses"))
    assert "signature" not in json.dumps(written)
    blocks = written[1]["content"]
    assert [next(iter(block)) for block in blocks] == ["text", "toolUse", "toolUse", "text"]
    assert blocks[2]["toolUse"]["input"] == {"input": "ls"}
    assert written[2]["content"][0]["toolResult"]["content"] == [{"json": {"c": 21}}]


# --- media ---


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (MediaPart("image/png", "AA=="), {"image": {"format": "png", "source": {"bytes": "AA=="}}}),
        (MediaPart("image/jpg", "AA=="), {"image": {"format": "jpeg", "source": {"bytes": "AA=="}}}),
        (
            MediaPart("video/mp4", url="s3://bucket/a.mp4"),
            {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://bucket/a.mp4"}}}},
        ),
        (MediaPart("audio/mpeg", "AA=="), {"audio": {"format": "mp3", "source": {"bytes": "AA=="}}}),
        (
            MediaPart("application/pdf", "AA==", name="The plan_v2 (final).pdf"),
            {"document": {"format": "pdf", "name": "The plan v2 (final) pdf", "source": {"bytes": "AA=="}}},
        ),
        (
            MediaPart("text/plain", "AA==", name="é"),
            {"document": {"format": "txt", "name": "document", "source": {"bytes": "AA=="}}},
        ),
    ],
)
def test_media_is_a_block_of_its_kind(part: MediaPart, block: dict[str, Any]) -> None:
    (message,) = messages(UserMessage((TextPart("See:"), part)))
    assert message["content"][1] == block


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (MediaPart("image/tiff", "AA=="), "takes no image/tiff"),
        (MediaPart("image/png", url="https://host/a.png"), "give the image/png as base64"),
    ],
)
def test_media_that_bedrock_does_not_take_is_an_error_that_says_what_to_do(part: MediaPart, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        messages(UserMessage((part,)))


@pytest.mark.parametrize(
    ("parts", "content"),
    [
        ((JsonPart({"a": 1}),), [{"json": {"a": 1}}]),
        ((JsonPart([1]),), [{"text": "[1]"}]),
        ((JsonPart(None),), [{"text": "null"}]),
        ((TextPart(""),), [{"text": "(no output)"}]),
        ((), [{"text": "(no output)"}]),
        ((MediaPart("image/png", "AA=="),), [{"image": {"format": "png", "source": {"bytes": "AA=="}}}]),
        ((MediaPart("audio/wav", "AA=="),), [{"text": "[audio/wav: it can not be shown to you here]"}]),
        (
            (MediaPart("image/png", url="https://host/a.png", name="a.png"),),
            [{"text": "[image/png a.png: it can not be shown to you here]"}],
        ),
        ((MediaPart("image/tiff", "AA=="),), [{"text": "[image/tiff: it can not be shown to you here]"}]),
    ],
)
def test_what_a_tool_gave(parts: tuple[Part, ...], content: list[Any]) -> None:
    first = call()
    written = messages(user("Hi"), reply(CallItem(first, "{}"), wire=_WIRE), ToolResult(first, parts))
    assert written[2]["content"][0]["toolResult"]["content"] == content


# --- tools and settings ---


def test_a_tool() -> None:
    spec = {"name": "f", "description": "Does it.", "inputSchema": {"json": _SCHEMA}}
    assert body(tools=(_TOOL,))["toolConfig"] == {"tools": [{"toolSpec": spec}]}
    assert BedrockConverse().tool(_TOOL) == {"toolSpec": spec}


def test_an_empty_description_is_left_out() -> None:
    assert "description" not in BedrockConverse().tool(ToolSchema("f", "", _SCHEMA))["toolSpec"]


def test_a_strict_tool_has_the_form_that_can_be_enforced() -> None:
    spec = body(tools=(_TOOL,), strict_tools=True)["toolConfig"]["tools"][0]["toolSpec"]
    assert spec["strict"] is True
    assert spec["inputSchema"]["json"]["additionalProperties"] is False
    assert "maxLength" not in json.dumps(spec["inputSchema"])
    loose = ToolSchema("f", "", {"type": "object", "patternProperties": {}})
    with pytest.raises(ToolDefinitionError):
        body(tools=(loose,), strict_tools=True)


def test_a_tool_that_takes_free_text_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"the tool shell, which takes free text, can not be asked for .*: give it"):
        body(tools=(ToolSchema("shell", "", {}, "custom"),))


def test_tools_that_were_called_are_named_where_there_are_none() -> None:
    """The API refuses a history with calls in it and no `toolConfig`."""
    first = call()
    history = (user("Hi"), reply(CallItem(first, "{}"), wire=_WIRE), result(first))
    (spec,) = body(*history)["toolConfig"]["tools"]
    assert spec["toolSpec"]["name"] == "f"
    assert "toolChoice" not in body(*history, tool_choice="none")["toolConfig"]


@pytest.mark.parametrize(
    ("choice", "written"), [("auto", None), ("required", {"any": {}}), (UseTool("f"), {"tool": {"name": "f"}})]
)
def test_a_choice_holds_until_a_tool_has_answered(choice: Any, written: Any) -> None:
    assert body(tools=(_TOOL,), tool_choice=choice)["toolConfig"].get("toolChoice") == written
    first = call()
    history = (user("Hi"), reply(CallItem(first, "{}"), wire=_WIRE), result(first))
    assert "toolChoice" not in body(*history, tools=(_TOOL,), tool_choice=choice)["toolConfig"]
    again = body(*history, user("And?"), tools=(_TOOL,), tool_choice=choice)["toolConfig"]
    assert again.get("toolChoice") == written


def test_settings_that_converse_has_words_for() -> None:
    made = body(
        tools=(_TOOL,),
        max_output_tokens=7,
        effort="high",
        parallel_calls=True,
        hosted_tools=({"systemTool": {"name": "nova_grounding"}},),
        moderation={"guardrailIdentifier": "g", "guardrailVersion": "1"},
        body={"additionalModelRequestFields": {"top_k": 5}, "requestMetadata": {"a": "b"}},
    )
    assert made["inferenceConfig"] == {"maxTokens": 7}
    assert made["outputConfig"] == {"effort": "high"}
    assert made["toolConfig"]["tools"][1] == {"systemTool": {"name": "nova_grounding"}}
    assert made["guardrailConfig"] == {"guardrailIdentifier": "g", "guardrailVersion": "1"}
    assert made["additionalModelRequestFields"] == {"top_k": 5}
    assert made["requestMetadata"] == {"a": "b"}


def test_the_schema_of_the_answer_goes_as_text() -> None:
    output = OutputSchema(_SCHEMA, "answer", "What to say.")
    made = body(output=output)["outputConfig"]["textFormat"]
    assert made["type"] == "json_schema"
    schema = made["structure"]["jsonSchema"]
    assert (schema["name"], schema["description"]) == ("answer", "What to say.")
    assert json.loads(schema["schema"])["additionalProperties"] is False
    loose = body(output=OutputSchema(_SCHEMA, strict=False))["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert json.loads(loose["schema"]) == _SCHEMA
    assert "description" not in loose


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        (
            {"tool_choice": "none"},
            'tool_choice="none" can not be asked for on the wire bedrock-converse: give the Agent no tools',
        ),
        ({"parallel_calls": False}, "parallel_calls=False can not be asked for on the wire bedrock-converse: say it"),
        ({"effort": "minimal"}, 'effort="minimal" can not be asked for on the wire bedrock-converse: one of high'),
    ],
)
def test_settings_that_it_has_no_words_for_are_errors_that_say_what_to_do(setting: dict[str, Any], says: str) -> None:
    assert says in refused(**setting)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("amazon.nova-lite-v1:0", "/model/amazon.nova-lite-v1%3A0/converse-stream"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.x",
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x/converse-stream",
        ),
    ],
)
def test_the_model_is_one_segment_of_the_path(model: str, path: str) -> None:
    assert BedrockConverse().path(model) == path
