"""OpenAI Chat Completions: what a model is asked -> the body of `POST /v1/chat/completions`."""

from __future__ import annotations

from typing import Any

from millstream.errors import ModelError
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.merging import over
from millstream.wire.openai_asking import cache_key, moderation, output_schema, tools_and_choice, without_nothing
from millstream.wire.openai_chat.messages import messages
from millstream.wire.strict_schema import same_in_openai_strict


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request.

    Raises:
        ModelError: the settings ask for what this wire, or this server, has no words for.
    """
    instructions = [{"role": "system", "content": ask.instructions}] if ask.instructions else []
    request: dict[str, Any] = {
        "model": ask.model,
        "messages": instructions + messages(ask.transcript),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return over(request | _tools(ask) | _settings(ask), ask.settings.body)


def tool(schema: ToolSchema, *, strict: bool = False) -> dict[str, Any]:
    """A tool definition, nested as this wire wants it; `strict` where its schema has a strict form of that shape."""
    if schema.kind == "custom":
        custom: dict[str, Any] = {"name": schema.name, "description": schema.description}
        grammar = {} if schema.grammar is None else {"format": {"type": "grammar", "grammar": dict(schema.grammar)}}
        return {"type": "custom", "custom": custom | grammar}
    function: dict[str, Any] = {
        "name": schema.name,
        "description": schema.description,
        "parameters": dict(schema.parameters),
    }
    parameters = same_in_openai_strict(schema.parameters) if strict else None
    if parameters is not None:
        function |= {"parameters": parameters, "strict": True}
    return {"type": "function", "function": function}


def _tools(ask: Ask) -> dict[str, Any]:
    settings = ask.settings
    if settings.hosted_tools and not ask.dialect.hosted_tools:
        raise ModelError(
            "hosted_tools can not be asked for on this Chat wire: use a model of the Responses wire (openai:…), or "
            'what this server has for them as a field of the body, Settings(body={"web_search_options": {}})'
        )
    own = [tool(schema, strict=settings.strict_tools) for schema in ask.tools]
    return tools_and_choice(ask, own, lambda kind, name: {"type": kind, kind: {"name": name}})


def _settings(ask: Ask) -> dict[str, Any]:
    settings, output = ask.settings, ask.settings.output
    return without_nothing(
        {
            "reasoning_effort": settings.effort,
            ask.dialect.max_tokens: settings.max_output_tokens,
            "response_format": output and {"type": "json_schema", "json_schema": output_schema(output)},
            "moderation": moderation(ask),
            "prompt_cache_key": cache_key(ask),
        }
    )
