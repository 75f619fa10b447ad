"""Tool definitions and tool choices, as both wires take them: names, parameters, strict schemas."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from millstream.testing.provider.rules.refusal import (
    a_name,
    a_string,
    an_array,
    an_object,
    one_of,
    refuse,
    required,
    wrong_type,
)
from millstream.testing.provider.rules.shapes import Json, Object, is_array, is_object

CHAT_NAME_CHARS = 64
RESPONSES_NAME_CHARS = 128
CHOICES = ("none", "auto", "required")
CHAT_TOOLS = ("function", "custom")
RESPONSES_TOOLS = (
    "function",
    "custom",
    "namespace",
    "tool_search",
    "mcp",
    "web_search",
    "web_search_2025_08_26",
    "web_search_preview",
    "web_search_preview_2025_03_11",
    "file_search",
    "code_interpreter",
    "programmatic_tool_calling",
    "image_generation",
    "computer",
    "computer_use_preview",
    "local_shell",
    "shell",
    "apply_patch",
)


def check_chat_tools(body: Object) -> None:
    """`tools`, `tool_choice` and `parallel_tool_calls` of a Chat Completions body."""
    names: set[str] = set()
    if body.get("tools") is not None:
        for at, tool in enumerate(an_array(body["tools"], "tools", empty=False)):
            place = f"tools[{at}]"
            holder = an_object(tool, place)
            kind = required(holder, "type", place)
            if isinstance(kind, str) and ":" in kind:
                continue  # a tool of the server that a gateway adds ("openrouter:web_search")
            key = one_of(kind, CHAT_TOOLS, f"{place}.type")
            function = an_object(required(holder, key, place), f"{place}.{key}")
            name_place = f"{place}.{key}.name"
            names.add(a_name(required(function, "name", f"{place}.{key}"), name_place, CHAT_NAME_CHARS))
            if key == "function":
                _check_function(function, f"{place}.function")
    else:
        _check_no_choice(body)
    choice = body.get("tool_choice")
    if is_object(choice):
        _check_named_choice(choice, names)
    elif choice is not None:
        one_of(choice, CHOICES, "tool_choice")


def check_responses_tools(body: Object) -> None:
    """`tools` and `tool_choice` of a Responses body: functions lie flat here."""
    names: set[str] = set()
    for at, tool in enumerate(an_array(body["tools"], "tools") if body.get("tools") is not None else ()):
        place = f"tools[{at}]"
        holder = an_object(tool, place)
        kind = one_of(required(holder, "type", place), RESPONSES_TOOLS, f"{place}.type")
        if kind in ("function", "custom"):
            names.add(a_name(required(holder, "name", place), f"{place}.name", RESPONSES_NAME_CHARS))
        if kind == "function":
            required(holder, "parameters", place)
            _check_function(holder, place)
    choice = body.get("tool_choice")
    if is_object(choice):
        kind = a_string(required(choice, "type", "tool_choice"), "tool_choice.type")
        if kind in ("function", "custom"):
            name = a_string(required(choice, "name", "tool_choice"), "tool_choice.name")
            if name not in names:
                refuse(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")
    elif choice is not None:
        one_of(choice, CHOICES, "tool_choice")


def check_strict(schema: Json, what: str, place: str, code: str | None, context: tuple[str, ...] = ()) -> None:
    """What a strict schema must have in each of its objects; `what` names it in the refusal."""
    if not is_object(schema):
        return
    properties = schema.get("properties")
    names = list(properties) if is_object(properties) else []
    told = f"Invalid schema for {what}: In context={context!r}, "
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties") is not False:
            refuse(f"{told}'additionalProperties' is required to be supplied and to be false.", place, code)
        wanted = schema.get("required")
        lacking = [key for key in names if not isinstance(wanted, list) or key not in wanted]
        if lacking:
            refuse(
                f"{told}'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{lacking[0]}'.",
                place,
                code,
            )
    for step, part in _parts(schema):
        check_strict(part, what, place, code, (*context, *step))


def _parts(node: Object) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The schemas within a schema, each with the way to it."""
    for keyword in ("properties", "$defs", "definitions"):
        if is_object(group := node.get(keyword)):
            yield from (((keyword, key), part) for key, part in group.items())
    if "items" in node:
        yield ("items",), node["items"]
    for keyword in ("anyOf", "allOf", "oneOf"):
        if is_array(choices := node.get(keyword)):
            yield from (((keyword, str(at)), part) for at, part in enumerate(choices))


def _check_function(function: Object, place: str) -> None:
    if function.get("description") is not None:
        a_string(function["description"], f"{place}.description")
    strict = function.get("strict")
    if strict is not None and not isinstance(strict, bool):
        wrong_type(f"{place}.strict", "a boolean", strict)
    if function.get("parameters") is None:
        return
    place, code = f"{place}.parameters", "invalid_function_parameters"
    schema, what = an_object(function["parameters"], place), f"function '{function['name']}'"
    if schema.get("type") != "object":
        got = f'type: "{schema.get("type")}"'
        refuse(
            f"Invalid schema for {what}: schema must be a JSON Schema of 'type: \"object\"', got '{got}'.", place, code
        )
    if strict:
        check_strict(schema, what, place, code)


def _check_no_choice(body: Object) -> None:
    for key in ("tool_choice", "parallel_tool_calls"):
        if body.get(key) is not None:
            refuse(f"Invalid value for '{key}': '{key}' is only allowed when 'tools' are specified.", key)


def _check_named_choice(choice: Object, names: Collection[str]) -> None:
    kind = one_of(required(choice, "type", "tool_choice"), (*CHAT_TOOLS, "allowed_tools"), "tool_choice.type")
    if kind == "allowed_tools":
        return
    holder = an_object(required(choice, kind, "tool_choice"), f"tool_choice.{kind}")
    name = a_string(required(holder, "name", f"tool_choice.{kind}"), f"tool_choice.{kind}.name")
    if name not in names:
        refuse(
            f"Invalid value for 'tool_choice': no {kind} named '{name}' is specified in the 'tools' parameter.",
            "tool_choice",
        )
