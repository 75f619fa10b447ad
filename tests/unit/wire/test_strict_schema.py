from __future__ import annotations

import copy
from typing import Any

import pytest

from millstream.errors import ToolDefinitionError
from millstream.wire.strict_schema import anthropic_strict, openai_strict, same_in_openai_strict


def of(**properties: Any) -> dict[str, Any]:
    """The schema of a tool whose parameters are all required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def openai(schema: dict[str, Any]) -> Any:
    """What becomes of a required parameter for OpenAI."""
    return openai_strict(of(a=schema))["properties"]["a"]


def anthropic(schema: dict[str, Any]) -> Any:
    return anthropic_strict(of(a=schema))["properties"]["a"]


WEATHER: dict[str, Any] = {
    "type": "object",
    "description": "Where and when.",
    "properties": {
        "city": {"type": "string", "title": "City", "minLength": 2, "description": "A city."},
        "days": {"type": "integer", "minimum": 1, "default": 3},
        "unit": {"enum": ["c", "f"], "type": "string"},
        "where": {"$ref": "#/$defs/place"},
    },
    "required": ["city"],
    "$defs": {"place": {"type": "object", "properties": {"next": {"$ref": "#/$defs/place"}}}},
}


def test_for_openai_every_property_is_required_and_an_optional_one_may_be_null() -> None:
    before = copy.deepcopy(WEATHER)
    assert openai_strict(WEATHER) == {
        "type": "object",
        "description": "Where and when.",
        "properties": {
            "city": {"type": "string", "description": "A city. Characters, at least: 2."},
            "days": {"type": ["integer", "null"], "minimum": 1, "description": "Default: 3."},
            "unit": {"enum": ["c", "f", None], "type": ["string", "null"]},
            "where": {"anyOf": [{"$ref": "#/$defs/place"}, {"type": "null"}]},
        },
        "required": ["city", "days", "unit", "where"],
        "additionalProperties": False,
        "$defs": {
            "place": {
                "type": "object",
                "properties": {"next": {"anyOf": [{"$ref": "#/$defs/place"}, {"type": "null"}]}},
                "required": ["next"],
                "additionalProperties": False,
            }
        },
    }
    assert before == WEATHER


def test_for_anthropic_optional_properties_stay_so_and_bounds_are_told() -> None:
    assert anthropic_strict(WEATHER) == {
        "type": "object",
        "description": "Where and when.",
        "properties": {
            "city": {"type": "string", "description": "A city. Characters, at least: 2."},
            "days": {"type": "integer", "description": "At least: 1. Default: 3."},
            "unit": {"enum": ["c", "f"], "type": "string"},
            "where": {"$ref": "#/$defs/place"},
        },
        "required": ["city"],
        "additionalProperties": False,
        "$defs": {
            "place": {
                "type": "object",
                "properties": {"next": {"$ref": "#/$defs/place"}},
                "additionalProperties": False,
            }
        },
    }


@pytest.mark.parametrize(
    ("schema", "for_openai", "for_anthropic"),
    [
        (
            {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 5},
            {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 5},
            {"type": "array", "items": {"type": "number"}, "minItems": 1, "description": "Items, at most: 5."},
        ),
        ({"oneOf": [{"type": "null"}, {"const": 1}]}, {"anyOf": [{"type": "null"}, {"const": 1}]}, None),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}, None),
        (
            {"type": "string", "format": "uri"},
            {"type": "string", "description": 'Format: "uri".'},
            {"type": "string", "format": "uri"},
        ),
        ({"allOf": [{"type": "null"}], "description": "d"}, {"type": "null", "description": "d"}, None),
        ({"$ref": "#", "description": "Again."}, {"anyOf": [{"$ref": "#"}], "description": "Again."}, None),
        ({"type": "string", "default": None, "x-mine": 1, "examples": []}, {"type": "string"}, None),
    ],
)
def test_what_only_narrows_is_told_in_words(schema: Any, for_openai: Any, for_anthropic: Any) -> None:
    assert openai(schema) == for_openai
    assert anthropic(schema) == (for_openai if for_anthropic is None else for_anthropic)


@pytest.mark.parametrize(
    ("optional", "nullable"),
    [
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": ["string", "integer"]}, {"type": ["string", "integer", "null"]}),
        ({"anyOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"const": 1, "description": "d"}, {"anyOf": [{"const": 1}, {"type": "null"}], "description": "d"}),
        ({"enum": [1, None]}, {"enum": [1, None]}),
    ],
)
def test_an_optional_property_may_be_null_in_any_form(optional: Any, nullable: Any) -> None:
    made = openai_strict({"type": "object", "properties": {"a": optional}})
    assert made["properties"]["a"] == nullable


@pytest.mark.parametrize(
    "schema",
    [
        of(a={"type": "integer"}),
        {"type": "object", "properties": {"a": {"type": ["integer", "null"], "default": None}}},
        of(a=of(b={"anyOf": [{"type": "null"}, {"type": "string"}]})),
        {"type": "object", "properties": {}},
    ],
)
def test_a_schema_whose_optional_properties_may_be_null_has_the_same_shape_in_the_strict_form(schema: Any) -> None:
    assert same_in_openai_strict(schema) == openai_strict(schema)


@pytest.mark.parametrize(
    "schema",
    [
        WEATHER,
        {"type": "object", "properties": {"a": {"type": "integer"}}},
        of(a={"type": "object", "properties": {"b": {"type": "integer"}}}),
        of(a={"type": "array", "items": {"type": "object", "properties": {"b": {"enum": [1]}}}}),
        of(a={"$ref": "#/$defs/d"}) | {"$defs": {"d": {"type": "object", "properties": {"b": {"const": 1}}}}},
        of(a={"type": "object"}),
    ],
)
def test_one_with_a_property_that_may_only_be_left_out_has_not(schema: Any) -> None:
    assert same_in_openai_strict(schema) is None


REFUSED: list[tuple[Any, str]] = [
    ({"type": "string"}, 'the schema must be of the type "object" at its root'),
    ({"type": "object", "anyOf": [{}], "properties": {}}, 'must be of the type "object" at its root'),
    (of(a={}), 'the schema at "#/properties/a" allows any value: say of which type it is'),
    (of(a=True), 'the schema at "#/properties/a" is true'),
    (of(a={"type": "array"}), 'the schema at "#/properties/a/items" is true'),
    (of(a={"type": "object"}), '"#/properties/a" is an object of any keys: list its keys'),
    (of(a={"type": "object", "additionalProperties": {"type": "string"}}), "is an object of any keys"),
    (of(a={"type": "string", "not": {"const": ""}}), '"#/properties/a" uses "not", which can not be expressed'),
    (of(a={"type": "array", "prefixItems": [{"type": "null"}]}), 'uses "prefixItems"'),
    (of(a={"allOf": [{"type": "null"}, {}]}), 'uses "allOf"'),
    (of(a={"oneOf": [{"type": "null"}], "anyOf": [{"type": "null"}]}), 'uses "oneOf" beside "anyOf"'),
    (of(a={"const": [1]}), 'has an object or array in "const"'),
    (of(a={"$ref": "https://example.com"}), 'refers to "https://example.com": refer to a schema under $defs'),
    (of(**{"a/b": {"anyOf": [{"type": "null"}, {}]}}), '"#/properties/a~1b/anyOf/1" allows any value'),
]


@pytest.mark.parametrize(("schema", "message"), REFUSED)
def test_what_can_not_be_expressed_is_an_error_that_names_its_place(schema: Any, message: str) -> None:
    for form in (openai_strict, anthropic_strict):
        with pytest.raises(ToolDefinitionError) as caught:
            form(schema)
        assert message in str(caught.value)


def test_openais_limits_hold() -> None:
    def nested(levels: int) -> dict[str, Any]:
        return of(a=nested(levels - 1)) if levels else {"type": "string"}

    openai_strict(nested(9))
    anthropic_strict(nested(20))
    with pytest.raises(ToolDefinitionError, match="nested deeper than 10 levels"):
        openai_strict(nested(10))
    with pytest.raises(ToolDefinitionError, match="has 5001 properties, and at most 5000 may be"):
        openai_strict(of(**{str(n): {"type": "null"} for n in range(5001)}))
    with pytest.raises(ToolDefinitionError, match="has 1001 values of enums"):
        openai_strict(of(a={"enum": list(range(1001))}))
    with pytest.raises(ToolDefinitionError, match="has 120001 characters in names and enums"):
        openai_strict(of(a={"enum": ["x" * 120_000]}))
