"""The two readings of a node: as the schema is written, and lenient.

The lenient one also lets pass what pydantic's lax mode could still make right ("7" for an integer), and asserts only
what that never changes: the verdict is then left to the binding.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final, TypeAlias

from millstream.arguments.schema.keywords import shown
from millstream.arguments.schema.node import BOOLEAN, NUMBER, SCALARS, STRING, Assertion, Node, Nodes, Test, Values
from millstream.arguments.schema.prefixes import Automaton
from millstream.arguments.schema.watch import (
    LengthWatch,
    Owner,
    PatternWatch,
    StrippedLengthWatch,
    Vocabulary,
    Watch,
    WordWatch,
)

_TYPES: Final = (str, int, float, bool, type(None), dict, list)
_LENIENT: Final = {
    *("enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minLength", "maxLength", "minItems", "minProperties"),
}
"""What is asserted where coercion is allowed; the rest pydantic may see otherwise."""

Tests: TypeAlias = tuple[tuple[str, Test], ...]
"""Keywords, each with its test of a whole value."""
MakeWatch: TypeAlias = Callable[[Owner], Watch]
"""What makes a watch for one evaluation of one string."""


def node_kinds(node: Node, *, lenient: bool) -> int:
    """The kinds of values that may begin where `node` must hold."""
    found = node.kinds
    if lenient:
        # A number or boolean may be written as another scalar, and a formatted string as a number.
        coerced = found & (NUMBER | BOOLEAN) or (node.formatted and found & STRING)
        return found | SCALARS if coerced else found
    for one in node.values:
        found &= one.kinds
    return found


def kinds(nodes: Nodes, *, lenient: bool) -> int:
    """The kinds of values that may begin where `nodes` meet."""
    found = -1
    for node in nodes:
        found &= 0 if node.never else node_kinds(node, lenient=lenient)
    return found


def tests(nodes: Nodes, *, lenient: bool) -> dict[type, Tests]:
    """The tests of a whole value, by its Python type."""
    read = _lenient if lenient else _strict
    return {kind: tuple(pair for node in nodes for pair in read(node, kind)) for kind in _TYPES}


def _strict(node: Node, kind: type) -> list[tuple[str, Test]]:
    integers = kind is float and "integer" in node.types and "number" not in node.types
    found: list[tuple[str, Test]] = [("type", _whole(node.types))] if integers else []
    found.extend((one.keyword, one.test) for one in node.assertions if kind in one.types)
    return found


def _whole(types: tuple[str, ...]) -> Test:
    wanted = " or ".join(types)
    return lambda value: (
        None if isinstance(value, float) and value.is_integer() else f"expected {wanted}, found {value!r}"
    )


def _lenient(node: Node, kind: type) -> list[tuple[str, Test]]:
    """Tests of a value that pydantic would take as it is; what it makes of another is its matter."""
    names = {str: ("string",), int: ("integer", "number"), float: ("integer", "number"), bool: ("boolean",)}
    wanted = names.get(kind, ())
    if wanted and not any(name in node.types for name in wanted) and (node.types or kind is bool):
        return []  # true may still become 1
    if kind is type(None) and node.types and "null" not in node.types:
        return []
    whole = kind is float and bool(node.types) and "number" not in node.types
    found: list[tuple[str, Test]] = []
    for one in node.assertions:
        if kind in one.types and one.keyword in _LENIENT:
            test = _stripped(one) if one.keyword == "maxLength" else one.test
            found.append((one.keyword, _if_whole(test) if whole else test))
    return found


def _if_whole(test: Test) -> Test:
    return lambda value: test(value) if isinstance(value, float) and value.is_integer() else None


def _stripped(assertion: Assertion) -> Test:
    test = assertion.test
    return lambda value: test(value) if test(str(value).strip()) is not None else None  # it may strip


def watches(nodes: Nodes, *, lenient: bool) -> tuple[MakeWatch, ...]:
    """What is to see a string grow."""
    return tuple(watch for node in nodes for watch in _watches(node, lenient=lenient))


def _watches(node: Node, *, lenient: bool) -> list[MakeWatch]:
    if lenient and node.types and "string" not in node.types:
        return []
    found = [_words(one) for one in node.values]
    if node.max_length < inf:
        found.append(_length(int(node.max_length), StrippedLengthWatch if lenient else LengthWatch))
    if not lenient:
        found.extend(_pattern(pattern, automaton) for pattern, automaton in node.prefixes)
    return found


def _words(values: Values) -> MakeWatch:
    def why(beginning: str) -> tuple[str, str]:
        return f"expected {values.wanted}; found a string that begins with {shown(beginning)}", values.keyword

    vocabulary = Vocabulary(values.words)
    return lambda owner: WordWatch(owner, vocabulary, why)


def _length(most: int, watch: type[LengthWatch]) -> MakeWatch:
    return lambda owner: watch(owner, most)


def _pattern(pattern: str, automaton: Automaton) -> MakeWatch:
    def why(beginning: str) -> tuple[str, str]:
        wanted = f"expected a string that matches {shown(pattern)}"
        return f"{wanted}, found one that begins with {shown(beginning)}", "pattern"

    return lambda owner: PatternWatch(owner, automaton, why)
