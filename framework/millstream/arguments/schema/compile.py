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
from millstream.arguments.schema.node import KIND_NAMES, Node
from millstream.arguments.schema.references import check_references
from millstream.arguments.schema.verdict import Verdict
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
        "maxItems",
        "uniqueItems",
        "allOf",
        "$ref",
    )
)
# fmt: on
_BEFORE_2019: Final = ("draft-06", "draft-07")
_DECIDED_DRAFTS: Final = (*_BEFORE_2019, "2019-09", "2020-12")


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
    check_references(schema, verdict.dialect, verdict.check)
    root = _Compiler(schema, verdict.dialect).node(schema, "#")
    return CompiledSchema(schema, root, verdict)


class _Compiler:
    def __init__(self, document: Mapping[str, Any] | bool, dialect: str) -> None:
        self._document = document
        self._nodes: dict[str, Node] = {}
        self._foreign = not any(draft in dialect for draft in _DECIDED_DRAFTS)
        self._lone_ref = any(draft in dialect for draft in _BEFORE_2019)  # the siblings of a $ref do not count
        self._prefix_items = "2020-12" in dialect

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
        if self._foreign or (place != "#" and ("$id" in schema or "$schema" in schema)):
            # Draft 3 and 4, where keywords mean other things; or another base for references, or another dialect.
            node.undecided = True
            return
        if self._lone_ref and "$ref" in schema:
            schema = {"$ref": schema["$ref"]}
        known = _COMPILED | DECIDED | _ANNOTATIONS
        node.undecided = any(keyword not in known for keyword in schema)
        if "type" in schema:
            node.types = _types(schema)
            node.formatted = "format" in schema
        elif alternatives := schema.get("anyOf", schema.get("oneOf")):
            node.types = self._types_of_any(alternatives)
            node.formatted = any(is_object(one) and "format" in one for one in alternatives)
        if node.types:
            node.kinds = _kinds(node.types)
        node.required = tuple(schema.get("required", ()))
        node.scalar_assertions = scalar_assertions(schema)
        node.container_assertions = container_assertions(schema)
        self._fill_object(node, schema, place)
        self._fill_array(node, schema, place)
        conjuncts = [self.node(one, f"{place}/allOf/{i}") for i, one in enumerate(schema.get("allOf", ()))]
        if "$ref" in schema:
            conjuncts.extend(self._target(schema["$ref"], node))
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
        prefix = schema.get("prefixItems", ()) if self._prefix_items else ()
        node.max_items = schema.get("maxItems", node.max_items)
        node.unique_items = schema.get("uniqueItems", False)
        node.prefix = tuple(self.node(one, f"{place}/prefixItems/{i}") for i, one in enumerate(prefix))

    def _target(self, ref: str, node: Node) -> list[Node]:
        """The node that a `$ref` of `node` leads to, unless only the final validator can resolve it."""
        if not (ref == "#" or ref.startswith("#/")):
            node.undecided = True  # an anchor or an id within the schema
            return []
        found: Any = self._document
        place = "#"
        for step in (part.replace("~1", "/").replace("~0", "~") for part in unquote(ref).split("/")[1:]):
            found = found[int(step)] if is_array(found) else found[step]
            place += f"/{_escaped(step)}"
            if is_object(found) and "$id" in found:
                node.undecided = True  # what lies below it has another base
                return []
        return [self.node(found, place)]

    def _types_of_any(self, alternatives: list[Any]) -> tuple[str, ...]:
        """The types that may be where one of several schemas must hold, () unless each of them names its own."""
        names: dict[str, None] = {}
        for one in alternatives:
            if not is_object(one) or "type" not in one or (self._lone_ref and "$ref" in one):
                return ()
            names |= dict.fromkeys(_types(one))
        return tuple(names)


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    names: Any = schema["type"]
    return tuple(names) if is_array(names) else (names,)


def _kinds(types: tuple[str, ...]) -> Kind:
    union = Kind(0)
    for name in types:
        union |= KIND_NAMES[name]
    return union


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
