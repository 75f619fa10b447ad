"""The assertions on whole values that are decided here: enum, const, bounds and lengths.

Each function makes, of one subschema, a test that gives a sentence for the model where a value fails it. A keyword that
does not apply to a value's kind holds, as JSON Schema says. Which keywords have a test here is `DECIDED`. (`maxItems`
has none: the checker refuses the item that is too many.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sized
from typing import Any, Final

from millstream.arguments.schema.equality import json_equal
from millstream.arguments.schema.node import Assertion
from millstream.events.values import JsonValue

_MAX_SHOWN: Final = 200


def shown(value: JsonValue) -> str:
    """A JSON value within a message, at most 200 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _enum(schema: Mapping[str, Any]) -> Callable[[JsonValue], str | None]:
    allowed = schema["enum"]

    def test(value: JsonValue) -> str | None:
        if any(json_equal(value, one) for one in allowed):
            return None
        return f"expected one of {', '.join(map(shown, allowed))}; found {shown(value)}"

    return test


def _const(schema: Mapping[str, Any]) -> Callable[[JsonValue], str | None]:
    only = schema["const"]
    return lambda value: None if json_equal(value, only) else f"expected {shown(only)}, found {shown(value)}"


def _bound(keyword: str, words: str, holds: Callable[[Any, Any], bool]) -> Callable[..., Callable[..., str | None]]:
    def make(schema: Mapping[str, Any]) -> Callable[[JsonValue], str | None]:
        bound = schema[keyword]
        return lambda value: (
            f"expected a number {words} {bound}, found {shown(value)}"
            if _is_number(value) and not holds(value, bound)
            else None
        )

    return make


def _size(
    keyword: str, kind: type[Sized], unit: str, words: str, holds: Callable[[int, int], bool]
) -> Callable[..., Callable[..., str | None]]:
    def make(schema: Mapping[str, Any]) -> Callable[[JsonValue], str | None]:
        bound = schema[keyword]
        return lambda value: (
            f"expected {words} {int(bound)} {unit}, found {len(value)}"
            if isinstance(value, kind) and not holds(len(value), bound)
            else None
        )

    return make


def _at_least(value: Any, bound: Any) -> bool:
    return bool(value >= bound)


def _at_most(value: Any, bound: Any) -> bool:
    return bool(value <= bound)


_SCALAR: Final[dict[str, Callable[..., Callable[[JsonValue], str | None]]]] = {
    "enum": _enum,
    "const": _const,
    "minimum": _bound("minimum", "of at least", _at_least),
    "maximum": _bound("maximum", "of at most", _at_most),
    "exclusiveMinimum": _bound("exclusiveMinimum", "greater than", lambda value, bound: bool(value > bound)),
    "exclusiveMaximum": _bound("exclusiveMaximum", "less than", lambda value, bound: bool(value < bound)),
    "minLength": _size("minLength", str, "characters", "at least", _at_least),
    "maxLength": _size("maxLength", str, "characters", "at most", _at_most),
}
_CONTAINER: Final[dict[str, Callable[..., Callable[[JsonValue], str | None]]]] = {
    "enum": _enum,
    "const": _const,
    "minItems": _size("minItems", list, "items", "at least", _at_least),
    "minProperties": _size("minProperties", dict, "keys", "at least", _at_least),
    "maxProperties": _size("maxProperties", dict, "keys", "at most", _at_most),
}
DECIDED: Final = frozenset(_SCALAR) | frozenset(_CONTAINER)
"""The keywords this module decides."""


def scalar_assertions(schema: Mapping[str, Any]) -> tuple[Assertion, ...]:
    """The tests of `schema` for a complete string, number, boolean or null."""
    return tuple((keyword, make(schema)) for keyword, make in _SCALAR.items() if keyword in schema)


def container_assertions(schema: Mapping[str, Any]) -> tuple[Assertion, ...]:
    """The tests of `schema` for a complete object or array."""
    return tuple((keyword, make(schema)) for keyword, make in _CONTAINER.items() if keyword in schema)
