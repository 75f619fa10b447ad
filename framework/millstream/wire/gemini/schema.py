"""Gemini: a tool as the model is told of it.

`parametersJsonSchema` takes JSON Schema nearly as it is, so nothing of a schema is lost; the OpenAPI subset of
`parameters` (`wire.gemini_schema`) is for those who ask that the provider enforce it, and says what it can not express.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.errors import ModelError
from millstream.events.values import is_array, is_object
from millstream.wire.format import ToolSchema
from millstream.wire.gemini_schema import gemini_parameters

_BESIDE_REF: Final = frozenset(("description", "default"))
"""All that may stand beside a `$ref`."""


def declaration(schema: ToolSchema, *, strict: bool = False) -> dict[str, Any]:
    """A function declaration.

    Raises:
        ModelError: the tool takes free text, for which there is no form here.
        ToolDefinitionError: `strict`, and the schema can not be expressed in Gemini's own form.
    """
    if schema.kind == "custom":
        message = f'Gemini has no tools that take free text, and "{schema.name}" is one: give it a text parameter'
        raise ModelError(message)
    if strict:
        parameters: dict[str, Any] = {"parameters": gemini_parameters(schema.parameters)}
    else:
        parameters = {"parametersJsonSchema": json_schema(schema.parameters)}
    return {"name": schema.name, "description": schema.description, **parameters}


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Schema as Gemini accepts it: without `$schema`, and with hardly anything beside a `$ref`."""
    made = {key: _made(value) for key, value in schema.items() if key != "$schema" or is_object(value)}
    if not isinstance(made.get("$ref"), str) or not made.keys() - _BESIDE_REF - {"$ref"}:
        return made
    return {**{key: value for key, value in made.items() if key != "$ref"}, "anyOf": [{"$ref": made["$ref"]}]}


def _made(value: object) -> object:
    if is_object(value):
        return json_schema(value)
    return [_made(one) for one in value] if is_array(value) else value
