"""OpenAI Responses: what a model is asked -> the body of `POST /v1/responses`."""

from __future__ import annotations

from typing import Any

from millstream.wire.format import Ask, ToolSchema
from millstream.wire.merging import over
from millstream.wire.openai_asking import cache_key, moderation, output_schema, tools_and_choice, without_nothing
from millstream.wire.openai_responses.entries import entries
from millstream.wire.strict_schema import same_in_openai_strict


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request.

    Raises:
        ModelError: the settings ask for what this wire, or this server, has no words for.
    """
    request: dict[str, Any] = {"model": ask.model, "input": entries(ask.transcript), "stream": True, "store": False}
    if ask.instructions:
        request["instructions"] = ask.instructions
    return over(request | _tools(ask) | _settings(ask), ask.settings.body)


def tool(schema: ToolSchema, *, strict: bool = False) -> dict[str, Any]:
    """A tool definition, flat as this wire wants it; `strict` where its schema has a strict form of the same shape.

    Left out, `strict` would mean that the provider may try.
    """
    head = {"name": schema.name, "description": schema.description}
    if schema.kind == "custom":
        grammar = {} if schema.grammar is None else {"format": {"type": "grammar", **schema.grammar}}
        return {"type": "custom"} | head | grammar
    parameters = same_in_openai_strict(schema.parameters) if strict else None
    written = dict(schema.parameters) if parameters is None else parameters
    return {"type": "function"} | head | {"parameters": written, "strict": parameters is not None}


def _tools(ask: Ask) -> dict[str, Any]:
    own = [tool(schema, strict=ask.settings.strict_tools) for schema in ask.tools]
    return tools_and_choice(ask, own, lambda kind, name: {"type": kind, "name": name})


def _settings(ask: Ask) -> dict[str, Any]:
    settings, output = ask.settings, ask.settings.output
    return without_nothing(
        {
            "reasoning": settings.effort and {"effort": settings.effort},
            "max_output_tokens": settings.max_output_tokens,
            "text": output and {"format": {"type": "json_schema", **output_schema(output)}},
            "moderation": moderation(ask),
            "prompt_cache_key": cache_key(ask),
        }
    )
