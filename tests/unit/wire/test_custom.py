from __future__ import annotations

import json
from typing import Any

from millstream.settings import Settings, UseTool
from millstream.transcript import CallItem, Reply, TextItem, ToolResult, Transcript, user
from millstream.wire.asking import forced_choice
from millstream.wire.custom import as_function, functions_only
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.openai_chat import OpenAIChat
from millstream.wire.openai_responses import OpenAIResponses
from tests.unit.wire.transcripts import call, foreign, reply, result

_PLAIN = ToolSchema("f", "does f", {"type": "object", "properties": {}})


def described(schema: ToolSchema) -> str:
    properties: dict[str, Any] = as_function(schema).parameters["properties"]
    return str(properties["input"]["description"])


def test_a_custom_tool_becomes_a_function_of_one_text() -> None:
    made = as_function(ToolSchema("shell", "runs", {}, kind="custom"))
    assert (made.name, made.description, made.kind, made.grammar) == ("shell", "runs", "function", None)
    assert made.parameters == {
        "type": "object",
        "properties": {"input": {"type": "string", "description": "The whole input, as plain text."}},
        "required": ["input"],
        "additionalProperties": False,
    }
    assert as_function(_PLAIN) is _PLAIN
    assert as_function(made) is made


def test_its_grammar_is_told_in_words() -> None:
    lark = ToolSchema("f", "", {}, "custom", {"syntax": "lark", "definition": 'start: "ls"'})
    regex = ToolSchema("f", "", {}, "custom", {"syntax": "regex", "definition": "l+s"})
    plain = "The whole input, as plain text. It "
    assert described(lark) == f'{plain}follows this grammar, written for Lark:\nstart: "ls"'
    assert described(regex) == f"{plain}matches this regular expression:\nl+s"


def test_its_calls_in_the_history_become_calls_of_that_function_and_nothing_else_changes() -> None:
    custom, function = call(0, "shell", kind="custom"), call(1)
    said = reply(
        TextItem("Well."),
        CallItem(custom, 'ls "a"\n', {"type": "custom_tool_call", "id": "ctc_1"}),
        CallItem(function, "{}", {"id": "fc_1"}),
        wire="openai-responses",
    )
    before = Transcript((user("Hi"), said, result(custom, "a.txt"), result(function)))
    after = functions_only(Ask("m", before, tools=(_PLAIN,)))
    made = call(0, "shell")
    assert after.tools == (_PLAIN,)
    assert after.transcript.entries[1:] == (
        Reply(
            1,
            (TextItem("Well."), CallItem(made, '{"input": "ls \\"a\\"\\n"}'), CallItem(function, "{}", {"id": "fc_1"})),
            *("openai-responses", "a-model", "resp_1"),
        ),
        ToolResult(made, result(custom, "a.txt").parts),
        result(function),
    )
    assert functions_only(after) == after


def test_on_openais_own_wires_nothing_custom_is_left_in_the_request() -> None:
    tools = (_PLAIN, ToolSchema("shell", "runs", {}, kind="custom"))
    for wire in (OpenAIChat(), OpenAIResponses()):
        for transcript in (foreign("somebody-else"), foreign(wire.name)):
            ask = functions_only(Ask("m", transcript, tools=tools, settings=Settings(tool_choice=UseTool("shell"))))
            assert "custom" not in json.dumps(wire.request(ask))
            assert forced_choice(ask) == "auto"
