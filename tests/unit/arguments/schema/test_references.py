from __future__ import annotations

import socket
from typing import Any

import pytest

from millstream.arguments import Assembler, Rejected, Sealed, compile_schema
from millstream.errors import ToolDefinitionError

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a schema was fetched", args, kwargs)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def accepts(schema: Any, text: str) -> bool:
    assembler = Assembler(compile_schema(schema))
    assembler.feed(text)
    return isinstance(assembler.close(), Sealed)


OUT = "leads out of it and nothing is fetched: define its target under $defs, or give it in resources="
NOWHERE = "leads nowhere: define its target under $defs"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$ref": "https://example.com/schema"}, f'the schema\'s reference "https://example.com/schema" {OUT}'),
        ({"$ref": "other.json#/$defs/a"}, f'the schema\'s reference "other.json#/$defs/a" {OUT}'),
        ({"properties": {"a": {"items": {"$ref": "file:///etc/passwd"}}}}, f'"file:///etc/passwd" {OUT}'),
        ({"if": {"$ref": "urn:x"}}, f'"urn:x" {OUT}'),
        ({"$dynamicRef": "https://example.com/schema#node"}, f'"https://example.com/schema#node" {OUT}'),
        ({"$id": "https://a.example/", "$ref": "b"}, f'"b" {OUT}'),
        ({"$schema": DRAFT_7, "$ref": "https://json-schema.org/draft/2020-12/no-schema"}, OUT),
        ({"$ref": "#/$defs/missing"}, f'the schema\'s reference "#/$defs/missing" {NOWHERE}'),
        ({"$ref": "#missing"}, f'"#missing" {NOWHERE}'),
        ({"allOf": [{}, {"$ref": "#/allOf/2"}]}, f'"#/allOf/2" {NOWHERE}'),
        ({"allOf": [{}, {"$ref": "#/allOf/x"}]}, f'"#/allOf/x" {NOWHERE}'),
        ({"minimum": 1, "$ref": "#/minimum/0"}, f'"#/minimum/0" {NOWHERE}'),
        ({"$ref": "#/minimum", "minimum": 1}, "the schema is not valid at #/minimum: 1 is not of type"),
        ({"$ref": "#/x", "x": {"pattern": r"^\p{Lu}$"}}, r"\p{Lu}, which Python's re does not know"),
        ({"$ref": "#/title/0", "title": "T"}, "the schema is not valid at #/title/0: 'T' is not of type"),
        ({"$ref": "#/x/a", "x": {"a": {"type": "nope"}}}, "the schema is not valid at #/x/a/type: 'nope'"),
        ({"$ref": "#/x", "x": {"items": {"$ref": "https://example.com"}}}, f'"https://example.com" {OUT}'),
        ({"$ref": "#/x", "x": {"$ref": "#/y", "y": 0}, "y": {"required": 0}}, "not valid at #/y/required: 0"),
    ],
)
def test_a_reference_without_a_schema_at_its_end_is_refused(schema: Any, message: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        compile_schema(schema)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"$defs": {"a": {"type": "null"}}, "$ref": "#/$defs/a"}, "null", "1"),
        ({"$defs": {"a/b~c": {"type": "null"}}, "$ref": "#/$defs/a~1b~0c"}, "null", "1"),
        ({"$defs": {"a%b": {"type": "null"}}, "$ref": "#/$defs/a%25b"}, "null", "1"),
        ({"$defs": {"caf\u00e9 '": {"type": "null"}}, "$ref": "#/$defs/caf%C3%A9%20%27"}, "null", "1"),
        ({"x": {"a": {"type": "null"}}, "$ref": "#/x%2Fa"}, "null", "1"),
        ({"allOf": [{"type": "null"}], "properties": {}, "anyOf": [{"$ref": "#/allOf/0"}]}, "null", "1"),
        ({"properties": {"a": {"type": "null"}, "b": {"$ref": "#/properties/a"}}}, '{"b":null}', '{"b":1}'),
        ({"items": {"$ref": "#"}, "type": "array"}, "[[[]]]", "[[1]]"),
        ({"$defs": {"a": {"$anchor": "here", "type": "null"}}, "$ref": "#here"}, "null", "1"),
        ({"$id": "https://a.example/", "$defs": {"a": {"$id": "b", "type": "null"}}, "$ref": "b"}, "null", "1"),
        ({"$id": "urn:a", "$ref": "urn:a#/$defs/a", "$defs": {"a": {"type": "null"}}}, "null", "1"),
        ({"$ref": "#/unknown/place", "unknown": {"place": {"type": "null"}}}, "null", "1"),
        ({"$ref": "#/$defs/yes", "$defs": {"yes": True, "no": False}, "type": "null"}, "null", "1"),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, '{"type":"null"}', '{"type":7}'),
        ({"$schema": DRAFT_7, "$ref": DRAFT_7}, '{"type":"null"}', '{"type":7}'),
        ({"$schema": DRAFT_7, "definitions": {"a": {"$id": "#a", "type": "null"}}, "$ref": "#a"}, "null", "1"),
    ],
)
def test_a_reference_within_the_schema_holds(schema: Any, right: str, wrong: str) -> None:
    assert accepts(schema, right)
    assert not accepts(schema, wrong)


def test_a_key_that_looks_escaped_is_not_taken_for_another() -> None:
    """`a%25b` as a reference is the key `a%b`; the key `a%25b` is another place."""
    schema = {
        "$defs": {"a%b": {"type": "null"}, "a%25b": {"type": "string"}},
        "properties": {"x": {"$ref": "#/$defs/a%25b"}, "y": {"$ref": "#/$defs/a%2525b"}},
    }
    assert accepts(schema, '{"x":null,"y":"s"}')
    assert not accepts(schema, '{"y":null}')
    assert not accepts(schema, '{"x":"s"}')


def test_below_an_embedded_id_references_have_its_base() -> None:
    """`#/$defs/x` within `inner` is inner's, not the root's, also where a pointer leads past the `$id`."""
    inner = {
        "$id": "https://a.example/inner",
        "$defs": {"x": {"type": "null"}},
        "properties": {"p": {"$ref": "#/$defs/x"}},
    }
    schema = {
        "$id": "https://a.example/",
        "$defs": {"x": {"type": "string"}, "inner": inner},
        "$ref": "#/$defs/inner/properties/p",
    }
    assert accepts(schema, "null")
    assert not accepts(schema, '"s"')


POINT = {"type": "object", "properties": {"x": {"$ref": "#/$defs/number"}}, "$defs": {"number": {"type": "number"}}}
RESOURCES: dict[str, Any] = {
    "https://a.example/point": POINT,
    "https://a.example/line": {"type": "array", "items": {"$ref": "point"}, "maxItems": 2},
    "urn:tuple": {"$schema": DRAFT_7, "items": [{"type": "null"}]},
    "urn:own": {"$schema": "https://a.example/dialect", "type": "null"},
    "urn:no": False,
}


@pytest.mark.parametrize(
    ("schema", "text", "at"),
    [
        ({"$ref": "https://a.example/point"}, '{"x":"', 5),
        ({"items": {"$ref": "https://a.example/point#/$defs/number"}}, "[1,n", 3),
        ({"$ref": "https://a.example/line"}, '[{"x":1},{"x":t', 14),
        ({"$id": "https://a.example/here", "$ref": "line"}, "[{},{},", 6),
        ({"properties": {"a": {"$ref": "urn:no"}}}, '{"a"', 3),
    ],
)
def test_a_resource_is_followed_as_if_it_were_part_of_the_schema(schema: Any, text: str, at: int) -> None:
    compiled = compile_schema(schema, RESOURCES)
    assert not any(isinstance(event, Rejected) for event in Assembler(compiled).feed(text[:at]))
    rejected = Assembler(compiled).feed(text)[-1]
    assert isinstance(rejected, Rejected)
    assert rejected.at == at


@pytest.mark.parametrize("uri", ["urn:tuple", "urn:own"])
def test_a_resource_of_another_dialect_is_left_to_the_final_validator(uri: str) -> None:
    compiled = compile_schema({"$ref": uri}, RESOURCES)
    assembler = Assembler(compiled)
    assert not any(isinstance(event, Rejected) for event in assembler.feed("[1]"))
    assert isinstance(assembler.close(), Rejected)


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ([], 'the resource "urn:r" is no schema'),
        ({"$schema": 7}, 'the "$schema" of the resource "urn:r" must be a string'),
        ({"type": "nope"}, "the schema is not valid at urn:r/type: 'nope'"),
    ],
)
def test_a_resource_that_is_no_schema_is_refused(resource: Any, message: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        compile_schema(True, {"urn:r": resource})
    assert message in str(caught.value)
