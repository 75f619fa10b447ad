"""Tool definitions and tool choices as `POST /v1/messages` takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from millstream.testing.provider.rules.checks import Checks, Place, dotted
from millstream.testing.provider.rules.refusal import refuse
from millstream.testing.provider.rules.shapes import Json, Object, is_array, is_object

NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
TOOL_FIELDS: Final = frozenset(
    (
        *("type", "name", "description", "input_schema", "strict", "eager_input_streaming", "input_examples"),
        *("defer_loading", "allowed_callers", "cache_control"),
    )
)
CHOICES: Final = ("auto", "any", "tool", "none")
UNSUPPORTED: Final = {
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength"),
    "array": ("maxItems", "uniqueItems"),
}
"""Keywords that a strict schema may not have."""


def check_tools(body: Object, checks: Checks) -> None:
    """`tools` and `tool_choice` of a body, in the words of `checks`."""
    names: list[str] = []
    for tool, place in checks.objects(body.get("tools", []), ("tools",)):
        if tool.get("type", "custom") != "custom":  # a tool that the provider runs
            names.append(str(tool.get("name")))
            continue
        names.append(_check_tool(tool, (*place, "custom"), checks))
    if len(set(names)) < len(names):
        refuse("tools: Tool names must be unique.")
    if body.get("tool_choice") is None:
        return
    choice = checks.an_object(body["tool_choice"], ("tool_choice",))
    kind = checks.one_of(checks.required(choice, "type", ("tool_choice",)), CHOICES, ("tool_choice", "type"))
    if not names:
        refuse("tool_choice: tool_choice may only be specified while providing tools")
    if kind == "tool":
        name = checks.a_string(
            checks.required(choice, "name", ("tool_choice", "tool")), ("tool_choice", "tool", "name")
        )
        if name not in names:
            refuse(f"Tool '{name}' not found in provided tools")


def _check_tool(tool: Object, place: Place, checks: Checks) -> str:
    checks.known(tool, TOOL_FIELDS, place)
    name = checks.a_string(checks.required(tool, "name", place), (*place, "name"))
    if not NAME.fullmatch(name):
        refuse(f"{dotted((*place, 'name'))}: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
    if "description" in tool:
        checks.a_string(tool["description"], (*place, "description"))
    for flag in ("strict", "eager_input_streaming", "defer_loading"):
        if flag in tool:
            checks.a_flag(tool[flag], (*place, flag))
    here = (*place, "input_schema")
    schema = checks.an_object(checks.required(tool, "input_schema", place), here)
    checks.one_of(checks.required(schema, "type", here), ("object",), (*here, "type"))
    if any(key in schema for key in ("oneOf", "allOf", "anyOf")):
        refuse(f"{dotted(here)}: input_schema does not support oneOf, allOf, or anyOf at the top level")
    if tool.get("strict"):
        _check_strict(schema, place)
    return name


def _check_strict(schema: Object, place: Place) -> None:
    for node in _nodes(schema):
        kind = node.get("type")
        if kind == "object" and node.get("additionalProperties") is not False:
            refuse(f"{dotted(place)}: For 'object' type, 'additionalProperties' must be explicitly set to false")
        banned = UNSUPPORTED.get(kind, ()) if isinstance(kind, str) else ()
        found = [key for key in banned if key in node]
        if found:
            refuse(f"{dotted(place)}: For '{kind}' type, properties {', '.join(found)} are not supported")
        if "oneOf" in node:
            refuse(f"{dotted(place)}: Schema type 'oneOf' is not supported")


def _nodes(schema: Json) -> Iterator[Object]:
    if not is_object(schema):
        return
    yield schema
    for keyword in ("properties", "$defs", "definitions"):
        for part in schema[keyword].values() if is_object(schema.get(keyword)) else ():
            yield from _nodes(part)
    yield from _nodes(schema.get("items"))
    for keyword in ("anyOf", "allOf", "oneOf"):
        for part in schema[keyword] if is_array(schema.get(keyword)) else ():
            yield from _nodes(part)
