"""Bedrock Converse: a transcript, tools and settings -> the body of `POST /model/{id}/converse-stream`.

Source: botocore's service model (`ConverseStreamRequest`). The model stands in the path. Where the history holds calls
the API demands a `toolConfig`, so that a request without tools names those that were called.
"""

from __future__ import annotations

import json
from typing import Any, Final

from millstream.settings import OutputSchema, Settings, UseTool
from millstream.wire.asking import forced_choice, no_words
from millstream.wire.bedrock.caching import marked
from millstream.wire.bedrock.messages import NAME, messages, system_texts
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.merging import over
from millstream.wire.strict_schema import anthropic_strict

_EFFORTS: Final = frozenset(("low", "medium", "high", "xhigh", "max"))


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request.

    Raises:
        ModelError: the settings ask for something that Converse has no words for.
        ToolDefinitionError: a schema can not be enforced.
    """
    settings, said = ask.settings, messages(ask.transcript)
    request: dict[str, Any] = {"messages": said}
    instructions = [ask.instructions] if ask.instructions.strip() else []
    if system := [{"text": text} for text in (*instructions, *system_texts(ask.transcript))]:
        request["system"] = system
    if settings.max_output_tokens is not None:
        request["inferenceConfig"] = {"maxTokens": settings.max_output_tokens}
    if tools := _tools(ask, said):
        request["toolConfig"] = {"tools": tools} | _choice(ask)
    if output := _output(settings):
        request["outputConfig"] = output
    if settings.moderation is not None:
        request["guardrailConfig"] = dict(settings.moderation)
    if settings.parallel_calls is False:
        raise no_words("parallel_calls=False", NAME, "say it in the instructions, or leave it out")
    return over(marked(request) if settings.cache else request, settings.body)


def tool(schema: ToolSchema, *, strict: bool = False) -> dict[str, Any]:
    """A tool definition; with `strict` the provider enforces its schema.

    Raises:
        ModelError: it takes free text, which this wire has no tools for.
        ToolDefinitionError: its schema can not be enforced.
    """
    if schema.kind == "custom":
        raise no_words(f"the tool {schema.name}, which takes free text,", NAME, "give it a parameter of type str")
    parameters = anthropic_strict(schema.parameters) if strict else dict(schema.parameters)
    spec: dict[str, Any] = {"name": schema.name, "inputSchema": {"json": parameters}}
    if schema.description.strip():
        spec["description"] = schema.description
    return {"toolSpec": spec | ({"strict": True} if strict else {})}


def _tools(ask: Ask, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tools there are; without any, those that the messages speak of."""
    settings = ask.settings
    tools = [tool(schema, strict=settings.strict_tools) for schema in ask.tools]
    tools += [dict(hosted) for hosted in settings.hosted_tools]
    return tools or [_gone(name) for name in _called(said)]


def _called(said: list[dict[str, Any]]) -> list[str]:
    """The names of the tools that were called, each once."""
    blocks = (block for message in said for block in message["content"])
    return list(dict.fromkeys(block["toolUse"]["name"] for block in blocks if "toolUse" in block))


def _gone(name: str) -> dict[str, Any]:
    description = "Was there earlier in this conversation and is no longer: do not call it."
    return tool(ToolSchema(name, description, {"type": "object", "properties": {}}))


def _choice(ask: Ask) -> dict[str, Any]:
    choice = forced_choice(ask)
    if choice == "auto":
        return {}
    if choice == "none":
        raise no_words('tool_choice="none"', NAME, "give the Agent no tools, or say it in the instructions")
    return {"toolChoice": {"tool": {"name": choice.name}} if isinstance(choice, UseTool) else {"any": {}}}


def _output(settings: Settings) -> dict[str, Any]:
    output: dict[str, Any] = {}
    if settings.effort is not None:
        if settings.effort not in _EFFORTS:
            raise no_words(f'effort="{settings.effort}"', NAME, f"one of {', '.join(sorted(_EFFORTS))} it can say")
        output["effort"] = settings.effort
    if settings.output is not None:
        output["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": _json_schema(settings.output)}}
    return output


def _json_schema(output: OutputSchema) -> dict[str, Any]:
    """The schema, which goes as text here."""
    schema = anthropic_strict(output.schema) if output.strict else dict(output.schema)
    made = {"schema": json.dumps(schema, ensure_ascii=False), "name": output.name}
    return made | ({"description": output.description} if output.description else {})
