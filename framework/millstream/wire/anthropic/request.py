"""Anthropic Messages: what is asked and on which terms -> the body of `POST /v1/messages`.

Tools are asked for with `eager_input_streaming`: arguments then come as they are written, not once each value is whole,
and may be wrong, which is checked here in any case. Servers that refuse a field they do not know are asked without it:
`Settings(body={"eager_input_streaming": False})`. A strict schema narrows what the model writes, not how it is sent, so
both can be asked for together.
"""

from __future__ import annotations

from typing import Any, Final

from millstream.errors import ModelError, ToolDefinitionError
from millstream.events.values import JsonObject
from millstream.settings import OutputSchema, Settings, UseTool
from millstream.transcript import SystemMessage, Transcript
from millstream.wire.anthropic.caching import marked
from millstream.wire.anthropic.messages import NAME, container_of, messages
from millstream.wire.asking import forced_choice, no_words
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.merging import over
from millstream.wire.strict_schema import anthropic_strict

VERSION: Final = "2023-06-01"
_MAX_TOKENS: Final = 32_000
"""The API demands a number. More than this the oldest models that are still served refuse, and much less would cut
calls that write a file; only what is written is paid for."""
_EAGER: Final = "eager_input_streaming"
_EFFORTS: Final = frozenset(("low", "medium", "high", "xhigh", "max"))


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request.

    Raises:
        ModelError: the settings ask for something this format has no words for.
        ToolDefinitionError: strict tools are asked for, and the schema of one can not be expressed.
    """
    settings, own = ask.settings, dict(ask.settings.body)
    if settings.moderation is not None:
        raise no_words("moderation", NAME, "leave it out: what the API refuses ends with the reason refusal")
    eager = bool(own.pop(_EAGER, True))
    said, transcript = _leading(ask)
    request: dict[str, Any] = {
        "model": ask.model,
        "max_tokens": settings.max_output_tokens or _MAX_TOKENS,
        "messages": messages(transcript),
        "stream": True,
    }
    if said:
        request["system"] = said
    tools = [tool(schema, strict=settings.strict_tools, eager=eager) for schema in ask.tools]
    tools += [dict(hosted) for hosted in settings.hosted_tools]
    if tools:
        request |= {"tools": tools} | _choice(ask)
    container = container_of(transcript)
    if container is not None:
        request["container"] = container
    request |= _reasoning(settings)
    return over(marked(request) if settings.cache else request, own)


def tool(schema: ToolSchema, *, strict: bool = False, eager: bool = True) -> dict[str, Any]:
    """A tool definition.

    Raises:
        ModelError: it is a tool that takes free text.
        ToolDefinitionError: it is to be strict, and its schema can not be expressed.
    """
    if schema.kind == "custom":
        raise no_words(f"free text for {schema.name}", NAME, "give it a function with one text parameter")
    made: dict[str, Any] = {"name": schema.name, "description": schema.description}
    if strict:
        try:
            made |= {"strict": True, "input_schema": anthropic_strict(schema.parameters)}
        except ToolDefinitionError as error:
            raise ToolDefinitionError(f"{schema.name} can not be strict: {error}") from error
    else:
        made["input_schema"] = dict(schema.parameters)
    return made | ({_EAGER: True} if eager else {})


def _leading(ask: Ask) -> tuple[str, Transcript]:
    """The instructions, those at the beginning of the history included, and the rest of the history."""
    texts, entries = [ask.instructions], list(ask.transcript)
    while entries and isinstance(first := entries[0], SystemMessage):
        texts.append(first.text)
        entries.pop(0)
    return "\n\n".join(text for text in texts if text.strip()), Transcript(tuple(entries))


def _choice(ask: Ask) -> dict[str, Any]:
    """Whether tools may or must be called; a choice that forces a call holds until one has answered."""
    chosen = forced_choice(ask)
    if chosen == "none":
        return {"tool_choice": {"type": "none"}}
    one: JsonObject = {"disable_parallel_tool_use": True} if ask.settings.parallel_calls is False else {}
    if chosen == "auto":
        return {"tool_choice": {"type": "auto", **one}} if one else {}
    named = {"type": "tool", "name": chosen.name} if isinstance(chosen, UseTool) else {"type": "any"}
    return {"tool_choice": {**named, **one}}


def _reasoning(settings: Settings) -> dict[str, Any]:
    """How much to reason, and the form of the answer. Which kind of thinking a model knows is for `body` to say."""
    effort, config = settings.effort, dict[str, Any]()
    if effort in _EFFORTS:
        config["effort"] = effort
    elif effort == "minimal":
        raise no_words('effort "minimal"', NAME, 'use "low", or "none" for no reasoning at all')
    if settings.output is not None:
        config["format"] = {"type": "json_schema", "schema": _output(settings.output)}
    thinking = {"thinking": {"type": "disabled"}} if effort == "none" else {}
    return thinking | ({"output_config": config} if config else {})


def _output(output: OutputSchema) -> dict[str, Any]:
    if not output.strict:
        raise no_words(
            "an output schema that is not enforced", NAME, "use strict=True, or describe it in the instructions"
        )
    try:
        schema = anthropic_strict(output.schema)
    except ToolDefinitionError as error:
        raise ModelError(f"the output schema can not be asked of {NAME}: {error}") from error
    return ({"description": output.description} if output.description else {}) | schema
