"""Gemini: a transcript, tools and settings -> the body of `POST …:streamGenerateContent`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.errors import ModelError
from millstream.settings import Effort, Settings, UseTool
from millstream.wire.asking import forced_choice
from millstream.wire.format import Ask
from millstream.wire.gemini.contents import contents, system_texts
from millstream.wire.gemini.schema import declaration
from millstream.wire.gemini_schema import gemini_json_schema
from millstream.wire.merging import over

_LEVELS: Final[Mapping[Effort, str]] = {
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "XHIGH",
}


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request; `settings.body` goes over it, into its objects as well.

    Raises:
        ModelError: a setting that Gemini has no words for.
        ToolDefinitionError: `strict_tools`, and a tool's schema can not be expressed.
    """
    _check(ask.settings)
    request: dict[str, Any] = {"contents": contents(ask.transcript)}
    instructions = [text for text in (ask.instructions, *system_texts(ask.transcript)) if text]
    if instructions:
        request["systemInstruction"] = {"parts": [{"text": text} for text in instructions]}
    asked = {"tools": _tools(ask), "toolConfig": _tool_config(ask), "generationConfig": _generation(ask)}
    request |= {field: value for field, value in asked.items() if value}
    return over(request, ask.settings.body)


def _check(settings: Settings) -> None:
    if settings.parallel_calls is False:
        message = "Gemini has no word for parallel_calls=False: leave it out, or choose one tool with UseTool(name)"
        raise ModelError(message)
    if settings.moderation is not None:
        raise ModelError("Gemini has no word for moderation=: use settings.body with safetySettings")
    if settings.effort == "max":
        raise ModelError('Gemini has no word for effort="max": "xhigh" is the most it knows')


def _tools(ask: Ask) -> list[dict[str, Any]]:
    strict = ask.settings.strict_tools
    declared = [declaration(schema, strict=strict) for schema in ask.tools]
    functions: list[dict[str, Any]] = [{"functionDeclarations": declared}] if declared else []
    return functions + [dict(tool) for tool in ask.settings.hosted_tools]


def _tool_config(ask: Ask) -> dict[str, Any]:
    calling: dict[str, Any] = {}
    match forced_choice(ask):
        case "auto":
            if ask.settings.strict_tools and ask.tools:
                calling = {"mode": "VALIDATED"}
        case "none":
            calling = {"mode": "NONE"}
        case "required":
            calling = {"mode": "ANY"}
        case UseTool(name=name):
            calling = {"mode": "ANY", "allowedFunctionNames": [name]}
    config: dict[str, Any] = {"functionCallingConfig": calling} if calling else {}
    if ask.tools and ask.settings.hosted_tools:  # else refused: "use Built-in tools with Function calling"
        config["includeServerSideToolInvocations"] = True
    return config


def _generation(ask: Ask) -> dict[str, Any]:
    settings = ask.settings
    config: dict[str, Any] = {}
    if settings.max_output_tokens is not None:
        config["maxOutputTokens"] = settings.max_output_tokens
    if settings.effort == "none":
        config["thinkingConfig"] = {"thinkingBudget": 0}
    elif settings.effort is not None:
        config["thinkingConfig"] = {"thinkingLevel": _LEVELS[settings.effort]}
    output = settings.output
    if output is not None:
        schema = gemini_json_schema(output.schema)
        if output.description:
            schema.setdefault("description", output.description)
        config |= {"responseMimeType": "application/json", "responseJsonSchema": schema}
    return config
