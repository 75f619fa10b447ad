from __future__ import annotations

from typing import Any

import pytest

from millstream.arguments import Assembler, compile_schema
from millstream.arguments.scanner import Scanner
from millstream.arguments.schema.checker import SchemaChecker
from millstream.failures import Problem, Rejected
from millstream.limits import Limits
from tests.outcome import however_cut
from tests.pieces import cuttings

WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2, "maxLength": 5},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "unit": {"enum": ["c", "f"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}
NODE: dict[str, Any] = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"next": {"$ref": "#/$defs/node"}, "v": {"type": "integer"}},
            "required": ["v"],
        }
    },
    "$ref": "#/$defs/node",
}
OPTIONAL: dict[str, Any] = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
CONJUNCTION: dict[str, Any] = {
    "allOf": [{"type": "object"}, {"required": ["a"]}, {"properties": {"a": {"minimum": 3}}}],
    "properties": {"a": {"type": "integer"}},
}
CONTAINER: dict[str, Any] = {"oneOf": [{"type": "object"}, {"type": "array"}]}
NOT_X: dict[str, Any] = {"properties": {"x": False, "y": True}}
NULL_BY_REF: dict[str, Any] = {"$ref": "#/$defs/null", "$defs": {"null": {"type": "null"}}, "type": "array"}
KNOWN = "known are: city, days, tags, unit"
EARLY: list[tuple[Any, str, int, str, str, str]] = [
    (WEATHER, "[]", 0, "", "type", "expected object, found an array"),
    (WEATHER, '"x"', 0, "", "type", "expected object, found a string"),
    (WEATHER, '{"town":', 6, "", "additionalProperties", f'"town" is not a known key; {KNOWN}'),
    (WEATHER, '{"city":3', 8, "/city", "type", "expected string, found a number"),
    (WEATHER, '{"city":"P"', 10, "/city", "minLength", "expected at least 2 characters, found 1"),
    (WEATHER, r'{"city":"\ud83d\ude00"', 21, "/city", "minLength", "expected at least 2 characters, found 1"),
    (WEATHER, '{"city":"Parisss"', 16, "/city", "maxLength", "expected at most 5 characters, found 7"),
    (WEATHER, '{"days":"3"', 8, "/days", "type", "expected integer, found a string"),
    (WEATHER, '{"days":1.5,', 11, "/days", "type", "expected integer, found 1.5"),
    (WEATHER, '{"days":0}', 9, "/days", "minimum", "expected a number of at least 1, found 0"),
    (WEATHER, '{"days":8 ', 9, "/days", "maximum", "expected a number of at most 7, found 8"),
    (WEATHER, '{"unit":"k"', 10, "/unit", "enum", 'expected one of "c", "f"; found "k"'),
    (WEATHER, '{"unit":null', 11, "/unit", "enum", 'expected one of "c", "f"; found null'),
    (WEATHER, '{"tags":["a",1', 13, "/tags/1", "type", "expected string, found a number"),
    (WEATHER, '{"tags":["a","b","c"', 16, "/tags", "maxItems", "expected at most 2 items"),
    (WEATHER, '{"city":"Rome"}', 14, "", "required", "missing: days"),
    (WEATHER, "{}", 1, "", "required", "missing: city, days"),
    (False, " 1", 1, "", "false", "nothing is allowed here"),
    ({"type": ["string", "null"]}, "[1]", 0, "", "type", "expected string or null, found an array"),
    ({"type": ["integer", "string"]}, "1.5 ", 3, "", "type", "expected integer or string, found 1.5"),
    (OPTIONAL, '"x"', 0, "", "type", "expected integer or null, found a string"),
    (OPTIONAL, "1.5 ", 3, "", "type", "expected integer or null, found 1.5"),
    (CONTAINER, "true", 0, "", "type", "expected object or array, found a boolean"),
    ({"const": {"a": [1]}}, '{"a":[2]}', 8, "", "const", 'expected {"a": [1]}, found {"a": [2]}'),
    ({"enum": [1, None]}, "true", 3, "", "enum", "expected one of 1, null; found true"),
    ({"exclusiveMinimum": 0}, "-0.0 ", 4, "", "exclusiveMinimum", "expected a number greater than 0, found -0.0"),
    ({"maxItems": 0}, "[{", 1, "", "maxItems", "expected at most 0 items"),
    ({"minItems": 2}, "[1]", 2, "", "minItems", "expected at least 2 items, found 1"),
    (
        {"uniqueItems": True},
        '[1,{"a":1},{"a":1.0}]',
        20,
        "",
        "uniqueItems",
        'expected items that differ, found {"a": 1.0} twice',
    ),
    ({"maxProperties": 1}, '{"a":1,"b":2}', 12, "", "maxProperties", "expected at most 1 keys, found 2"),
    ({"prefixItems": [{}, False]}, '["a",1', 5, "/1", "false", "nothing is allowed here"),
    ({"prefixItems": [{}], "items": {"type": "null"}}, '["a",1', 5, "/1", "type", "expected null, found a number"),
    ({"items": False}, "[{", 1, "/0", "false", "nothing is allowed here"),
    (NOT_X, '{"x":', 3, "", "additionalProperties", '"x" is not a known key; known are: y'),
    ({"additionalProperties": False}, '{"":', 2, "", "additionalProperties", '"" is not a known key; known are: none'),
    ({"additionalProperties": {"type": "integer"}}, '{"a":"', 5, "/a", "type", "expected integer, found a string"),
    (CONJUNCTION, '{"a":"', 5, "/a", "type", "expected integer, found a string"),
    (CONJUNCTION, '{"a":2}', 6, "/a", "minimum", "expected a number of at least 3, found 2"),
    (CONJUNCTION, '{"b":1}', 6, "", "required", "missing: a"),
    (NODE, '{"v":1,"next":{"v":2,"next":{"v":"', 33, "/next/next/v", "type", "expected integer, found a string"),
    (NODE, '{"v":1,"next":{"next":{"v":1}}}', 29, "/next", "required", "missing: v"),
    (NULL_BY_REF, "[", 0, "", "type", "expected null, found an array"),
]


@pytest.mark.parametrize(("schema", "text", "at", "path", "keyword", "message"), EARLY)
def test_what_can_not_become_right_is_refused_at_the_deciding_character(
    schema: Any, text: str, at: int, path: str, keyword: str, message: str
) -> None:
    compiled = compile_schema(schema)
    rejected = Rejected((Problem(path, message, keyword, at),), at)
    before = Assembler(compiled).feed(text[:at])
    assert not any(isinstance(event, Rejected) for event in before)
    assert Assembler(compiled).feed(text[: at + 1])[-1] == rejected
    outcome = however_cut(text + " and more", lambda: Assembler(compiled))
    assert (outcome.rejected, outcome.early) == (rejected, True)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (WEATHER, '{"city":"Paris","days":7,"unit":"c","tags":["a","b"]}'),
        (WEATHER, '{"days":3.0,"city":"Rome"}'),
        (OPTIONAL, "null"),
        (OPTIONAL, "1e2"),
        (CONJUNCTION, '{"a":3,"z":{}}'),
        (NODE, '{"v":1,"next":{"v":2,"next":{"v":3,"more":[]}}}'),
        (True, '{"a":[1,null]}'),
        ({}, '"x"'),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "null"}}, '["a",null,null]'),
        ({"properties": {"a": {"type": "null"}}, "additionalProperties": {"type": "string"}}, '{"a":null,"b":""}'),
        ({"minLength": 9, "minimum": 9, "minItems": 9, "required": ["x"], "maxItems": 0}, "null"),
        ({"$ref": "#", "type": "object"}, "{}"),
        ({"uniqueItems": True}, '[1,true,"1",[1],[true],{"a":1},{"a":2},null]'),
        ({"uniqueItems": False}, "[1,1]"),
        ({"uniqueItems": True}, '"aa"'),
        ({"allOf": [{"$ref": "#"}], "type": "object"}, '{"a":1}'),
    ],
)
def test_what_is_right_is_sealed(schema: Any, text: str) -> None:
    compiled = compile_schema(schema)
    outcome = however_cut(text, lambda: Assembler(compiled))
    assert outcome.rejected is None


@pytest.mark.parametrize(
    ("schema", "text", "undecided"),
    [
        (WEATHER, '{"city":"Paris","days":3}', False),
        ({"properties": {"a": {"pattern": "x"}}}, '{"b":1}', False),
        ({"properties": {"a": {"pattern": "x"}}}, '{"a":1}', True),
        ({"items": {"not": {}}}, "[]", False),
        ({"items": {"not": {}}}, "[[]]", True),
        ({"multipleOf": 2}, '"a string"', True),
        ({"additionalProperties": {"format": "date"}}, '{"a":"b"}', False),
        ({"patternProperties": {"a": {}}}, "{}", True),
    ],
)
def test_the_final_validator_is_asked_only_about_places_that_were_reached(
    schema: Any, text: str, undecided: bool
) -> None:
    for pieces in cuttings(text):
        checker = SchemaChecker(compile_schema(schema))
        scanner = Scanner(Limits(), checker)
        for piece in pieces:
            scanner.feed(piece)
        assert checker.undecided == undecided
