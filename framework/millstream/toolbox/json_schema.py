"""The JSON Schema a provider is told of, as pydantic writes it, less what tells a model nothing.

Imported only by `toolbox.signature`, with pydantic.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, JsonSchemaWarningKind

_NOT_IN_A_NAME: Final = re.compile(r"[^a-zA-Z0-9 _-]")
"""What pydantic replaces in the name of a class to make the name of a definition."""


class PlainSchema(GenerateJsonSchema):
    """As pydantic writes it, without the titles it makes up from names of fields and classes."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: the name of a field says as much."""
        del schema
        return False

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """Nothing: a default that is no JSON value is left out of the schema, and the function still has it."""
        del kind, detail

    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """The schema, its definitions without titles that are their class's name."""
        made = super().generate(schema, mode)
        for name, definition in made.get("$defs", {}).items():
            if name.endswith(_NOT_IN_A_NAME.sub("_", definition.get("title", " "))):
                del definition["title"]
        return made
