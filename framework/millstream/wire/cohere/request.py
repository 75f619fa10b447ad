"""Cohere's chat API, version 2: a transcript and tools -> the body of `POST /v2/chat`.

What the model planned or thought before it called goes back with its calls: the plan as `tool_plan`, thinking as a part
of the content.
"""

from __future__ import annotations

from typing import Any, Final

from millstream.arguments.assembler import json_text
from millstream.errors import ModelError
from millstream.events.values import JsonObject
from millstream.settings import Settings, UseTool
from millstream.transcript import (
    CallItem,
    Entry,
    MediaPart,
    Part,
    ReasoningItem,
    Reply,
    SystemMessage,
    TextItem,
    ToolResult,
    Transcript,
    UserMessage,
)
from millstream.wire.asking import forced_choice, function_of, no_words
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.merging import over
from millstream.wire.texts import content_of, object_args, text_of, url_of, valid_args, valid_name, words_of

NAME: Final = "cohere-v2"
TOOL_PLAN: Final[JsonObject] = {"type": "tool_plan"}
"""The echo of reasoning that is the plan before the calls, not thinking."""
_MAX_NAME: Final = 64
_IN_BODY: Final = "body={'thinking': {'type': 'enabled', 'token_budget': …}}"


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request."""
    instructions = [{"role": "system", "content": ask.instructions}] if ask.instructions else []
    request: dict[str, Any] = {"model": ask.model, "messages": instructions + messages(ask.transcript), "stream": True}
    request |= _tools(ask) | _settings(ask.settings)
    return over(request, ask.settings.body)


def _tools(ask: Ask) -> dict[str, Any]:
    """The tools and whether they must be called: to force a call of one of them, it is the only one told of."""
    choice, tools = forced_choice(ask), ask.tools
    if isinstance(choice, UseTool):
        tools = tuple(schema for schema in tools if schema.name == choice.name)
    if not tools:
        return {}
    made: dict[str, Any] = {"tools": [tool(schema) for schema in tools]}
    if choice != "auto":
        made["tool_choice"] = "NONE" if choice == "none" else "REQUIRED"
    return made | ({"strict_tools": True} if ask.settings.strict_tools else {})


def _settings(settings: Settings) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if settings.parallel_calls is False:
        raise no_words("parallel_calls=False", NAME, "leave it None: the model decides.")
    if settings.hosted_tools:
        raise no_words("hosted_tools", NAME, "give tools of your own: Cohere runs none.")
    if settings.moderation is not None:
        raise no_words("moderation", NAME, "leave it None; safety_mode can be set in body=.")
    if settings.effort is not None:
        if settings.effort != "none":
            instead = f'it knows only "none" and budgets: {_IN_BODY}.'
            raise no_words(f'effort="{settings.effort}"', NAME, instead)
        made["thinking"] = {"type": "disabled"}
    if settings.output is not None:
        made["response_format"] = {"type": "json_object", "json_schema": dict(settings.output.schema)}
    if settings.max_output_tokens is not None:
        made["max_tokens"] = settings.max_output_tokens
    return made


def tool(schema: ToolSchema) -> dict[str, Any]:
    """A tool definition.

    Raises:
        ModelError: it takes free text, which this wire does not know.
    """
    return {"type": "function", "function": function_of(schema, NAME)}


def messages(transcript: Transcript) -> list[dict[str, Any]]:
    """The messages, each reply one of them with all its calls.

    Raises:
        ModelError: the user sent a file that is no image.
    """
    written = [_entry(entry) for entry in transcript]
    return [message for message in written if message is not None]


def _entry(entry: Entry) -> dict[str, Any] | None:
    match entry:
        case UserMessage(parts=parts):
            return {"role": "user", "content": content_of(parts, _part)}
        case SystemMessage(text=text):
            return {"role": "system", "content": text}
        case ToolResult(call=call, parts=parts):
            return {"role": "tool", "tool_call_id": call.provider_id, "content": words_of(parts)}
        case Reply():
            return _reply(entry)


def _reply(reply: Reply) -> dict[str, Any] | None:
    calls = [_call(item) for item in reply.items if isinstance(item, CallItem)]
    text = "".join(item.text for item in reply.items if isinstance(item, TextItem))
    if not calls:
        return {"role": "assistant", "content": text} if text else None
    message: dict[str, Any] = {"role": "assistant", "tool_calls": calls}
    thoughts = [item for item in reply.items if isinstance(item, ReasoningItem) and reply.wire == NAME]
    plan = "".join(item.text for item in thoughts if item.echo == TOOL_PLAN)
    thinking = "".join(item.text for item in thoughts if item.echo != TOOL_PLAN)
    if plan:
        message["tool_plan"] = plan
    if thinking:
        parts = [{"type": "thinking", "thinking": thinking}]
        message["content"] = [*parts, {"type": "text", "text": text}] if text else parts
    elif text:
        message["content"] = text
    return message


def _call(item: CallItem) -> dict[str, Any]:
    call = item.call
    custom = call.kind == "custom"
    arguments = json_text({"input": item.args_text}) if custom else _object_text(item.args_text)
    function = {"name": valid_name(call.name, _MAX_NAME), "arguments": arguments}
    return {"id": call.provider_id, "type": "function", "function": function}


def _object_text(args_text: str) -> str:
    """Arguments as they were written, if they are an object; a null would be refused."""
    valid = valid_args(args_text)
    return valid if object_args(valid) else "{}"


def _part(part: Part) -> dict[str, Any]:
    if not isinstance(part, MediaPart):
        return {"type": "text", "text": text_of((part,))}
    if not part.media_type.startswith("image/"):
        raise ModelError(f"{part.media_type} can not be sent on the wire {NAME}: it takes text and images")
    url = url_of(part)
    return {"type": "image_url", "image_url": {"url": url}}
