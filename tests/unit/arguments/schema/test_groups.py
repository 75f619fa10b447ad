"""Applicators that share, contradict and contain each other; `test_checker` has each alone, with offset and words."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from millstream.arguments import Assembler, Sealed, compile_schema
from tests.oracle import valid
from tests.outcome import however_cut


def test_alternatives_within_alternatives_cost_no_more_than_the_schema_is_long() -> None:
    """Each level has four ways to be right, which are the same: asked one by one they would be 4 ** 60."""
    tree: dict[str, Any] = {"$ref": "#/$defs/tree"}
    either = {"anyOf": [{"items": tree, "type": "array"}, {"oneOf": [{"items": tree}, False]}, {"type": "null"}]}
    compiled = compile_schema({"$defs": {"tree": {"anyOf": [either, {"items": tree}]}}, **tree})

    def calls(depth: int) -> int:
        assembler = Assembler(compiled)
        count = 0

        def counted(frame: object, event: str, arg: object) -> None:
            del frame, arg
            nonlocal count
            count += event == "call"

        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            assembler.feed("[" * depth + "]" * depth)
        finally:
            sys.setprofile(before)
        assert isinstance(assembler.close(), Sealed)
        return count

    calls(60)
    assert calls(60) < 2.2 * calls(30)


A: dict[str, Any] = {"$ref": "#/$defs/a"}
ENTANGLED: list[dict[str, Any]] = [
    {"anyOf": [A, {"anyOf": [A, {"type": "null"}]}], "$defs": {"a": {"type": "integer"}}},
    {"oneOf": [A, {"oneOf": [A, {"type": "null"}]}], "$defs": {"a": {"type": "string"}}},
    {"oneOf": [A, A, {"type": "null"}], "$defs": {"a": {"type": "string"}}},
    {"if": A, "then": {"not": A}, "else": {"oneOf": [A, {"type": "object"}]}, "$defs": {"a": {"type": "string"}}},
    {"if": True, "then": {"type": "array"}},
    {"if": {"type": "array"}, "then": {"minItems": 2}, "else": {"type": "object"}},
    {"propertyNames": {"maxLength": 2, "pattern": "^a"}},
    {"propertyNames": {"pattern": "^a"}, "properties": {"ab": {}, "b": {}}, "additionalProperties": False},
    {"anyOf": [{"propertyNames": {"minLength": 2}}, {"propertyNames": {"minLength": 2}, "required": ["a"]}]},
    {"anyOf": [{"propertyNames": False}, {"propertyNames": {"enum": ["a", "b"]}}]},
    {"anyOf": [{"maxProperties": 1}, {"required": ["b"]}]},
    {"anyOf": [{"maxProperties": 0}, {"maxProperties": 1, "required": ["b"]}]},
    {"maxProperties": 2, "required": ["a"], "properties": {"a": {"type": "integer"}}},
    {"oneOf": [{"maxProperties": 2, "required": ["b"]}, {"maxProperties": 1, "required": ["a"]}]},
    {"not": {"required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"minLength": 1}}}},
    {"not": {"properties": {"a": {}, "b": False}, "required": ["a", "c"]}},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    {"patternProperties": {"a": {}, "^b": False}, "additionalProperties": False},
    {"patternProperties": {"b$": {"minimum": 2}, "^a": {"type": "integer"}}, "properties": {"ab": {"maximum": 2}}},
    {"anyOf": [{"items": False}, {"maxItems": 1}, {"contains": {"type": "null"}}]},
    {"anyOf": [{"maxItems": 1}, {"items": {"type": "integer"}, "maxItems": 2}, {"minItems": 4}]},
    {"allOf": [{"contains": {"type": "string"}}, {"items": {"type": "string"}}]},
    {"contains": {"anyOf": [{"minimum": 2}, {"type": "string"}]}, "maxContains": 1},
    {"contains": {"type": "integer"}, "minContains": 0, "maxContains": 1},
    {"anyOf": [{"uniqueItems": True}, {"uniqueItems": True, "maxItems": 2}]},
    {"dependentSchemas": {"a": {"required": ["b"]}, "b": {"maxProperties": 2}}},
    {"dependentSchemas": {"a": False, "c": {"not": {"required": ["b"]}}}},
    {"allOf": [{"type": ["string", "object"]}, {"enum": ["a", {"a": 1}]}, {"const": "a"}]},
    {"anyOf": [{"const": "a"}, {"enum": ["b", 1]}, {"pattern": "^c+$"}, {"maxLength": 1}]},
    {"multipleOf": 0.4, "not": {"multipleOf": 2}},
]
TEXTS = [
    *("null", "true", "0", "1", "2.0", "0.4", "4", '""', '"a"', '"ab"', '"b"', '"cc"', '"cd"', "{}", "[]"),
    *(
        '{"a":1}',
        '{"b":1}',
        '{"a":"x"}',
        '{"ab":1}',
        '{"ab":3}',
        '{"ab":2,"b":"s"}',
        '{"a":1,"b":""}',
        '{"a":1,"b":"x"}',
    ),
    *('{"b":1,"a":2}', '{"c":1}', '{"c":1,"a":2}', '{"c":1,"b":2,"a":3}', '{"a":1,"ab":2,"abc":"s"}', '{"b":3,"ab":2}'),
    *("[1]", "[1,1]", "[1,2]", "[null]", "[1,null]", '["a"]', '["a","b"]', '["a",1]', "[1,2,3]", "[1,2,3,4]", "[2,2]"),
]


@pytest.mark.parametrize("schema", ENTANGLED, ids=str)
def test_what_is_entangled_is_judged_as_the_final_validator_judges_it(schema: dict[str, Any]) -> None:
    compiled = compile_schema(schema)
    verdicts = set[bool]()
    for text in TEXTS:
        outcome = however_cut(text + " ", lambda: Assembler(compiled))
        right = valid(schema, json.loads(text))
        assert (outcome.rejected is None) == right, text
        assert right or outcome.early, text
        verdicts.add(right)
    assert verdicts == {True, False}
