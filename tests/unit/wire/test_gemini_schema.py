from __future__ import annotations

import copy
from typing import Any

import pytest

from millstream.errors import ToolDefinitionError
from millstream.wire.gemini_schema import gemini_parameters


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def parameter(schema: Any, **definitions: Any) -> Any:
    return gemini_parameters({**of(a=schema), "$defs": definitions})["properties"]["a"]


def test_types_are_in_capitals_and_properties_keep_their_order() -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer"}}},
        "required": ["city"],
        "additionalProperties": False,
    }
    before = copy.deepcopy(schema)
    assert gemini_parameters(schema) == {
        "type": "OBJECT",
        "properties": {"city": {"type": "STRING"}, "days": {"type": "ARRAY", "items": {"type": "INTEGER"}}},
        "propertyOrdering": ["city", "days"],
        "required": ["city"],
    }
    assert schema == before
    assert gemini_parameters({"type": "object", "properties": {}}) == {"type": "OBJECT"}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "INTEGER", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}),
        (
            {"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}], "description": "d"},
            {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}], "nullable": True, "description": "d"},
        ),
        ({"const": "x"}, {"type": "STRING", "enum": ["x"]}),
        ({"enum": ["x", None]}, {"type": "STRING", "enum": ["x"], "nullable": True}),
        ({"enum": [1, 2]}, {"type": "INTEGER", "description": "One of: 1, 2."}),
        ({"type": "string", "format": "date-time"}, {"type": "STRING", "format": "date-time"}),
        ({"type": "string", "format": "email"}, {"type": "STRING", "description": 'Format: "email".'}),
        (
            {"type": "number", "exclusiveMinimum": 0, "default": 1, "description": "A ratio."},
            {"type": "NUMBER", "description": "A ratio. Greater than: 0. Default: 1."},
        ),
        ({"$ref": "#/$defs/n", "description": "d"}, {"type": "NUMBER", "maximum": 3, "description": "d"}),
        ({"allOf": [{"$ref": "#/$defs/n"}]}, {"type": "NUMBER", "maximum": 3}),
        ({"type": "string", "minLength": 1, "pattern": "a", "x-mine": 1}, None),
    ],
)
def test_each_form_has_one_in_the_subset(schema: Any, made: Any) -> None:
    expected = {"type": "STRING", "minLength": 1, "pattern": "a"} if made is None else made
    assert parameter(schema, n={"type": "number", "maximum": 3}) == expected


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "array"}, 'the schema must be of the type "object" at its root'),
        (of(a={}), 'the schema at "#/properties/a" allows any value'),
        (of(a=False), 'the schema at "#/properties/a" is false'),
        (of(a={"type": "null"}), "or none but null"),
        (of(a={"anyOf": [{"type": "null"}]}), "allows nothing but null"),
        (of(a={"type": "object", "additionalProperties": {"type": "string"}}), "is an object of any keys"),
        (of(a={"type": "object"}), "is an object of any keys"),
        (of(a={"type": "array", "prefixItems": []}), 'uses "prefixItems"'),
        (of(a={"allOf": [{}, {}]}), 'uses "allOf"'),
        (of(a={"const": {}}), "has an object or array among its allowed values"),
        (of(a={"$ref": "#/$defs/b"}), 'refers to "#/$defs/b": refer to a schema under $defs'),
        ({**of(a={"$ref": "#/$defs/t"}), "$defs": {"t": of(t={"$ref": "#/$defs/t"})}}, "refers to itself"),
        ({**of(a={"$ref": "#/$defs/t"}), "$defs": {"t": {"$ref": "#/$defs/t"}}}, "refers to itself"),
        (of(**{"a-b": {"type": "string"}}), '"#/properties/a-b" can not have this name'),
    ],
)
def test_what_can_not_be_expressed_is_an_error_that_names_its_place(schema: Any, message: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        gemini_parameters(schema)
    assert message in str(caught.value)
