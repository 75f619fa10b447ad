"""Gemini Interactions: a transcript, tools and settings -> the body of `POST /v1beta/interactions`.

Every request is whole (`store: false`): the steps of earlier responses go back verbatim and in order, thoughts with
their `signature`, then a `function_result` for each call. A step that another provider wrote is signed by nobody: a
thought with the signature that Google gives for this stands before its calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.errors import ModelError
from millstream.settings import Settings, UseTool
from millstream.transcript import (
    CallItem,
    Entry,
    MediaPart,
    Part,
    ReasoningItem,
    Reply,
    ReplyItem,
    SystemMessage,
    TextItem,
    ToolResult,
    Transcript,
    UserMessage,
)
from millstream.wire.asking import forced_choice
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.gemini_calls import UNSIGNED, function_name
from millstream.wire.gemini_schema import gemini_json_schema
from millstream.wire.merging import over
from millstream.wire.texts import object_args, text_of

NAME: Final = "gemini-interactions"
_MEDIA: Final = ("image", "audio", "video")


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request; `settings.body` goes over it, into its objects as well.

    Raises:
        ModelError: a setting that this API has no words for, or a tool that takes free text.
    """
    _check(ask.settings)
    request: dict[str, Any] = {"model": ask.model, "input": steps(ask.transcript), "stream": True, "store": False}
    system = [entry.text for entry in ask.transcript if isinstance(entry, SystemMessage)]
    asked = {
        "system_instruction": "\n\n".join(text for text in (ask.instructions, *system) if text),
        "tools": [tool(schema) for schema in ask.tools] + [dict(one) for one in ask.settings.hosted_tools],
        "generation_config": _generation(ask),
        "response_format": _response_format(ask.settings),
    }
    request |= {field: value for field, value in asked.items() if value}
    return over(request, ask.settings.body)


def tool(schema: ToolSchema) -> dict[str, Any]:
    """A tool definition, flat as this wire wants it.

    Raises:
        ModelError: the tool takes free text, for which there is no form here.
    """
    if schema.kind == "custom":
        message = f'Gemini has no tools that take free text, and "{schema.name}" is one: give it a text parameter'
        raise ModelError(message)
    parameters = gemini_json_schema(schema.parameters)
    return {"type": "function", "name": schema.name, "description": schema.description, "parameters": parameters}


def steps(transcript: Transcript) -> list[dict[str, Any]]:
    """The steps of `input`; instructions within the history go to `system_instruction`."""
    return [step for entry in transcript for step in _entry(entry)]


def _check(settings: Settings) -> None:
    if settings.parallel_calls is False:
        message = "Gemini has no word for parallel_calls=False: leave it out, or choose one tool with UseTool(name)"
        raise ModelError(message)
    if settings.moderation is not None:
        raise ModelError("Gemini has no word for moderation=: use settings.body with safety_settings")
    if settings.effort in ("none", "max"):
        message = f'Gemini Interactions has no word for effort="{settings.effort}": "minimal" to "xhigh" it knows'
        raise ModelError(message)


def _generation(ask: Ask) -> dict[str, Any]:
    settings = ask.settings
    config: dict[str, Any] = {}
    if settings.max_output_tokens is not None:
        config["max_output_tokens"] = settings.max_output_tokens
    if settings.effort is not None:
        config["thinking_level"] = settings.effort
    match forced_choice(ask):
        case "auto":
            if settings.strict_tools and ask.tools:
                config["tool_choice"] = "validated"
        case "none":
            config["tool_choice"] = "none"
        case "required":
            config["tool_choice"] = "any"
        case UseTool(name=name):
            config["tool_choice"] = {"allowed_tools": {"mode": "any", "tools": [name]}}
    return config


def _response_format(settings: Settings) -> dict[str, Any]:
    output = settings.output
    if output is None:
        return {}
    schema = gemini_json_schema(output.schema)
    if output.description:
        schema.setdefault("description", output.description)
    return {"type": "text", "mime_type": "application/json", "schema": schema}


def _entry(entry: Entry) -> list[dict[str, Any]]:
    match entry:
        case UserMessage(parts=parts):
            return [{"type": "user_input", "content": [_content(part) for part in parts]}]
        case SystemMessage():
            return []
        case ToolResult(call=call):
            result = {"type": "function_result", "call_id": call.provider_id, "name": function_name(call.name)}
            return [{**result, "result": _result(entry.parts), **({} if entry.ok else {"is_error": True})}]
        case Reply():
            return _reply(entry)


def _reply(reply: Reply) -> list[dict[str, Any]]:
    own = reply.wire == NAME
    written: list[dict[str, Any]] = []
    is_signed = own
    for item in reply.items:
        step = _reply_item(item, item.echo if own else None)
        if step is None:
            continue
        if isinstance(item, CallItem) and not is_signed:
            is_signed = True
            written.append({"type": "thought", "signature": UNSIGNED})
        written.append(step)
    return written


def _reply_item(item: ReplyItem, echo: Mapping[str, Any] | None) -> dict[str, Any] | None:
    match item:
        case CallItem(call=call, args_text=args_text):
            arguments = {"input": args_text} if call.kind == "custom" else object_args(args_text)
            name = {"id": call.provider_id, "name": function_name(call.name)}
            return {**(echo or {}), "type": "function_call", **name, "arguments": arguments}
        case TextItem(text=text):
            if echo is not None:
                return dict(echo)
            return {"type": "model_output", "content": [{"type": "text", "text": text}]} if text else None
        case ReasoningItem():
            return dict(echo) if echo is not None else None
        case _:
            return dict(echo) if echo is not None else None


def _result(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    """JSON goes as text: as a structure its numbers would be doubles, and `$ref` in it is taken for a reference."""
    if any(isinstance(part, MediaPart) for part in parts):
        return [_content(part) for part in parts]
    return text_of(parts)


def _content(part: Part) -> dict[str, Any]:
    if not isinstance(part, MediaPart):
        return {"type": "text", "text": text_of((part,))}
    family = part.media_type.partition("/")[0]
    source = {"uri": part.url} if part.url is not None else {"data": part.base64}
    return {"type": family if family in _MEDIA else "document", "mime_type": part.media_type, **source}
