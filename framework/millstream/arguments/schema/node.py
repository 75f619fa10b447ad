"""One subschema, compiled: what must hold of the value there, in a form that can be asked token by token.

Filled by `compile`, then only read. What can not be decided while a value arrives marks its node as `undecided`, and
the final validator is asked. It knows no text and no positions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Final, TypeAlias

from millstream.arguments.schema.prefixes import Automaton
from millstream.arguments.seam import Kind
from millstream.events.values import JsonValue

# Plain ints: an operation on members of an IntFlag costs twenty times as much.
STRING, NUMBER, OBJECT, ARRAY, NULL = map(int, (Kind.STRING, Kind.NUMBER, Kind.OBJECT, Kind.ARRAY, Kind.NULL))
TRUE, FALSE, BOOLEAN = int(Kind.TRUE), int(Kind.FALSE), int(Kind.BOOLEAN)
SCALARS: Final = STRING | NUMBER | BOOLEAN
ANY_KIND: Final = SCALARS | OBJECT | ARRAY | NULL

KIND_NAMES: Final[dict[str, int]] = {
    "string": STRING,
    "number": NUMBER,
    "integer": NUMBER,
    "object": OBJECT,
    "array": ARRAY,
    "boolean": BOOLEAN,
    "null": NULL,
}
FOUND: Final[dict[int, str]] = {
    STRING: "a string",
    NUMBER: "a number",
    OBJECT: "an object",
    ARRAY: "an array",
    TRUE: "a boolean",
    FALSE: "a boolean",
    NULL: "null",
}

Test: TypeAlias = Callable[[JsonValue], str | None]
"""A test of a whole value: a sentence for the model where it does not hold, else None."""


@dataclass(frozen=True, slots=True, eq=False)
class Assertion:
    """A keyword and its test, of the Python types of values to which it applies."""

    keyword: str
    test: Test
    types: tuple[type, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """An `enum` or `const`: the only values there may be."""

    keyword: str
    kinds: int
    words: tuple[str, ...]
    """The strings among them."""
    wanted: str
    """Them all, in words."""


@dataclass(frozen=True, slots=True, eq=False)
class Applicator:
    """A keyword that holds by way of other schemas, which the value may fail without being wrong for it."""

    keyword: str
    """`anyOf`, `oneOf`, `not`, `if` (with the members if, then and else), `dependentSchemas` or `contains`."""
    members: tuple[Node, ...]
    kinds: int = ANY_KIND
    """The kinds of values it says something of."""
    key: str = ""
    """Of `dependentSchemas`: the key that demands the schema."""
    least: float = 1
    most: float = inf


@dataclass(frozen=True, slots=True, eq=False)
class KeyPattern:
    """A member of `patternProperties`."""

    pattern: re.Pattern[str]
    node: Node
    prefixes: Automaton | None
    """Tells which beginnings of a key can still come to match; None where that can not be told."""


@dataclass(slots=True, eq=False)
class Node:
    """The compiled keywords of one subschema."""

    kinds: int = ANY_KIND
    """The kinds of values that may begin here."""
    types: tuple[str, ...] = ()
    """The type names of the schema, for messages."""
    formatted: bool = False
    """Whether a `format` is named: such strings are often written as numbers where coercion is allowed."""
    values: tuple[Values, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    max_length: float = inf
    prefixes: tuple[tuple[str, Automaton], ...] = ()
    """Patterns of which it can be told, while a string arrives, that it will never match; and what tells it."""

    properties: dict[str, Node] = field(default_factory=dict[str, "Node"])
    key_patterns: tuple[KeyPattern, ...] = ()
    additional: Node | None = None
    names: Node | None = None
    required: tuple[str, ...] = ()
    max_properties: float = inf

    prefix: tuple[Node, ...] = ()
    items: Node | None = None
    max_items: float = inf
    unique_items: bool = False
    """Whether the items must differ. Of such an array pydantic makes a set."""

    conjuncts: tuple[Node, ...] = ()
    """Schemas that must hold as well: the targets of `$ref`, the members of `allOf`."""
    applicators: tuple[Applicator, ...] = ()
    undecided: bool = False
    """Whether the final validator must be asked about a value that was here."""
    never: bool = False
    """The schema `false`: nothing may be here."""


Nodes: TypeAlias = tuple[Node, ...]


def closure(nodes: Nodes) -> Nodes:
    """`nodes` with everything they demand besides, each once; a schema that refers to itself is no trouble."""
    found: dict[int, Node] = {}
    waiting = list(reversed(nodes))
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting.extend(reversed(node.conjuncts))
    return tuple(found.values())
