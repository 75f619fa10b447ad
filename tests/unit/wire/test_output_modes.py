"""How a model is asked for structured output: the table of wires, and what becomes of a request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.errors import ModelError
from millstream.settings import OutputMode, OutputSchema, Settings, UseTool
from millstream.transcript import Transcript, user
from millstream.wire.compat import Dialect
from millstream.wire.dialects import DIALECTS
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.formats import FORMATS
from millstream.wire.output_modes import WORDS, asking_for, mode_of

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
LOOSE: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "integer"}}
OUTPUT = OutputSchema(SCHEMA, "answer", "What it is.")
TOOL = ToolSchema("weather", "Look it up.", {"type": "object", "properties": {}})


def ask(**changes: Any) -> Ask:
    return Ask(model="m", transcript=Transcript((user("Hi"),)), **changes)


def test_the_table_has_every_format() -> None:
    assert WORDS.keys() == FORMATS.keys()


@pytest.mark.parametrize("wire", sorted(FORMATS))
def test_what_a_wire_has_words_for_it_can_write(wire: str) -> None:
    asked = asking_for(ask(), "native", OUTPUT, wire)
    if wire == "openai-completions":
        with pytest.raises(ModelError):
            FORMATS[wire].request(asked)
    else:
        assert '"a"' in json.dumps(FORMATS[wire].request(asked)).replace("\\", "")


@pytest.mark.parametrize("wire", sorted(set(FORMATS) - {"openai-completions"}))
def test_every_wire_with_tools_can_offer_the_output_tool(wire: str) -> None:
    asked = asking_for(ask(tools=(TOOL,)), "tool", OUTPUT, wire)
    request = json.dumps(FORMATS[wire].request(asked))
    assert '"answer"' in request
    assert '"weather"' in request
    assert "What it is." in request


@pytest.mark.parametrize(
    ("wire", "alone", "beside_tools"),
    [
        ("openai-responses", "native", "native"),
        ("openai-chat", "native", "native"),
        ("anthropic-messages", "native", "native"),
        ("bedrock-converse", "tool", "tool"),
        ("openai-completions", "prompt", "prompt"),
        ("ollama-native", "native", "tool"),
        ("cohere-v2", "native", "tool"),
        ("gemini-generate", "native", "tool"),
        ("gemini-interactions", "native", "tool"),
    ],
)
def test_what_auto_means(wire: str, alone: str, beside_tools: str) -> None:
    assert mode_of("auto", ask(), wire, SCHEMA) == alone
    assert mode_of("auto", ask(tools=(TOOL,)), wire, SCHEMA) == beside_tools


@pytest.mark.parametrize(
    ("prefix", "alone", "beside_tools"),
    [("deepseek", "tool", "tool"), ("groq", "tool", "tool"), ("vllm", "native", "tool"), ("xai", "native", "native")],
)
def test_what_auto_means_for_those_who_imitate_chat(prefix: str, alone: str, beside_tools: str) -> None:
    dialect = DIALECTS[prefix]
    assert mode_of("auto", ask(dialect=dialect), "openai-chat", SCHEMA) == alone
    assert mode_of("auto", ask(dialect=dialect, tools=(TOOL,)), "openai-chat", SCHEMA) == beside_tools
    assert not asking_for(ask(dialect=dialect), "tool", OUTPUT, "openai-chat").must_call


def test_calls_written_as_text_give_the_output_too() -> None:
    assert mode_of("auto", ask(text_calls="auto"), "openai-completions", SCHEMA) == "tool"


def test_hosted_tools_are_tools() -> None:
    settings = Settings(hosted_tools=({"type": "google_search"},))
    assert mode_of("auto", ask(settings=settings), "gemini-generate", SCHEMA) == "tool"


def test_a_schema_that_anthropic_can_not_follow_is_that_of_a_tool() -> None:
    assert mode_of("auto", ask(), "anthropic-messages", LOOSE) == "tool"
    assert mode_of("auto", ask(), "openai-responses", LOOSE) == "native"


def test_what_may_be_left_out_is_required_where_strict_forms_have_no_word_for_that() -> None:
    leg = {"type": "object", "properties": {"properties": {"type": "string"}, "n": {"type": "integer", "default": 1}}}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"legs": {"type": "array", "items": {"$ref": "#/$defs/Leg"}}, "note": {"type": "string"}},
        "required": ["legs"],
        "$defs": {"Leg": leg},
    }
    output = OutputSchema(schema)
    for wire in ("openai-responses", "openai-chat"):
        request = json.dumps(FORMATS[wire].request(asking_for(ask(), "native", output, wire)))
        assert '"strict": true' in request
        assert '"required": ["legs", "note"]' in request
        assert '"required": ["properties", "n"]' in request
    assert asking_for(ask(), "native", output, "cohere-v2").settings.output == output
    loose = OutputSchema(LOOSE)
    assert asking_for(ask(), "native", loose, "openai-chat").settings.output == loose


@pytest.mark.parametrize("mode", ["native", "tool", "prompt"])
def test_who_chooses_is_heard(mode: OutputMode) -> None:
    assert mode_of(mode, ask(tools=(TOOL,)), "gemini-generate", SCHEMA) == mode


def test_a_mode_that_is_not_there_is_told() -> None:
    wrong: Any = "json"
    with pytest.raises(ModelError, match='output_mode="json" is not known; there are: auto, native, tool, prompt'):
        mode_of(wrong, ask(), "openai-chat", SCHEMA)


def test_in_words_the_schema_follows_the_instructions() -> None:
    told = asking_for(ask(instructions="Be brief."), "prompt", OUTPUT, "openai-completions").instructions
    assert told.startswith("Be brief.\n\n")
    assert json.dumps(SCHEMA) in told


@pytest.mark.parametrize(
    ("wire", "forced"),
    [
        ("openai-responses", {"tool_choice": "required"}),
        ("openai-chat", {"tool_choice": "required"}),
        ("anthropic-messages", {"tool_choice": {"type": "any"}}),
        ("cohere-v2", {"tool_choice": "REQUIRED"}),
        ("gemini-generate", {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}),
    ],
)
def test_a_call_is_demanded_where_every_model_can_be_made_to(wire: str, forced: dict[str, Any]) -> None:
    request = FORMATS[wire].request(asking_for(ask(tools=(TOOL,)), "tool", OUTPUT, wire))
    assert request.items() >= forced.items()


def test_it_is_not_demanded_of_a_model_of_anthropic_that_thinks() -> None:
    settings = Settings(body={"thinking": {"type": "enabled", "budget_tokens": 2000}})
    request = FORMATS["anthropic-messages"].request(
        asking_for(ask(settings=settings), "tool", OUTPUT, "anthropic-messages")
    )
    assert "tool_choice" not in request
    assert asking_for(ask(dialect=Dialect(forced_calls=False)), "tool", OUTPUT, "openai-chat").must_call is False


def test_a_choice_of_a_tool_that_is_not_there_any_more_is_dropped() -> None:
    asked = asking_for(ask(settings=Settings(tool_choice=UseTool("answer"))), "tool", OUTPUT, "openai-chat")
    assert asked.settings.tool_choice == "auto"
