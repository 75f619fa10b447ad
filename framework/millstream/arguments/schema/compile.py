"""JSON Schema -> `CompiledSchema`: once for each tool, before the first character arrives.

Drafts 2020-12, 2019-09, 7 and 6. Nothing is ever fetched: a `$ref` must lead to a place in the schema itself. What is
compiled is what can be decided while a value arrives; the rest is left to the final validator, place by place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from millstream.arguments.scanner import Kind
from millstream.arguments.schema.keywords import DECIDED, container_assertions, scalar_assertions
from millstream.arguments.schema.node import ANY_KIND, KIND_NAMES, Node
from millstream.arguments.schema.verdict import Verdict
from millstream.errors import ToolDefinitionError
from millstream.events.values import is_array, is_object

# fmt: off  these are lists of words
_ANNOTATIONS: Final = frozenset(
    (
        "title",
        "description",
        "default",
        "examples",
        "example",
        "deprecated",
        "readOnly",
        "writeOnly",
        "format",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "$schema",
        "$id",
        "$comment",
        "$defs",
        "definitions",
        "$vocabulary",
        "discriminator",
    )
)
_COMPILED: Final = frozenset(
    (
        "type",
        "properties",
        "additionalProperties",
        "required",
        "items",
        "prefixItems",
        "allOf",
        "$ref",
    )
)
# fmt: on
_OLD_DRAFTS: Final = ("draft-03", "draft-04", "draft-06", "draft-07")


class CompiledSchema:
    """A schema ready to follow the text of a call. Make one with `compile_schema`; share it between calls."""

    __slots__ = ("root", "source", "verdict")

    def __init__(self, source: Mapping[str, Any] | bool, root: Node, verdict: Verdict) -> None:
        self.source = source
        self.root = root
        self.verdict = verdict


def compile_schema(schema: Mapping[str, Any] | bool) -> CompiledSchema:
    """Compile a JSON Schema.

    Raises:
        ToolDefinitionError: it is not a valid schema, or a `$ref` leads out of it; the message names the place.
    """
    verdict = Verdict(schema)
    root = _Compiler(schema).node(schema, "#")
    verdict.check_references()
    return CompiledSchema(schema, root, verdict)


class _Compiler:
    def __init__(self, document: Mapping[str, Any] | bool) -> None:
        self._document = document
        self._nodes: dict[str, Node] = {}
        dialect = str(document.get("$schema", "")) if isinstance(document, Mapping) else ""
        self._old = any(draft in dialect for draft in _OLD_DRAFTS)

    def node(self, schema: object, place: str) -> Node:
        """The node of the subschema at `place` ("#/properties/city"), made once for each place."""
        known = self._nodes.get(place)
        if known is not None:
            return known
        node = self._nodes[place] = Node()
        if schema is False:
            node.never = True
        elif is_object(schema):
            self._fill(node, schema, place)
        return node

    def _fill(self, node: Node, schema: Mapping[str, Any], place: str) -> None:
        if "$id" in schema and place != "#":
            node.undecided = True  # references below mean another base: left to the final validator
            return
        if self._old and "$ref" in schema:
            schema = {"$ref": schema["$ref"]}  # before 2019-09 its siblings do not count
        known = _COMPILED | DECIDED | _ANNOTATIONS
        node.undecided = any(keyword not in known for keyword in schema)
        if "type" in schema:
            node.types = _types(schema)
            node.kinds = _kinds(node.types)
        elif alternatives := schema.get("anyOf", schema.get("oneOf")):
            node.kinds = _kinds_of_any(alternatives)
        node.formatted = "format" in schema
        node.required = tuple(schema.get("required", ()))
        node.scalar_assertions = scalar_assertions(schema)
        node.container_assertions = container_assertions(schema)
        self._fill_object(node, schema, place)
        self._fill_array(node, schema, place)
        conjuncts = [self.node(one, f"{place}/allOf/{i}") for i, one in enumerate(schema.get("allOf", ()))]
        if "$ref" in schema:
            conjuncts.extend(self._target(schema["$ref"], node, place))
        node.conjuncts = tuple(conjuncts)

    def _fill_object(self, node: Node, schema: Mapping[str, Any], place: str) -> None:
        properties: Mapping[str, Any] = schema.get("properties", {})
        node.properties = {
            key: self.node(inner, f"{place}/properties/{_escaped(key)}") for key, inner in properties.items()
        }
        node.pattern_properties = bool(schema.get("patternProperties"))
        if schema.get("additionalProperties", True) is not True:
            node.additional = self.node(schema["additionalProperties"], f"{place}/additionalProperties")

    def _fill_array(self, node: Node, schema: Mapping[str, Any], place: str) -> None:
        items: object = schema.get("items")
        if is_array(items):  # the form of the drafts before 2020-12: a schema for each position
            node.undecided = True
        elif items is not None:
            node.items = self.node(items, f"{place}/items")
        prefix = () if self._old else schema.get("prefixItems", ())
        node.prefix = tuple(self.node(one, f"{place}/prefixItems/{i}") for i, one in enumerate(prefix))

    def _target(self, ref: str, node: Node, place: str) -> list[Node]:
        if not (ref == "#" or ref.startswith("#/")):
            node.undecided = True  # an anchor or an id within the schema: the final validator resolves it
            return []
        found: Any = self._document
        for step in (unquote(part).replace("~1", "/").replace("~0", "~") for part in ref.split("/")[1:]):
            try:
                found = found[int(step)] if is_array(found) else found[step]
            except (KeyError, IndexError, ValueError, TypeError):
                message = f'the schema\'s $ref "{ref}" at {place} leads nowhere: define it under $defs'
                raise ToolDefinitionError(message) from None
        return [self.node(found, ref)]


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    names: Any = schema["type"]
    return tuple(names) if is_array(names) else (names,)


def _kinds(types: tuple[str, ...]) -> Kind:
    union = Kind(0)
    for name in types:
        union |= KIND_NAMES[name]
    return union


def _kinds_of_any(alternatives: list[Any]) -> Kind:
    """The kinds that may begin where one of several schemas must hold, if each of them names its types itself."""
    if not all(is_object(one) and "type" in one for one in alternatives):
        return ANY_KIND
    return _kinds(tuple(name for one in alternatives for name in _types(one)))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
