"""A compiled schema following the scanner: refuses at the token that makes a document certainly wrong.

Sound: it refuses only what the final validator would refuse whatever came next. Where coercion is allowed it also lets
pass what pydantic's lax mode could still make right ("7" for an integer), and leaves the verdict to the binding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from millstream.arguments.scanner import Kind, Veto
from millstream.arguments.schema.compile import CompiledSchema
from millstream.arguments.schema.keywords import shown
from millstream.arguments.schema.node import FOUND, Assertion, Cursor, Node, at_index, at_key, closure
from millstream.events.values import JsonValue, is_object

_SCALARS = Kind.STRING | Kind.NUMBER | Kind.BOOLEAN


class SchemaChecker:
    """Follows one document; make a new one for each. `undecided` tells whether the final validator must be asked."""

    __slots__ = ("_cursor", "_enclosing", "_may_begin", "_next", "undecided")

    def __init__(self, schema: CompiledSchema, *, coerce: bool = False) -> None:
        self.undecided = False
        self._cursor: Cursor = ()  # what holds of the innermost open container
        self._next: Cursor = closure((schema.root,))  # what holds of the value that comes next
        self._enclosing: list[Cursor] = []
        self._may_begin: Callable[[Node, Kind], bool] = _may_begin_coerced if coerce else _may_begin

    def begin(self, kind: Kind) -> None:
        """A value of `kind` begins: veto it where the schema wants another kind."""
        for node in self._next:
            if node.undecided:
                self.undecided = True
            if node.never:
                raise Veto("nothing is allowed here", "false")
            if not self._may_begin(node, kind):
                wanted = " or ".join(node.types) or "another kind of value"
                raise Veto(f"expected {wanted}, found {FOUND[kind]}", "type")
        if kind & (Kind.OBJECT | Kind.ARRAY):
            self._enclosing.append(self._cursor)
            self._cursor = self._next

    def key(self, key: str) -> None:
        """A key is complete: veto it where the object may not have it."""
        self._next = at_key(self._cursor, key)
        for node in self._next:
            if node.never:
                known = ", ".join(sorted({name for one in self._cursor for name in one.properties})) or "none"
                raise Veto(f"{shown(key)} is not a known key; known are: {known}", "additionalProperties")

    def item(self, index: int) -> None:
        """Another item of the current array comes next."""
        self._next = at_index(self._cursor, index)

    def scalar(self, value: JsonValue) -> None:
        """A string, number, boolean or null is complete."""
        for node in self._next:
            if not _of_type(node, value):
                if self._may_begin is _may_begin:
                    raise Veto(f"expected integer, found {value}", "type")
                continue  # another kind than the schema's: what the assertions say of it is for the binding
            _assert(node.scalar_assertions, value)

    def close(self, container: JsonValue) -> None:
        """An object or array is complete."""
        for node in self._cursor:
            if is_object(container):
                missing = [key for key in node.required if key not in container]
                if missing:
                    raise Veto(f"missing: {', '.join(missing)}", "required")
            _assert(node.container_assertions, container)
        self._cursor = self._enclosing.pop()


def _assert(assertions: tuple[Assertion, ...], value: Any) -> None:
    for keyword, test in assertions:
        problem = test(value)
        if problem is not None:
            raise Veto(problem, keyword)


def _may_begin(node: Node, kind: Kind) -> bool:
    return bool(node.kinds & kind)


def _may_begin_coerced(node: Node, kind: Kind) -> bool:
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
