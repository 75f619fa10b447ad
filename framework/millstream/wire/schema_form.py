"""What the forms have in common in which providers are told a tool's JSON Schema: errors, and what is left to words.

What a form has no keyword for and only narrows a value goes into the description; what changes the shape of a value can
not be left out. Knows no form by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from millstream.arguments.pointer import pointer
from millstream.errors import ToolDefinitionError
from millstream.events.values import Path, is_object

_IMPOSSIBLE: Final = (
    *("patternProperties", "prefixItems", "additionalItems", "not", "if", "dependentSchemas", "dependencies"),
    *("unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef", "contains"),
)
NARROWING: Final[Mapping[str, str]] = {
    "minLength": "Characters, at least",
    "maxLength": "Characters, at most",
    "pattern": "Matches the pattern",
    "format": "Format",
    "minimum": "At least",
    "maximum": "At most",
    "exclusiveMinimum": "Greater than",
    "exclusiveMaximum": "Less than",
    "multipleOf": "A multiple of",
    "minItems": "Items, at least",
    "maxItems": "Items, at most",
    "uniqueItems": "Items differ",
    "minProperties": "Keys, at least",
    "maxProperties": "Keys, at most",
    "default": "Default",
    "dependentRequired": "Keys that need others",
}
"""Keywords that only narrow a value or say more of it, and the words for each."""
ANY_KEYS: Final = "is an object of any keys: list its keys in properties, or use a list of pairs"
ALL_OF: Final = 'uses "allOf", which can not be expressed: write one schema'


@dataclass(frozen=True, slots=True)
class Form:
    """A form by the name that errors give it."""

    name: str

    def error(self, path: Path, what: str) -> ToolDefinitionError:
        """The error of a part of the schema that can not be expressed."""
        where = f'the schema at "#{pointer(path)}"' if path else "the schema"
        return ToolDefinitionError(f"{where} {what} ({self.name})")

    def checked(self, schema: object, path: Path) -> dict[str, Any]:
        """A part of the schema, if it is an object, which `true` and `false` are not.

        Raises:
            ToolDefinitionError: it is not.
        """
        if not is_object(schema):
            raise self.error(path, f"is {json.dumps(schema)}: say of which type the value is")
        return schema

    def check_keywords(self, schema: Mapping[str, Any], path: Path) -> None:
        """Check that no keyword changes the shape of a value in a way that no form has a word for.

        Raises:
            ToolDefinitionError: one does.
        """
        for keyword in _IMPOSSIBLE:
            if keyword in schema:
                raise self.error(path, f'uses "{keyword}", which can not be expressed: use plain types and anyOf')


def in_words(keyword: str, value: Any) -> str:
    """A keyword of `NARROWING` as a sentence without its full stop."""
    return f"{NARROWING[keyword]}: {json.dumps(value, ensure_ascii=False)}"


def describe(made: dict[str, Any], told: list[str]) -> None:
    """Put sentences behind the description."""
    if told:
        words = [made["description"].rstrip(". ")] if made.get("description") else []
        made["description"] = ". ".join([*words, *told]) + "."
