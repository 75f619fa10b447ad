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
INTEGER_B: dict[str, Any] = {"properties": {"b": {"type": "integer"}}}
PATTERN: dict[str, Any] = {"pattern": "^[a-z]{3,5}$"}
PREFIXED: dict[str, Any] = {
    "properties": {"a": {}},
    "patternProperties": {"^x-": {"type": "integer"}},
    "additionalProperties": False,
}
COUNTED: dict[str, Any] = {"contains": {"type": "null"}, "minContains": 2, "maxContains": 3}
CAT: dict[str, Any] = {
    "properties": {"kind": {"const": "cat"}, "age": {"type": "integer"}},
    "required": ["kind", "age"],
}
EITHER: dict[str, Any] = {"type": "object", "anyOf": [CAT, {"properties": {"kind": {"enum": ["dog", "camel"]}}}]}
WHEN: dict[str, Any] = {
    "if": {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
    "then": {"properties": {"b": {"type": "integer"}}},
    "else": {"properties": {"b": {"type": "string"}}},
}
STALE: dict[str, Any] = {
    "if": {"properties": {"a": {"pattern": "^x+$"}}},
    "then": {"properties": {"c": {}}},
    "else": {"properties": {"b": {"maxLength": 3}}},
}
NO_ROOM = "must still be there, and there is no room"
MATCHES = 'expected a string that matches "^[a-z]{3,5}$"'
AT_MOST = "expected at most"
OF_CONTAINS = "of the form of `contains`"
FITS_KIND = (
    'that were left fits: expected "cat"; found a string that begins with "co"; or '
    'expected one of "dog", "camel"; found a string that begins with "co"'
)
KNOWN = "known are: city, days, tags, unit"
EARLY: list[tuple[Any, str, int, str, str, str]] = [
    (WEATHER, "[]", 0, "", "type", "expected object, found an array"),
    (WEATHER, '"x"', 0, "", "type", "expected object, found a string"),
    (WEATHER, '{"town":', 3, "", "additionalProperties", f'no known key begins with "to"; {KNOWN}'),
    (WEATHER, r'{"\u0064\u0061x', 14, "", "additionalProperties", f'no known key begins with "dax"; {KNOWN}'),
    (WEATHER, '{"tag":', 5, "", "additionalProperties", f'"tag" is not a known key; {KNOWN}'),
    (WEATHER, '{"city2', 6, "", "additionalProperties", f'no known key begins with "city2"; {KNOWN}'),
    (WEATHER, '{"city":3', 8, "/city", "type", "expected string, found a number"),
    (WEATHER, '{"city":"P"', 10, "/city", "minLength", "expected at least 2 characters, found 1"),
    (WEATHER, r'{"city":"\ud83d\ude00"', 21, "/city", "minLength", "expected at least 2 characters, found 1"),
    (WEATHER, '{"city":"Parisss"', 14, "/city", "maxLength", "expected at most 5 characters, found more"),
    (WEATHER, r'{"city":"\n\n\n\n\n\n', 20, "/city", "maxLength", "expected at most 5 characters, found more"),
    (WEATHER, '{"days":"3"', 8, "/days", "type", "expected integer, found a string"),
    (WEATHER, '{"days":1.5,', 11, "/days", "type", "expected integer, found 1.5"),
    (WEATHER, '{"days":0}', 9, "/days", "minimum", "expected a number of at least 1, found 0"),
    (WEATHER, '{"days":8 ', 9, "/days", "maximum", "expected a number of at most 7, found 8"),
    (WEATHER, '{"unit":"k"', 9, "/unit", "enum", 'expected one of "c", "f"; found a string that begins with "k"'),
    (WEATHER, '{"unit":"cm"', 10, "/unit", "enum", 'expected one of "c", "f"; found a string that begins with "cm"'),
    (WEATHER, '{"unit":""', 9, "/unit", "enum", 'expected one of "c", "f"; found ""'),
    (WEATHER, '{"unit":null', 8, "/unit", "enum", 'expected one of "c", "f", found null'),
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
    ({"enum": [1, None]}, "true", 0, "", "enum", "expected one of 1, null, found a boolean"),
    ({"enum": [1, True]}, "false", 0, "", "enum", "expected one of 1, true, found a boolean"),
    ({"enum": [1, 12]}, "2 ", 1, "", "enum", "expected one of 1, 12; found 2"),
    ({"exclusiveMinimum": 0}, "-0.0 ", 4, "", "exclusiveMinimum", "expected a number greater than 0, found -0.0"),
    ({"maxItems": 0}, "[{", 1, "", "maxItems", "expected at most 0 items"),
    ({"minItems": 2}, "[1]", 2, "", "minItems", "expected at least 2 items, found 1"),
    (
        {"uniqueItems": True},
        '[1,{"a":1},{"a":1.0}]',
        19,
        "/2",
        "uniqueItems",
        'expected items that differ, found {"a": 1.0} twice',
    ),
    ({"maxProperties": 1}, '{"a":1,"b":2}', 6, "", "maxProperties", "expected at most 1 keys"),
    ({"maxProperties": 0}, '{"a":1}', 1, "", "maxProperties", "expected at most 0 keys"),
    ({"maxProperties": 2, "required": ["a", "b"]}, '{"c":1', 2, "", "required", f"a, b {NO_ROOM} for another key"),
    ({"maxProperties": 1, "required": ["ab"]}, '{"a":1', 3, "", "required", f"ab {NO_ROOM} left"),
    ({"maxProperties": 2, "required": ["aa", "b"]}, '{"aa":1,"a', 9, "", "required", f"b {NO_ROOM} for another key"),
    ({"prefixItems": [{}, False]}, '["a",1', 4, "", "items", "expected at most 1 items"),
    ({"prefixItems": [{}], "items": {"type": "null"}}, '["a",1', 5, "/1", "type", "expected null, found a number"),
    ({"items": False}, "[{", 1, "", "items", "expected at most 0 items"),
    (PATTERN, '"ab-', 3, "", "pattern", f'{MATCHES}, found one that begins with "ab-"'),
    (PATTERN, '"ab"', 3, "", "pattern", f'{MATCHES}, found "ab"'),
    (PATTERN, '"abcdef', 6, "", "pattern", f'{MATCHES}, found one that begins with "abcdef"'),
    ({"pattern": "b$"}, '"ab-"', 4, "", "pattern", 'expected a string that matches "b$", found "ab-"'),
    ({"multipleOf": 0.5}, "0.7 ", 3, "", "multipleOf", "expected a multiple of 0.5, found 0.7"),
    (
        {"propertyNames": {"maxLength": 2}},
        '{"abc',
        4,
        "",
        "propertyNames",
        f"as a key: {AT_MOST} 2 characters, found more",
    ),
    (
        {"propertyNames": {"minLength": 2}},
        '{"a":',
        3,
        "",
        "propertyNames",
        "as a key: expected at least 2 characters, found 1",
    ),
    ({"propertyNames": False}, '{"a', 1, "", "propertyNames", "as a key: nothing is allowed here"),
    (
        PREFIXED,
        '{"x-1":1,"y',
        10,
        "",
        "additionalProperties",
        'no known key begins with "y"; known are: a, keys that match ^x-',
    ),
    (PREFIXED, '{"x-1":"', 7, "/x-1", "type", "expected integer, found a string"),
    (
        {"dependentRequired": {"a": ["b"]}},
        '{"a":1}',
        6,
        "",
        "dependentRequired",
        'missing: b, which "a" needs beside it',
    ),
    ({"dependentSchemas": {"a": INTEGER_B}}, '{"a":1,"b":"', 11, "/b", "type", "expected integer, found a string"),
    ({"dependentSchemas": {"a": INTEGER_B}}, '{"b":"","a"', 10, "", "type", "expected integer, found a string"),
    ({"contains": {"type": "null"}}, "[1,2]", 4, "", "contains", f"expected at least 1 item {OF_CONTAINS}, found 0"),
    (COUNTED, "[null,1]", 7, "", "minContains", f"expected at least 2 items {OF_CONTAINS}, found 1"),
    (COUNTED, "[null,null,null,null]", 16, "/3", "maxContains", f"expected at most 3 items {OF_CONTAINS}, found more"),
    (EITHER, '{"kind":"cow"', 10, "/kind", "anyOf", f"none of the 2 forms {FITS_KIND}"),
    (EITHER, '{"kind":"cat","age":"', 20, "/age", "type", "expected integer, found a string"),
    (EITHER, '{"kind":"cat"}', 13, "", "required", "missing: age"),
    (
        {"oneOf": [{"minimum": 1}, {"maximum": 2}]},
        "1 ",
        1,
        "",
        "oneOf",
        "fits more than one of the forms of which it may fit only one",
    ),
    ({"not": {"type": "string"}}, '"a"', 0, "", "not", "is of a form that is not allowed here"),
    ({"not": {}}, " 1", 1, "", "not", "is of a form that is not allowed here"),
    (WHEN, '{"a":1,"b":"x"}', 11, "/b", "type", "expected integer, found a string"),
    (WHEN, '{"a":"","b":1', 12, "/b", "type", "expected string, found a number"),
    (STALE, '{"b":"abcdef","a":"xy"', 20, "/a", "maxLength", f"{AT_MOST} 3 characters, found more"),
    (WHEN, '{"b":null', 5, "/b", "type", "expected string, found null"),
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


UNKNOWN: dict[str, Any] = {"unevaluatedProperties": False, "unevaluatedItems": False}


@pytest.mark.parametrize(
    ("schema", "text", "undecided"),
    [
        (WEATHER, '{"city":"Paris","days":3}', False),
        ({"properties": {"a": UNKNOWN}}, '{"b":1}', False),
        ({"properties": {"a": UNKNOWN}}, '{"a":1}', True),
        ({"items": UNKNOWN}, "[]", False),
        ({"items": UNKNOWN}, "[[]]", True),
        (UNKNOWN, '"a string"', True),
        ({"additionalProperties": {"format": "date"}}, '{"a":"b"}', False),
        ({"anyOf": [{"type": "string"}, UNKNOWN]}, '"a"', False),
        ({"anyOf": [{"type": "string"}, UNKNOWN]}, "[]", True),
        ({"oneOf": [{"type": "string"}, UNKNOWN]}, '"a"', True),
        ({"oneOf": [{"type": "null"}, {"items": UNKNOWN, "type": "array"}]}, "[]", False),
        ({"not": UNKNOWN}, "[]", True),
        ({"not": {"type": "string", **UNKNOWN}}, "[]", False),
        ({"if": UNKNOWN, "then": {"type": "array"}, "else": {"maxItems": 1}}, "[]", False),
        ({"if": UNKNOWN, "then": {"minItems": 1}}, "[]", True),
        ({"if": {"type": "array"}, "else": UNKNOWN}, "[]", False),
        ({"dependentSchemas": {"a": UNKNOWN}}, '{"b":1}', False),
        ({"dependentSchemas": {"a": UNKNOWN}}, '{"a":1}', True),
        ({"contains": UNKNOWN}, "[1]", True),
        ({"contains": {"anyOf": [{"type": "string"}, UNKNOWN]}}, '["a",1]', False),
        ({"contains": {"anyOf": [{"type": "string"}, UNKNOWN]}, "maxContains": 1}, '["a",1]', True),
        ({"propertyNames": UNKNOWN}, '{"a":1}', True),
        ({"anyOf": [{"$ref": "#"}, {"type": "array"}]}, "[]", False),
        ({"anyOf": [{"$ref": "#"}, {"type": "string"}]}, "[]", True),
    ],
)
def test_the_final_validator_is_asked_only_about_what_decides_and_is_not_known(
    schema: Any, text: str, undecided: bool
) -> None:
    for pieces in cuttings(text):
        checker = SchemaChecker(compile_schema(schema))
        scanner = Scanner(Limits(), checker)
        for piece in pieces:
            scanner.feed(piece)
        assert checker.undecided == undecided
