"""A tool's JSON Schema -> the subset of OpenAPI in which Gemini is told of a function's parameters.

Types are in capitals, null is `nullable`, references are put in place, enums are of strings. What the subset has no
word for and only narrows a value is moved into the description, and is checked by us as before; what changes the shape
of a value is an error that names its place. Beside it the JSON Schema that Gemini takes as it is, or nearly so. Pure
functions of plain dicts, which they do not change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from millstream.events.values import Path, is_array, is_object
from millstream.wire.schema_form import ALL_OF, ANY_KEYS, Form, describe, in_words

_Schema: TypeAlias = Mapping[str, Any]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MAX_DEPTH: Final = 32
"""A schema that refers to itself has no end where references are put in place."""
_PLAIN: Final = {
    *("title", "description", "minItems", "maxItems", "minLength", "maxLength", "pattern", "minimum", "maximum"),
    *("minProperties", "maxProperties"),
}
_FORMATS: Final = frozenset(("date-time", "float", "double", "int32", "int64"))
_NARROWING: Final = (
    *("format", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "default", "dependentRequired"),
)
_FORM: Final = Form("Gemini's parameters")
_BESIDE_REF: Final = frozenset(("description", "default"))
"""All that may stand beside a `$ref` where Gemini takes JSON Schema itself."""


def gemini_parameters(schema: _Schema) -> dict[str, Any]:
    """The `parameters` of a Gemini function declaration.

    Raises:
        ToolDefinitionError: the schema can not be expressed; the message names the place and what to do.
    """
    if schema.get("type") != "object":
        raise _FORM.error((), 'must be of the type "object" at its root')
    return _made(schema, schema, (), 0)


def gemini_json_schema(schema: _Schema) -> dict[str, Any]:
    """A JSON Schema as Gemini accepts it: without `$schema`, and with hardly anything beside a `$ref`."""
    made = {key: _accepted(value) for key, value in schema.items() if key != "$schema" or is_object(value)}
    if not isinstance(made.get("$ref"), str) or not made.keys() - _BESIDE_REF - {"$ref"}:
        return made
    return {**{key: value for key, value in made.items() if key != "$ref"}, "anyOf": [{"$ref": made["$ref"]}]}


def _made(schema: object, root: _Schema, path: Path, depth: int) -> dict[str, Any]:
    if depth > _MAX_DEPTH:
        raise _FORM.error(path, "refers to itself, or is nested too deeply: references are put in place, flatten it")
    schema = _resolved(_FORM.checked(schema, path), root, path)
    _FORM.check_keywords(schema, path)
    made = {keyword: schema[keyword] for keyword in schema if keyword in _PLAIN}
    told = [
        in_words(keyword, schema[keyword])
        for keyword in _NARROWING
        if schema.get(keyword) is not None and not (keyword == "format" and schema["format"] in _FORMATS)
    ]
    if schema.get("format") in _FORMATS:
        made["format"] = schema["format"]
    types = [one for one in _types(schema) if one != "null"]
    alternatives = _alternatives(schema, types, path)
    if len(types) < len(_types(schema)) or len(alternatives) < len(schema.get("anyOf", alternatives)):
        made["nullable"] = True
    if len(alternatives) == 1:
        only = _made(alternatives[0], root, (*path, "anyOf", 0), depth + 1)
        return {**only, **made}
    if alternatives:
        made["anyOf"] = [_made(one, root, (*path, "anyOf", i), depth + 1) for i, one in enumerate(alternatives)]
    elif len(types) == 1:
        made["type"] = types[0].upper()
    else:
        raise _FORM.error(path, "allows any value, or none but null: say of which type it is")
    told += _enum(schema, made, path)
    if "object" in types:
        made |= _object(schema, root, path, depth)
    if "array" in types:
        made["items"] = _made(schema.get("items", True), root, (*path, "items"), depth + 1)
    describe(made, told)
    return made


def _resolved(schema: _Schema, root: _Schema, path: Path) -> _Schema:
    """The schema with its reference, or a lone member of `allOf`, put in its place."""
    for _ in range(_MAX_DEPTH):
        if "$ref" in schema:
            name, _, key = schema["$ref"].removeprefix("#/").partition("/")
            found = root.get(name, {}).get(key) if name in ("$defs", "definitions") else None
            if not is_object(found):
                raise _FORM.error(path, f'refers to "{schema["$ref"]}": refer to a schema under $defs')
            rest = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        elif "allOf" in schema:
            if len(schema["allOf"]) != 1 or not is_object(schema["allOf"][0]):
                raise _FORM.error(path, ALL_OF)
            found = schema["allOf"][0]
            rest = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
        else:
            return {("anyOf" if keyword == "oneOf" else keyword): value for keyword, value in schema.items()}
        schema = {**found, **rest}
    raise _FORM.error(path, "refers to itself without an end")


def _alternatives(schema: _Schema, types: list[str], path: Path) -> list[Any]:
    """The members of `anyOf` other than null; or one for each of several types."""
    if "anyOf" in schema:
        found = [one for one in schema["anyOf"] if not (is_object(one) and one.get("type") == "null")]
        if not found:
            raise _FORM.error(path, "allows nothing but null: leave it out")
        return found
    if len(types) <= 1:
        return []
    narrow = {key: value for key, value in schema.items() if key not in ("type", "description", "title", "default")}
    return [{**narrow, "type": one} for one in types]


def _enum(schema: _Schema, made: dict[str, Any], path: Path) -> list[str]:
    """Put the allowed strings into `made`; values that are none are returned as a sentence."""
    if not ("enum" in schema or "const" in schema):
        return []
    allowed: list[Any] = schema["enum"] if "enum" in schema else [schema["const"]]
    values = [one for one in allowed if one is not None]
    if len(values) < len(allowed):
        made["nullable"] = True
    if all(isinstance(one, str) for one in values) and made.get("type", "STRING") == "STRING":
        made["enum"] = values
        return []
    if any(is_object(one) or is_array(one) for one in values):
        raise _FORM.error(path, "has an object or array among its allowed values: only plain values can be expressed")
    return [f"One of: {', '.join(json.dumps(one, ensure_ascii=False) for one in values)}"]


def _object(schema: _Schema, root: _Schema, path: Path, depth: int) -> dict[str, Any]:
    if schema.get("additionalProperties", False) is not False or ("properties" not in schema and path):
        raise _FORM.error(path, ANY_KEYS)
    properties: _Schema = schema.get("properties", {})
    for name in properties:
        if _NAME.fullmatch(name) is None:
            what = "can not have this name: use letters, digits and _, at most 64"
            raise _FORM.error((*path, "properties", name), what)
    made = {key: _made(one, root, (*path, "properties", key), depth + 1) for key, one in properties.items()}
    found: dict[str, Any] = {"properties": made} if made else {}
    if made:
        found["propertyOrdering"] = list(made)
    return found | ({"required": list(schema["required"])} if schema.get("required") else {})


def _types(schema: _Schema) -> list[str]:
    types = schema.get("type", [])
    if not types and ("enum" in schema or "const" in schema):
        return _types_of(schema.get("enum", [schema.get("const")]))
    return list(types) if is_array(types) else [types]


def _types_of(values: list[Any]) -> list[str]:
    names: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    kinds: list[type[Any]] = [type(value) for value in values]
    return list(dict.fromkeys(names.get(kind, "object") for kind in kinds))


def _accepted(value: object) -> object:
    if is_object(value):
        return gemini_json_schema(value)
    return [_accepted(one) for one in value] if is_array(value) else value
