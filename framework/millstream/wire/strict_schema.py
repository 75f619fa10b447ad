"""A tool's JSON Schema -> the form in which a provider follows it strictly while it writes.

Strict forms know fewer keywords. What only narrows a value (a length, an unusual format, a default) is moved into the
description, where the model reads it, and is checked by us as before; what changes the shape of a value can not be left
out, and is an error that names its place. The form may so allow more than the schema, never less of what it requires.
Pure functions of plain dicts, which they do not change; they know no request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from millstream.errors import ToolDefinitionError
from millstream.events.values import Path, is_array, is_object
from millstream.wire.schema_form import ALL_OF, ANY_KEYS, NARROWING, Form, describe, in_words

_Schema: TypeAlias = Mapping[str, Any]

_FORMATS: Final = frozenset(("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"))
_SHAPES: Final = frozenset(("type", "anyOf", "enum", "const", "$ref"))


@dataclass(frozen=True, slots=True)
class _StrictForm(Form):
    """What a provider's strict form knows."""

    keywords: frozenset[str]
    formats: frozenset[str]
    all_required: bool
    """Whether every property must be required; one that is optional is then one that may be null."""
    max_depth: int = 1_000
    max_properties: int = 100_000
    max_enum_values: int = 100_000
    max_name_chars: int = 10_000_000


_OPENAI: Final = _StrictForm(
    "OpenAI's strict form",
    frozenset(
        ("pattern", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems")
    ),
    _FORMATS,
    all_required=True,
    max_depth=10,
    max_properties=5_000,
    max_enum_values=1_000,
    max_name_chars=120_000,
)
_ANTHROPIC: Final = _StrictForm("Anthropic's strict form", frozenset(), _FORMATS | {"uri"}, all_required=False)


def openai_strict(schema: _Schema) -> dict[str, Any]:
    """The `parameters` of an OpenAI function with `strict: true`.

    An optional property becomes a required one that may be null: where the schema itself does not allow null there,
    what is written to this form need not be what the schema asks for. See `same_in_openai_strict`.

    Raises:
        ToolDefinitionError: the schema can not be expressed; the message names the place and what to do.
    """
    return _Strict(schema, _OPENAI).root()


def same_in_openai_strict(schema: _Schema) -> dict[str, Any] | None:
    """`openai_strict(schema)` where all that is written to it has the shape of the schema too; else None.

    It is None where a property may be left out but not be null, because the strict form knows it the other way round
    only, and where the schema can not be expressed at all.
    """
    strict = _Strict(schema, _OPENAI)
    try:
        made = strict.root()
    except ToolDefinitionError:
        return None
    return None if strict.nulls_added else made


def anthropic_strict(schema: _Schema) -> dict[str, Any]:
    """The `input_schema` of an Anthropic tool with `strict: true`; optional properties stay optional.

    Raises:
        ToolDefinitionError: the schema can not be expressed; the message names the place and what to do.
    """
    return _Strict(schema, _ANTHROPIC).root()


class _Strict:
    def __init__(self, schema: _Schema, form: _StrictForm) -> None:
        self._schema = schema
        self._form = form
        self._properties = 0
        self._enum_values = 0
        self._name_chars = 0
        self.nulls_added = False
        """Whether null stands for a property that was left out, where the schema itself does not allow it."""

    def root(self) -> dict[str, Any]:
        schema = self._schema
        if schema.get("type") != "object" or any(one in schema for one in ("anyOf", "oneOf", "$ref")):
            raise self._form.error((), 'must be of the type "object" at its root, without alternatives')
        made = self._made(schema, (), 1)
        for key in ("$defs", "definitions"):
            if schema.get(key):
                made[key] = {name: self._made(one, (key, name), 1) for name, one in schema[key].items()}
        for name, count, most in (
            ("properties", self._properties, self._form.max_properties),
            ("values of enums", self._enum_values, self._form.max_enum_values),
            ("characters in names and enums", self._name_chars, self._form.max_name_chars),
        ):
            if count > most:
                raise self._form.error((), f"has {count} {name}, and at most {most} may be: make it smaller")
        return made

    def _made(self, schema: object, path: Path, depth: int) -> dict[str, Any]:
        schema = self._form.checked(schema, path)
        if depth > self._form.max_depth:
            raise self._form.error(path, f"is nested deeper than {self._form.max_depth} levels: flatten it")
        schema = self._merged(schema, path)
        self._form.check_keywords(schema, path)
        if not _SHAPES & schema.keys():
            raise self._form.error(path, "allows any value: say of which type it is")
        made: dict[str, Any] = {}
        told: list[str] = []
        for keyword, value in schema.items():
            self._keyword(keyword, value, made, told, path)
        if "properties" in schema or "object" in _types(schema):
            made |= self._object(schema, path, depth)
        if "items" in schema or "array" in _types(schema):
            made["items"] = self._made(schema.get("items", True), (*path, "items"), depth + 1)
        if "anyOf" in schema:
            made["anyOf"] = [self._made(one, (*path, "anyOf", i), depth) for i, one in enumerate(schema["anyOf"])]
        if "description" in schema:
            made["description"] = schema["description"]
        describe(made, told)
        if "$ref" in made and len(made) > 1:  # a $ref has to stand alone
            made = {**{key: value for key, value in made.items() if key != "$ref"}, "anyOf": [{"$ref": made["$ref"]}]}
        return made

    def _merged(self, schema: _Schema, path: Path) -> _Schema:
        """The schema with `oneOf` read as `anyOf` (we see to the rest) and a lone member of `allOf` put into it."""
        if "allOf" in schema:
            members = schema["allOf"]
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            if len(members) != 1 or not is_object(members[0]) or members[0].keys() & rest.keys() - {"description"}:
                raise self._form.error(path, ALL_OF)
            schema = {**members[0], **rest}
        if "oneOf" in schema:
            if "anyOf" in schema:
                raise self._form.error(path, 'uses "oneOf" beside "anyOf", which can not be expressed: use one of them')
            schema = {("anyOf" if key == "oneOf" else key): value for key, value in schema.items()}
        return schema

    def _keyword(self, keyword: str, value: Any, made: dict[str, Any], told: list[str], path: Path) -> None:
        if keyword in ("enum", "const"):
            values = value if keyword == "enum" else [value]
            if any(is_object(one) or is_array(one) for one in values):
                what = f'has an object or array in "{keyword}": only plain values can be expressed'
                raise self._form.error(path, what)
            self._enum_values += len(values)
            self._name_chars += sum(len(one) for one in values if isinstance(one, str))
            made[keyword] = value
        elif keyword == "$ref":
            if not (value == "#" or value.startswith(("#/$defs/", "#/definitions/"))):
                raise self._form.error(path, f'refers to "{value}": refer to a schema under $defs')
            made[keyword] = value
        elif keyword == "type" or self._knows(keyword, value):
            made[keyword] = value
        elif keyword in NARROWING and not (keyword == "default" and value is None):
            told.append(in_words(keyword, value))

    def _knows(self, keyword: str, value: Any) -> bool:
        form = self._form
        if keyword == "format":
            return value in form.formats
        return keyword in form.keywords or (keyword == "minItems" and value in (0, 1))

    def _object(self, schema: _Schema, path: Path, depth: int) -> dict[str, Any]:
        if schema.get("additionalProperties", False) is not False or "properties" not in schema:
            raise self._form.error(path, ANY_KEYS)
        properties: _Schema = schema["properties"]
        required = list(schema.get("required", ()))
        self._properties += len(properties)
        self._name_chars += sum(map(len, properties))
        made = {key: self._made(one, (*path, "properties", key), depth + 1) for key, one in properties.items()}
        if self._form.all_required:
            nullable = {key: _nullable(one) for key, one in made.items() if key not in required}
            self.nulls_added |= any(one is not made[key] for key, one in nullable.items())
            made |= nullable
            required = list(properties)
        found: dict[str, Any] = {"properties": made, "additionalProperties": False}
        return found | ({"required": required} if required or self._form.all_required else {})


def _types(schema: _Schema) -> list[str]:
    types = schema.get("type", [])
    return list(types) if is_array(types) else [types]


def _allows_null(schema: Any) -> bool:
    if not is_object(schema):
        return schema is True
    alternatives: list[Any] = schema.get("anyOf") or schema.get("oneOf") or []
    if alternatives:
        return any(map(_allows_null, alternatives))
    if "enum" in schema or "const" in schema:
        return None in schema.get("enum", [schema.get("const")])
    return "null" in _types(schema) or not ("type" in schema or "$ref" in schema)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that allows null as well."""
    if _allows_null(schema):
        return schema
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "type" in schema and "const" not in schema:
        enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        return {**schema, "type": [*_types(schema), "null"], **enum}
    description = {"description": schema["description"]} if "description" in schema else {}
    rest = {key: value for key, value in schema.items() if key != "description"}
    return {"anyOf": [rest, {"type": "null"}], **description}
