"""JSON Schema -> `CompiledSchema`: once for each tool, before the first character arrives.

Drafts 2020-12, 2019-09, 7 and 6. Nothing is ever fetched: a `$ref` must lead to a place in the schema itself or in a
resource given with it. What is compiled is what can be decided while a value arrives; the rest (`unevaluated*`, dynamic
references, other dialects) is left to the final validator, place by place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from typing import Any, Final

from millstream.arguments.schema.keywords import DECIDED, allowed_values, assertions, format_assertion
from millstream.arguments.schema.node import ARRAY, KIND_NAMES, OBJECT, Applicator, KeyPattern, Node
from millstream.arguments.schema.place import Places
from millstream.arguments.schema.prefixes import prefix_automaton
from millstream.arguments.schema.references import Schema, Scope, check_references, root_scope
from millstream.arguments.schema.verdict import Verdict
from millstream.errors import ToolDefinitionError
from millstream.events.values import is_array, is_object

_COMPILED: Final = DECIDED.union(
    ("$ref", "type", "format", "properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
    ("maxProperties", "dependentSchemas", "items", "prefixItems", "additionalItems", "maxItems", "uniqueItems"),
    ("contains", "allOf", "anyOf", "oneOf", "not", "if"),
)
_BEFORE_2019: Final = ("draft-06", "draft-07")
_COMPILED_DRAFTS: Final = (*_BEFORE_2019, "2019-09", "2020-12")


class CompiledSchema:
    """A schema ready to follow the text of a call. Make one with `compile_schema`; share it between calls."""

    __slots__ = ("_lenient", "_places", "root", "source", "verdict")

    def __init__(self, source: Schema, root: Node, verdict: Verdict) -> None:
        self.source = source
        self.root = root
        self.verdict = verdict
        self._places: Places | None = None
        self._lenient: Places | None = None

    def places(self, *, lenient: bool) -> Places:
        """Its places, read as it is written or leniently."""
        if lenient:
            self._lenient = self._lenient or Places(self.root, lenient=True)
            return self._lenient
        self._places = self._places or Places(self.root, lenient=False)
        return self._places


def compile_schema(
    schema: Schema, resources: Mapping[str, Schema] | None = None, *, assert_formats: bool = False
) -> CompiledSchema:
    """Compile a JSON Schema.

    Args:
        schema: a dict or a bool. Do not change it afterwards.
        resources: other schemas that a `$ref` of it may name, by URI. Nothing is ever fetched.
        assert_formats: whether a `format` is checked, as far as jsonschema can here, or only tells the model something.

    Raises:
        ToolDefinitionError: it is not a valid schema, or a `$ref` leads out of it; the message names the place.
    """
    try:
        verdict = Verdict(schema, resources, assert_formats=assert_formats)
        check_references(schema, verdict.dialect, verdict.check, verdict.registry)
        return CompiledSchema(schema, _Compiler(verdict).root(schema), verdict)
    except RecursionError as error:
        raise ToolDefinitionError("the schema is nested too deeply to be compiled: name parts in $defs") from error


class _Compiler:
    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._dialect = verdict.dialect
        self._keywords = verdict.keywords
        self._nodes: dict[tuple[str, int], Node] = {}
        self._foreign = not any(draft in self._dialect for draft in _COMPILED_DRAFTS)
        self._lone_ref = any(draft in self._dialect for draft in _BEFORE_2019)  # the siblings of a $ref do not count

    def root(self, schema: Schema) -> Node:
        return self._target(schema, root_scope(schema, self._dialect, self._verdict.registry))

    def _target(self, schema: Any, scope: Scope) -> Node:
        """The node of a schema that a reference leads to."""
        other = is_object(schema) and schema.get("$schema", self._dialect).rstrip("#") != self._dialect.rstrip("#")
        return self._made(schema, scope, undecided=other)

    def _node(self, schema: object, scope: Scope) -> Node:
        """The node of a schema within another; with an `$id` it is another base for references."""
        return self._made(schema, scope, undecided=is_object(schema) and ("$id" in schema or "$schema" in schema))

    def _made(self, schema: object, scope: Scope, *, undecided: bool) -> Node:
        """The node of a schema, made once for each: it may refer to itself."""
        key = (scope.base, id(schema))
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node()
            node.never = schema is False
            if is_object(schema):
                if undecided or self._foreign:  # draft 3 and 4, where keywords mean other things
                    node.undecided = True
                else:
                    self._fill(node, schema, scope)
        return node

    def _fill(self, node: Node, schema: Mapping[str, Any], scope: Scope) -> None:
        if self._lone_ref and "$ref" in schema:
            schema = {"$ref": schema["$ref"]}
        schema = {
            keyword: value for keyword, value in schema.items() if keyword in self._keywords or keyword in _BESIDE
        }
        node.undecided = any(keyword not in _COMPILED and keyword not in _BESIDE for keyword in schema)
        self._fill_type(node, schema)
        node.values = allowed_values(schema)
        node.assertions = assertions(schema)
        node.max_length = schema.get("maxLength", inf)
        if "format" in schema and (test := self._verdict.format_test(schema["format"])) is not None:
            node.assertions += (format_assertion(schema["format"], test),)
        if "pattern" in schema and (automaton := prefix_automaton(schema["pattern"])) is not None:
            node.prefixes = ((schema["pattern"], automaton),)
        self._fill_object(node, schema, scope)
        self._fill_array(node, schema, scope)
        self._fill_applicators(node, schema, scope)

    def _fill_type(self, node: Node, schema: Mapping[str, Any]) -> None:
        if "type" in schema:
            node.types = _types(schema)
            node.formatted = "format" in schema
        elif alternatives := schema.get("anyOf", schema.get("oneOf")):
            node.types = self._types_of_any(alternatives)
            node.formatted = any(is_object(one) and "format" in one for one in alternatives)
        if node.types:
            node.kinds = _kinds(node.types)

    def _types_of_any(self, alternatives: list[Any]) -> tuple[str, ...]:
        """The types that may be where one of several schemas must hold, () unless each of them names its own."""
        names: dict[str, None] = {}
        for one in alternatives:
            if not is_object(one) or "type" not in one or "$schema" in one or (self._lone_ref and "$ref" in one):
                return ()
            names |= dict.fromkeys(_types(one))
        return tuple(names)

    def _fill_object(self, node: Node, schema: Mapping[str, Any], scope: Scope) -> None:
        properties: Mapping[str, Any] = schema.get("properties", {})
        node.properties = {key: self._node(inner, scope) for key, inner in properties.items()}
        node.key_patterns = tuple(
            KeyPattern(re.compile(pattern), self._node(inner, scope), prefix_automaton(pattern))
            for pattern, inner in schema.get("patternProperties", {}).items()
        )
        if schema.get("additionalProperties", True) is not True:
            node.additional = self._node(schema["additionalProperties"], scope)
        if schema.get("propertyNames", True) is not True:
            node.names = self._node(schema["propertyNames"], scope)
        node.required = tuple(schema.get("required", ()))
        node.max_properties = schema.get("maxProperties", inf)

    def _fill_array(self, node: Node, schema: Mapping[str, Any], scope: Scope) -> None:
        items: object = schema.get("items", True)
        prefix: Any = schema.get("prefixItems", ())
        if is_array(items):  # as drafts before 2020-12 write it: a schema for each position
            prefix, items = items, schema.get("additionalItems", True)
        node.prefix = tuple(self._node(one, scope) for one in prefix)
        if items is not True:
            node.items = self._node(items, scope)
        node.max_items = schema.get("maxItems", inf)
        node.unique_items = schema.get("uniqueItems", False)

    def _fill_applicators(self, node: Node, schema: Mapping[str, Any], scope: Scope) -> None:
        conjuncts = [self._node(one, scope) for one in schema.get("allOf", ())]
        if "$ref" in schema:
            conjuncts.append(self._target(*scope.target(schema["$ref"])))
        node.conjuncts = tuple(conjuncts)
        found = [
            Applicator(keyword, tuple(self._node(one, scope) for one in schema[keyword]))
            for keyword in ("anyOf", "oneOf")
            if keyword in schema
        ]
        if "not" in schema:
            found.append(Applicator("not", (self._node(schema["not"], scope),)))
        if "if" in schema and ("then" in schema or "else" in schema):
            parts = (schema["if"], schema.get("then", True), schema.get("else", True))
            found.append(Applicator("if", tuple(self._node(one, scope) for one in parts)))
        found.extend(
            Applicator("dependentSchemas", (self._node(inner, scope),), OBJECT, key)
            for keyword in ("dependentSchemas", "dependencies")
            for key, inner in schema.get(keyword, {}).items()
            if not is_array(inner)
        )
        if "contains" in schema:
            counted = not self._lone_ref  # earlier drafts do not count
            least = schema.get("minContains", 1) if counted else 1
            most = schema.get("maxContains", inf) if counted else inf
            found.append(
                Applicator("contains", (self._node(schema["contains"], scope),), ARRAY, least=least, most=most)
            )
        node.applicators = tuple(found)


_BESIDE: Final = frozenset(("then", "else", "minContains", "maxContains"))
"""Keywords that jsonschema reads with another."""


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    names: Any = schema["type"]
    return tuple(names) if is_array(names) else (names,)


def _kinds(types: tuple[str, ...]) -> int:
    union = 0
    for name in types:
        union |= KIND_NAMES[name]
    return union
