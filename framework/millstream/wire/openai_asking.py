"""What both of OpenAI's wires write of a request in the same words: tools and their choice, moderation, a schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from millstream.errors import ModelError
from millstream.events.values import CallKind
from millstream.settings import OutputSchema, UseTool
from millstream.wire.asking import forced_choice
from millstream.wire.format import Ask
from millstream.wire.strict_schema import same_in_openai_strict


def tools_and_choice(
    ask: Ask, own: list[dict[str, Any]], named: Callable[[CallKind, str], dict[str, Any]]
) -> dict[str, Any]:
    """The tools of a request, `own` before those the provider runs, and whether they must be called.

    Args:
        ask: what is asked.
        own: the tools of the agent as the wire writes them.
        named: how the wire names the one that must be called.
    """
    settings, choice = ask.settings, forced_choice(ask)
    tools = [*own, *map(dict, settings.hosted_tools)]
    if not tools:
        return {}
    request: dict[str, Any] = {"tools": tools}
    if isinstance(choice, UseTool):
        tool = next(schema for schema in ask.tools if schema.name == choice.name)
        request["tool_choice"] = named(tool.kind, choice.name)
    elif choice != "auto":
        request["tool_choice"] = choice
    if settings.parallel_calls is not None:
        request["parallel_tool_calls"] = settings.parallel_calls
    return request


def moderation(ask: Ask) -> dict[str, Any] | None:
    """The moderation that is asked for.

    Raises:
        ModelError: the server knows none.
    """
    asked = ask.settings.moderation
    if asked is not None and not ask.dialect.moderation:
        raise ModelError("this server moderates nothing: leave moderation out of the Settings and of the Policy")
    return None if asked is None else dict(asked)


def cache_key(ask: Ask) -> str | None:
    """The key under which those who ask with the same beginning find each other's cache, where the server knows one.

    What is worth keeping OpenAI keeps by itself, as most of its imitations do: there is nothing else to say.
    """
    key = ask.settings.cache
    return key if isinstance(key, str) and key and ask.dialect.cache_key else None


def output_schema(output: OutputSchema) -> dict[str, Any]:
    """The schema of the output, strict where it has a strict form of the same shape."""
    strict = same_in_openai_strict(output.schema) if output.strict else None
    described = {"description": output.description} if output.description else {}
    return {"name": output.name, **described, "schema": strict or dict(output.schema), "strict": strict is not None}


def without_nothing(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that were asked for."""
    return {name: value for name, value in fields.items() if value is not None}
