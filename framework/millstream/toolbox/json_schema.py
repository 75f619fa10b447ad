"""Two JSON Schemas of one pydantic model: the one a provider is told, and the one that may be checked early.

Imported only by `toolbox.signature`, with pydantic. The early one promises nothing that pydantic does not: where a
validator of the user's runs before pydantic's own, or pydantic accepts more than it says, it accepts anything.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class PlainSchema(GenerateJsonSchema):
    """As pydantic writes it, without the titles it makes up from names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: the name of a field says as much."""
        del schema
        return False


class CheckableSchema(PlainSchema):
    """What holds of every value that pydantic's lax mode accepts, kinds of scalars excepted."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """The user's function may turn anything into what is wanted."""
        del schema
        return {}

    def function_wrap_schema(self, schema: core_schema.WrapValidatorFunctionSchema) -> JsonSchemaValue:
        """As before."""
        del schema
        return {}

    def function_plain_schema(self, schema: core_schema.PlainValidatorFunctionSchema) -> JsonSchemaValue:
        """As before."""
        del schema
        return {}

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An enum with a `_missing_` of its own accepts more than its members."""
        return {} if schema.get("missing") is not None else super().enum_schema(schema)

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """A string that may be written as a number, or is changed before it is measured."""
        changed = ("coerce_numbers_to_str", "strip_whitespace", "to_lower", "to_upper")
        config: Any = self._config
        if any(schema.get(key) for key in changed) or any(
            getattr(config, name, None) for name in ("coerce_numbers_to_str", "str_strip_whitespace")
        ):
            return {}
        return super().str_schema(schema)

    def set_schema(self, schema: core_schema.SetSchema) -> JsonSchemaValue:
        """A list with an item twice makes a smaller set."""
        return self._without_uniqueness(super().set_schema(schema))

    def frozenset_schema(self, schema: core_schema.FrozenSetSchema) -> JsonSchemaValue:
        """As a set."""
        return self._without_uniqueness(super().frozenset_schema(schema))

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A model that takes fields by name as well as by alias, or a root that is validated first, is not checked."""
        config = schema.get("config", {})
        if config.get("validate_by_name") or config.get("populate_by_name"):
            return {}
        return super().model_schema(schema)

    def _without_uniqueness(self, schema: JsonSchemaValue) -> JsonSchemaValue:
        return {key: value for key, value in schema.items() if key not in ("uniqueItems", "minItems", "maxItems")}
