"""One place of a compiled schema: what must hold of the value there, in a form that can be asked token by token.

A `Node` holds the conjunctive keywords of one subschema. What it can not decide while the value arrives it marks as
`undecided`, and the final validator is asked. It knows no text and no positions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from millstream.arguments.scanner import Kind
from millstream.events.values import JsonValue

ANY_KIND = Kind.STRING | Kind.NUMBER | Kind.OBJECT | Kind.ARRAY | Kind.BOOLEAN | Kind.NULL

KIND_NAMES: dict[str, Kind] = {
    "string": Kind.STRING,
    "number": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "object": Kind.OBJECT,
    "array": Kind.ARRAY,
    "boolean": Kind.BOOLEAN,
    "null": Kind.NULL,
}
FOUND: dict[Kind, str] = {
    Kind.STRING: "a string",
    Kind.NUMBER: "a number",
    Kind.OBJECT: "an object",
    Kind.ARRAY: "an array",
    Kind.TRUE: "a boolean",
    Kind.FALSE: "a boolean",
    Kind.NULL: "null",
}

Assertion = tuple[str, Callable[[JsonValue], str | None]]
"""A keyword and its test of a whole value: a sentence where it does not hold, else None."""


@dataclass(slots=True, eq=False)
class Node:
    """The compiled keywords of one subschema. Filled by `compile`, then only read."""

    kinds: Kind = ANY_KIND
    """The kinds of values that may begin here."""
    types: tuple[str, ...] = ()
    """The type names of the schema, for messages."""
    formatted: bool = False
    """Whether a `format` is named: such strings are often written as numbers where coercion is allowed."""
    properties: dict[str, Node] = field(default_factory=dict[str, "Node"])
    pattern_properties: bool = False
    """Whether other keys may be matched by a pattern, which is left to the final validator."""
    additional: Node | None = None
    required: tuple[str, ...] = ()
    prefix: tuple[Node, ...] = ()
    items: Node | None = None
    max_items: float = inf
    unique_items: bool = False
    """Whether the items must differ. Of such an array pydantic makes a set."""
    scalar_assertions: tuple[Assertion, ...] = ()
    """Asked of a complete string, number, boolean or null."""
    container_assertions: tuple[Assertion, ...] = ()
    """Asked of a complete object or array."""
    conjuncts: tuple[Node, ...] = ()
    """Schemas that must hold as well: the targets of `$ref`, the members of `allOf`."""
    undecided: bool = False
    """Whether the final validator must be asked about a value that was here."""
    never: bool = False
    """The schema `false`: nothing may be here."""


Cursor = tuple[Node, ...]
"""Every node that must hold of the value at one place; () is a place without rules."""


def closure(nodes: Cursor) -> Cursor:
    """`nodes` with everything they demand besides, each once; a schema that refers to itself is no trouble."""
    found: dict[int, Node] = {}
    waiting = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting.extend(reversed(node.conjuncts))
    return tuple(found.values())


def at_key(cursor: Cursor, key: str) -> Cursor:
    """What must hold of the member `key` of an object at `cursor`."""
    nodes: list[Node] = []
    for node in cursor:
        inner = node.properties.get(key)
        if inner is not None:
            nodes.append(inner)
        elif node.additional is not None and not node.pattern_properties:
            nodes.append(node.additional)
    return closure(tuple(nodes))


def at_index(cursor: Cursor, index: int) -> Cursor:
    """What must hold of item `index` of an array at `cursor`."""
    nodes: list[Node] = []
    for node in cursor:
        inner = node.prefix[index] if index < len(node.prefix) else node.items
        if inner is not None:
            nodes.append(inner)
    return closure(tuple(nodes))
