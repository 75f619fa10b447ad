"""Gemini: a tool as the model is told of it.

`parametersJsonSchema` takes JSON Schema nearly as it is, so nothing of a schema is lost; the OpenAPI subset of
`parameters` (`wire.gemini_schema`) is for those who ask that the provider enforce it, and says what it can not express.
"""

from __future__ import annotations

from typing import Any

from millstream.errors import ModelError
from millstream.wire.format import ToolSchema
from millstream.wire.gemini_schema import gemini_json_schema, gemini_parameters


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
        parameters = {"parametersJsonSchema": gemini_json_schema(schema.parameters)}
    return {"name": schema.name, "description": schema.description, **parameters}
