"""A compiled schema following the scanner: refuses at the token that makes a document certainly wrong.

Sound: it refuses only what the final validator would refuse whatever came next. Where coercion is allowed it also lets
pass what pydantic's lax mode could still make right ("7" for an integer), and leaves the verdict to the binding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from millstream.arguments.scanner import Kind, Veto
from millstream.arguments.schema.compile import CompiledSchema
from millstream.arguments.schema.equality import repeated
from millstream.arguments.schema.keywords import shown
from millstream.arguments.schema.node import FOUND, Assertion, Cursor, Node, at_index, at_key, closure
from millstream.events.values import JsonValue, is_array, is_object

_SCALARS = Kind.STRING | Kind.NUMBER | Kind.BOOLEAN


class SchemaChecker:
    """Follows one document; make a new one for each. `undecided` tells whether the final validator must be asked."""

    __slots__ = ("_coerce", "_cursor", "_enclosing", "_may_begin", "_next", "undecided")

    def __init__(self, schema: CompiledSchema, *, coerce: bool = False) -> None:
        self.undecided = False
        self._cursor: Cursor = ()  # what holds of the innermost open container
        self._next: Cursor = closure((schema.root,))  # what holds of the value that comes next
        self._enclosing: list[Cursor] = []
        self._coerce = coerce
        self._may_begin: Callable[[Node, int], bool] = _may_begin_coerced if coerce else _may_begin

    def begin(self, kind: int) -> None:
        """A value of `kind` begins: veto it where the schema wants another kind."""
        for node in self._next:
            if node.undecided:
                self.undecided = True
            if node.never:
                raise Veto("nothing is allowed here", "false")
            if not self._may_begin(node, kind):
                wanted = " or ".join(node.types) or "another kind of value"
                raise Veto(f"expected {wanted}, found {FOUND[Kind(kind)]}", "type")
        if kind & (Kind.OBJECT | Kind.ARRAY):
            self._enclosing.append(self._cursor)
            self._cursor = self._next

    def begin_key(self) -> None:
        """A key begins."""

    def more(self, size: int) -> None:
        """Another key must follow."""

    def key(self, key: str) -> None:
        """A key is complete: veto it where the object may not have it."""
        self._next = at_key(self._cursor, key)
        for node in self._next:
            if node.never:
                known = ", ".join(sorted(_known_keys(self._cursor))) or "none"
                raise Veto(f"{shown(key)} is not a known key; known are: {known}", "additionalProperties")

    def item(self, index: int) -> None:
        """Another item of the current array comes next: veto it where the array is full."""
        for node in self._cursor:
            # Pydantic counts the members of a set when it has put equal ones together.
            if index >= node.max_items and not (self._coerce and node.unique_items):
                raise Veto(f"expected at most {int(node.max_items)} items", "maxItems")
        self._next = at_index(self._cursor, index)

    def scalar(self, value: JsonValue) -> None:
        """A string, number, boolean or null is complete."""
        for node in self._next:
            if self._coerce:
                _assert_coerced(node, value)
            elif _of_type(node, value):
                _assert(node.scalar_assertions, value)
            else:
                raise Veto(f"expected {' or '.join(node.types)}, found {shown(value)}", "type")

    def close(self, container: JsonValue) -> None:
        """An object or array is complete."""
        for node in self._cursor:
            if is_object(container):
                missing = [key for key in node.required if key not in container]
                if missing:
                    raise Veto(f"missing: {', '.join(missing)}", "required")
            elif node.unique_items and not self._coerce and is_array(container):
                index = repeated(container)
                if index is not None:
                    raise Veto(f"expected items that differ, found {shown(container[index])} twice", "uniqueItems")
            _assert(node.container_assertions, container)
        self._cursor = self._enclosing.pop()


def _known_keys(cursor: Cursor) -> set[str]:
    return {key for node in cursor for key, inner in node.properties.items() if not inner.never}


def _assert(assertions: tuple[Assertion, ...], value: Any) -> None:
    for keyword, test in assertions:
        problem = test(value)
        if problem is not None:
            raise Veto(problem, keyword)


def _assert_coerced(node: Node, value: JsonValue) -> None:
    """As `_assert`, but only of a value that pydantic would take as it is; what it makes of another is its matter."""
    if not _of_type(node, value) or (isinstance(value, bool) and "boolean" not in node.types):
        return  # true may still become 1
    for keyword, test in node.scalar_assertions:
        problem = test(value)
        if problem is not None and not (keyword == "maxLength" and test(str(value).strip()) is None):  # it may strip
            raise Veto(problem, keyword)


def _may_begin(node: Node, kind: int) -> bool:
    return bool(node.kinds & kind)


def _may_begin_coerced(node: Node, kind: int) -> bool:
    """As `_may_begin`, but a number or boolean may be written as another scalar, and a formatted string as a number."""
    if node.kinds & kind:
        return True
    if not kind & _SCALARS:
        return False
    return bool(node.kinds & (Kind.NUMBER | Kind.BOOLEAN)) or (node.formatted and bool(node.kinds & Kind.STRING))


def _of_type(node: Node, value: JsonValue) -> bool:
    """Whether a complete scalar is of one of the node's types, 1.0 being an integer."""
    if not node.types:
        return True
    if isinstance(value, bool):
        return "boolean" in node.types
    if isinstance(value, int | float):
        return "number" in node.types or ("integer" in node.types and (isinstance(value, int) or value.is_integer()))
    return ("null" if value is None else "string") in node.types
