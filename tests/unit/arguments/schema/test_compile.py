from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.arguments import Assembler, Sealed, compile_schema
from millstream.arguments.schema.node import closure
from millstream.errors import ToolDefinitionError
from tests.oracle import valid

DRAFT_3 = "http://json-schema.org/draft-03/schema#"
DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_6 = "http://json-schema.org/draft-06/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"


def accepts(schema: Any, text: str) -> bool:
    assembler = Assembler(compile_schema(schema))
    assembler.feed(text)
    return isinstance(assembler.close(), Sealed)


DECIDED: list[Any] = [
    True,
    False,
    {},
    {"type": ["object", "null"], "properties": {"a": {"enum": [1]}}, "additionalProperties": False},
    {"required": ["a"], "additionalProperties": {"type": "string"}},
    {"$schema": DRAFT_7, "items": [True], "additionalItems": False, "dependencies": {"a": ["b"], "c": {}}},
    {"$schema": DRAFT_7, "definitions": {"a": {"type": "null"}}, "$ref": "#/definitions/a"},
    {"type": "array", "items": {"const": 1}, "prefixItems": [True], "minItems": 1, "uniqueItems": True},
    {"maxItems": 2, "uniqueItems": False},
    {"type": "string", "minLength": 1, "maxLength": 2, "format": "date", "title": "t", "description": "d"},
    {"minimum": 1, "maximum": 2, "exclusiveMinimum": 0, "exclusiveMaximum": 3, "default": 1, "examples": [1]},
    {"allOf": [{"minProperties": 1}, {"maxProperties": 2}], "$comment": "c", "$schema": DRAFT_2020, "$id": "urn:a"},
    {"$ref": "#/$defs/a", "$defs": {"a": {"type": "null", "pattern": "."}}, "deprecated": True},
]


@pytest.mark.parametrize("schema", DECIDED)
def test_these_keywords_are_decided_while_the_value_arrives(schema: Any) -> None:
    assert not compile_schema(schema).root.undecided


APPLIED: list[dict[str, Any]] = [
    {"anyOf": [{}]},
    {"oneOf": [{}]},
    {"not": False},
    {"if": {}},
    {"pattern": ""},
    {"multipleOf": 1},
    {"uniqueItems": True, "contains": {}},
    {"patternProperties": {"a": {}}},
    {"propertyNames": {"pattern": "a"}},
    {"dependentRequired": {}},
    {"dependentSchemas": {"a": True}},
    {"x-unheard-of": 1, "$recursiveRef": "#", "additionalItems": False},
]


@pytest.mark.parametrize("keyword", APPLIED, ids=str)
def test_so_are_these(keyword: dict[str, Any]) -> None:
    assert not compile_schema({"type": "object", **keyword}).root.undecided


UNDECIDED: list[dict[str, Any]] = [
    {"unevaluatedProperties": {}},
    {"unevaluatedItems": {}},
    {"$dynamicRef": "#"},
    {"$schema": DRAFT_2019, "$recursiveRef": "#"},
]


@pytest.mark.parametrize("keyword", UNDECIDED, ids=str)
def test_the_rest_is_left_to_the_final_validator(keyword: dict[str, Any]) -> None:
    root = compile_schema({"type": "object", **keyword}).root
    assert root.undecided
    assert root.types == ("object",)  # what is decided holds all the same


NUMBER_A: dict[str, Any] = {"definitions": {"a": {"type": "number"}}, "$ref": "#/definitions/a"}
TUPLE: dict[str, Any] = {"items": [{"type": "null"}], "additionalItems": {"type": "string"}}
NOT_BY_REF: dict[str, Any] = {
    "definitions": {"a": {"type": "number"}},
    "anyOf": [{"$ref": "#/definitions/a", "type": "null"}],
}


@pytest.mark.parametrize(
    ("dialect", "schema", "right", "wrong"),
    [
        # Draft 3 and 4: other words, or the same words for other things.
        (DRAFT_3, {"properties": {"a": {"required": True}}}, '{"a":1}', "{}"),
        (DRAFT_3, {"divisibleBy": 2, "type": "any"}, "4", "3"),
        (DRAFT_4, {"minimum": 5, "exclusiveMinimum": True}, "6", "5"),
        (DRAFT_4, {"type": "integer"}, "1", "1.0"),
        (DRAFT_4, {"maximum": 0, "exclusiveMaximum": False, "const": 9}, "0", "1"),
        # Draft 6 and 7: beside a $ref nothing counts, and items may be a list.
        (DRAFT_6, NUMBER_A | {"minimum": 5}, "1", '"x"'),
        (DRAFT_7, NUMBER_A | {"minimum": 5, "pattern": "x"}, "1", '"x"'),
        (DRAFT_7, TUPLE, '[null,"a"]', "[null,1]"),
        (DRAFT_7, {"prefixItems": [{"type": "null"}], "type": "array"}, "[1]", "1"),
        (DRAFT_7, NOT_BY_REF, "1", "null"),
        # 2019-09: siblings count, prefixItems does not.
        (DRAFT_2019, {"prefixItems": [{"type": "null"}], "type": "array"}, "[1]", "1"),
        (DRAFT_2019, NUMBER_A | {"minimum": 5}, "6", "1"),
        (DRAFT_2019, TUPLE, '[null,"a"]', "[null,1]"),
        # 2020-12, also where the dialect is unknown: with https it is not the name of draft 7.
        (DRAFT_2020, {"prefixItems": [{"type": "null"}]}, "[null,1]", "[1]"),
        (DRAFT_2020, {"prefixItems": [{"type": "null"}], "items": False}, "[null]", "[null,null]"),
        (DRAFT_7.replace("http:", "https:"), NUMBER_A | {"minimum": 5}, "6", "1"),
        # Another dialect within.
        (DRAFT_2020, {"items": {"$schema": DRAFT_7, "prefixItems": [False], "type": "array"}}, "[[1]]", "[1]"),
    ],
)
def test_each_dialect_is_read_as_the_final_validator_reads_it(
    dialect: str, schema: dict[str, Any], right: str, wrong: str
) -> None:
    schema = {"$schema": dialect, **schema}
    assert valid(schema, json.loads(right))
    assert not valid(schema, json.loads(wrong))
    assert accepts(schema, right)
    assert not accepts(schema, wrong)


def test_the_kinds_of_alternatives_are_known_where_each_names_its_own() -> None:
    def types(schema: dict[str, Any]) -> tuple[str, ...]:
        return compile_schema(schema).root.types

    assert types({"anyOf": [{"type": "integer"}, {"type": ["null", "integer"]}]}) == ("integer", "null")
    assert types({"oneOf": [{"type": "integer"}, {"type": "string"}]}) == ("integer", "string")
    assert types({"anyOf": [{"type": "integer"}, {"const": 1}]}) == ()
    assert types({"anyOf": [{"type": "integer"}, True]}) == ()
    assert types({"type": "string", "anyOf": [{"type": "integer"}]}) == ("string",)


def test_a_schema_that_refers_to_itself_is_compiled_once_for_each_place() -> None:
    definitions = {
        "a": {"properties": {"b": {"$ref": "#/$defs/b"}}},
        "b": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#"}]},
    }
    compiled = compile_schema({"$defs": definitions, "$ref": "#/$defs/b"})
    nodes = closure((compiled.root,))
    assert len(nodes) == len({id(node) for node in nodes}) == 5
    assert len(closure((compiled.root, *nodes))) == 5


def test_a_compiled_schema_serves_many_calls_at_once() -> None:
    compiled = compile_schema({"properties": {"a": {"type": "integer"}}, "required": ["a"]})
    first, second = Assembler(compiled), Assembler(compiled)
    for pair in zip('{"a":1}', '{"b":2}', strict=True):
        first.feed(pair[0])
        second.feed(pair[1])
    assert isinstance(first.close(), Sealed)
    assert not isinstance(second.close(), Sealed)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"$ref": {"type": "string"}, "$id": {"type": "null"}}, "required": ["$ref"]},
        {"properties": {"a": {"$ref": "#/properties/$id"}, "$id": {"type": "null"}}},
        {"enum": [{"$ref": "https://example.com"}]},
        {"const": {"$ref": 1}, "default": {"$ref": "#/nowhere"}, "$dynamicRef": "#"},
        {"$schema": DRAFT_7, "$dynamicRef": 5},
        {"type": "object", "properties": {}, "required": [], "allOf": [True]},
    ],
    ids=str,
)
def test_keys_and_values_that_look_like_keywords_are_none(schema: dict[str, Any]) -> None:
    compiled = compile_schema(schema)
    for text in ("{}", '{"$ref":"x"}', '{"$id":1}', '{"$id":null}', '{"a":null}', '{"a":1}', "1"):
        assembler = Assembler(compiled)
        assembler.feed(text)
        assert isinstance(assembler.close(), Sealed) == valid(schema, json.loads(text))


def test_what_is_no_schema_is_the_callers_error() -> None:
    with pytest.raises(ToolDefinitionError, match="not valid at #/properties"):
        compile_schema({"properties": []})


def test_a_schema_too_deep_to_compile_is_the_callers_error() -> None:
    schema: dict[str, Any] = {"type": "null"}
    for _ in range(2000):
        schema = {"anyOf": [schema]}
    with pytest.raises(ToolDefinitionError, match="nested too deeply to be compiled"):
        compile_schema(schema)
