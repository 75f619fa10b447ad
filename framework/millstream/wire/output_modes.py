"""How a model is asked for structured output: which wires have words for it, and what is done on the others.

"native" sends the schema as that of the answer's text. "tool" offers a tool whose arguments are the output, and takes
its call as the answer. "prompt" tells the schema in the instructions and reads the answer's text. A table and pure
functions; nothing here writes a request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal, get_args

from millstream.errors import ModelError, ToolDefinitionError
from millstream.events.values import JsonObject, is_array, is_object
from millstream.settings import OutputMode, OutputSchema, UseTool
from millstream.wire.compat import Words
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.strict_schema import anthropic_strict, same_in_openai_strict

ChosenMode = Literal["native", "tool", "prompt"]

WORDS: Final[Mapping[str, Words]] = {
    "openai-responses": "always",
    "openai-chat": "always",  # each imitation as its row in `wire.dialects` says
    "anthropic-messages": "always",
    "bedrock-converse": "never",  # outputConfig.textFormat: few of the models there know it, nearly all know tools
    "openai-completions": "never",  # it has no tools either, unless they are written as text
    "ollama-native": "alone",  # the format binds the whole answer, so that no tool could be called
    "cohere-v2": "alone",  # docs.cohere.com/docs/structured-outputs: not together with tools
    "gemini-generate": "alone",  # refused beside tools by every model before Gemini 3
    "gemini-interactions": "alone",  # as gemini-generate
}
"""Every wire that can be asked."""
FORCING: Final = frozenset(
    {"openai-responses", "openai-chat", "anthropic-messages", "cohere-v2", "gemini-generate", "gemini-interactions"}
)
"""The wires on which a call can be demanded of every model, so that the output tool's is; elsewhere it is told to."""
_ALL_REQUIRED: Final = frozenset({"openai-responses", "openai-chat"})
"""The wires whose strict form has no optional properties."""
_HOLDS_SCHEMAS: Final = frozenset({"items", "anyOf", "oneOf", "allOf"})
_TOOL: Final = (
    "Gives the final answer. Call it once, alone, when nothing else is left to do; its arguments are the answer."
)
_PROMPT: Final = (
    "Give the final answer as one JSON document and nothing else: no words around it. It must have this JSON Schema:\n"
)


def mode_of(asked: OutputMode, ask: Ask, wire: str, schema: JsonObject) -> ChosenMode:
    """How this model is asked for this output.

    Args:
        asked: what the settings say.
        ask: the request without the output.
        wire: the name of the wire format.
        schema: that of the output.

    Raises:
        ModelError: there is no such mode.
    """
    if asked not in get_args(OutputMode):
        raise ModelError(f'output_mode="{asked}" is not known; there are: {", ".join(get_args(OutputMode))}')
    if asked != "auto":
        return asked
    if wire == "openai-completions":
        return "prompt" if ask.text_calls is None else "tool"
    words = ask.dialect.output if wire == "openai-chat" else WORDS[wire]
    if words == "never" or (words == "alone" and (ask.tools or ask.settings.hosted_tools)):
        return "tool"
    return "native" if wire != "anthropic-messages" or _is_strict_there(schema) else "tool"


def asking_for(ask: Ask, mode: ChosenMode, output: OutputSchema, wire: str) -> Ask:
    """The request with the output in it; with the mode "tool", `output.name` is the tool's name."""
    match mode:
        case "native":
            if wire in _ALL_REQUIRED:
                output = replace(output, schema=_strict_there(output.schema))
            return replace(ask, settings=replace(ask.settings, output=output))
        case "prompt":
            told = _PROMPT + json.dumps(output.schema, ensure_ascii=False)
            return replace(ask, instructions="\n\n".join(text for text in (ask.instructions, told) if text))
        case "tool":
            description = f"{_TOOL} {output.description}".strip()
            tool = ToolSchema(output.name, description, output.schema)
            tools, settings = ask.tools, ask.settings
            if settings.tool_choice == "none":  # that is said of the other tools
                tools, settings = (), replace(settings, tool_choice="auto")
            elif isinstance(settings.tool_choice, UseTool) and not tools:
                settings = replace(settings, tool_choice="auto")
            return replace(ask, tools=(*tools, tool), settings=settings, must_call=_may_force(ask, wire))


def _may_force(ask: Ask, wire: str) -> bool:
    """Anthropic's models refuse a forced call while they think; servers that imitate OpenAI's may know no such word."""
    thinks = wire == "anthropic-messages" and "thinking" in ask.settings.body
    return wire in FORCING and ask.dialect.forced_calls and not thinks


def _strict_there(schema: JsonObject) -> JsonObject:
    """The schema with every property required, where OpenAI enforces it then and not as it is.

    Less may be written so than the schema allows, and never more: the model writes defaults itself.
    """
    if same_in_openai_strict(schema) is not None:
        return schema
    required: JsonObject = _with_all_required(schema)
    return schema if same_in_openai_strict(required) is None else required


def _with_all_required(schema: Any) -> Any:
    if is_array(schema):
        return [_with_all_required(one) for one in schema]
    if not is_object(schema):
        return schema
    made = {key: _with_all_required(schema[key]) if key in _HOLDS_SCHEMAS else schema[key] for key in schema}
    for key in schema.keys() & {"properties", "$defs"}:
        made[key] = {name: _with_all_required(one) for name, one in schema[key].items()}
    return made | ({"required": list(schema["properties"])} if "properties" in schema else {})


def _is_strict_there(schema: JsonObject) -> bool:
    try:
        anthropic_strict(schema)
    except ToolDefinitionError:
        return False
    return True
