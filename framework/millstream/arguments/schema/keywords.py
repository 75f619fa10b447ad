"""The assertions on whole values: enum, const, bounds, lengths, patterns and what keys demand of each other.

Each function makes, of one subschema, a test that gives a sentence for the model where a value fails it, and applies
to the Python types that `assertions` names beside it; of any other the keyword holds, as JSON Schema says. `required`,
`maxItems`, `maxProperties` and `uniqueItems` are the checker's, which can tell earlier.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from millstream.arguments.schema.equality import json_equal
from millstream.arguments.schema.node import (
    ARRAY,
    FALSE,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    TRUE,
    Assertion,
    Test,
    Values,
)
from millstream.events.values import JsonValue, is_array, is_object

_MAX_SHOWN: Final = 200
_MAX_LISTED: Final = 400

_Schema: TypeAlias = Mapping[str, Any]
_NUMBERS: Final = (int, float)
_EVERY: Final = (str, int, float, bool, type(None), dict, list)


def shown(value: JsonValue) -> str:
    """A JSON value within a message, at most 200 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def listed(values: Iterable[JsonValue]) -> str:
    """JSON values within a message, as many as fit in some 400 characters, and how many more there are."""
    texts = [shown(value) for value in values]
    taken = 0
    for n, text in enumerate(texts):
        taken += len(text) + 2
        if taken > _MAX_LISTED and n:
            return f"{', '.join(texts[:n])} and {len(texts) - n} more"
    return ", ".join(texts)


def only(allowed: list[JsonValue]) -> str:
    """What an `enum` or `const` wants, in words."""
    return f"one of {listed(allowed)}" if len(allowed) != 1 else shown(allowed[0])


def _allowed(schema: _Schema, keyword: str) -> list[JsonValue]:
    allowed: list[JsonValue] = schema["enum"] if keyword == "enum" else [schema["const"]]
    return allowed


def _among(keyword: str) -> Callable[[_Schema], Test]:
    def make(schema: _Schema) -> Test:
        allowed = _allowed(schema, keyword)
        words = frozenset(one for one in allowed if isinstance(one, str))
        others = [one for one in allowed if not isinstance(one, str)]

        def test(value: JsonValue) -> str | None:
            if value in words if isinstance(value, str) else any(json_equal(value, one) for one in others):
                return None
            return f"expected {only(allowed)}{';' if len(allowed) > 1 else ','} found {shown(value)}"

        return test

    return make


def _bound(keyword: str, words: str, holds: Callable[[Any, Any], bool]) -> Callable[[_Schema], Test]:
    def make(schema: _Schema) -> Test:
        bound = schema[keyword]
        return lambda value: None if holds(value, bound) else f"expected a number {words} {bound}, found {shown(value)}"

    return make


def _size(keyword: str, unit: str, words: str, holds: Callable[[Any, Any], bool]) -> Callable[[_Schema], Test]:
    def make(schema: _Schema) -> Test:
        bound = schema[keyword]

        def test(value: Any) -> str | None:
            size = len(value)
            return None if holds(size, bound) else f"expected {words} {int(bound)} {unit}, found {size}"

        return test

    return make


def _at_least(value: Any, bound: Any) -> bool:
    return bool(value >= bound)


def _at_most(value: Any, bound: Any) -> bool:
    return bool(value <= bound)


def _multiple_of(schema: _Schema) -> Test:
    divisor = schema["multipleOf"]

    def test(value: Any) -> str | None:
        if isinstance(divisor, float):
            # As jsonschema does it, not exactly: 0.3 is no multiple of 0.1. It may raise OverflowError, as there.
            quotient = value / divisor
            holds = quotient == int(quotient)
        else:
            holds = not value % divisor
        return None if holds else f"expected a multiple of {divisor}, found {shown(value)}"

    return test


def _pattern(schema: _Schema) -> Test:
    pattern = schema["pattern"]
    search = re.compile(pattern).search
    return lambda value: (
        None if search(str(value)) else f"expected a string that matches {shown(pattern)}, found {shown(value)}"
    )


def _dependent_required(keyword: str) -> Callable[[_Schema], Test]:
    def make(schema: _Schema) -> Test:
        needs: dict[str, list[str]] = {key: keys for key, keys in schema[keyword].items() if is_array(keys)}

        def test(value: JsonValue) -> str | None:
            assert is_object(value)
            for key, keys in needs.items():
                missing = [one for one in keys if one not in value] if key in value else ()
                if missing:
                    return f"missing: {', '.join(missing)}, which {shown(key)} needs beside it"
            return None

        return test

    return make


_TESTS: Final[dict[str, tuple[Callable[[_Schema], Test], tuple[type, ...]]]] = {
    "enum": (_among("enum"), _EVERY),
    "const": (_among("const"), _EVERY),
    "minimum": (_bound("minimum", "of at least", _at_least), _NUMBERS),
    "maximum": (_bound("maximum", "of at most", _at_most), _NUMBERS),
    "exclusiveMinimum": (
        _bound("exclusiveMinimum", "greater than", lambda value, bound: bool(value > bound)),
        _NUMBERS,
    ),
    "exclusiveMaximum": (_bound("exclusiveMaximum", "less than", lambda value, bound: bool(value < bound)), _NUMBERS),
    "multipleOf": (_multiple_of, _NUMBERS),
    "minLength": (_size("minLength", "characters", "at least", _at_least), (str,)),
    "maxLength": (_size("maxLength", "characters", "at most", _at_most), (str,)),
    "pattern": (_pattern, (str,)),
    "minItems": (_size("minItems", "items", "at least", _at_least), (list,)),
    "minProperties": (_size("minProperties", "keys", "at least", _at_least), (dict,)),
    "dependentRequired": (_dependent_required("dependentRequired"), (dict,)),
    "dependencies": (_dependent_required("dependencies"), (dict,)),
}
DECIDED: Final = frozenset(_TESTS)
"""The keywords this module decides, `dependencies` as far as it names keys."""


def assertions(schema: _Schema) -> tuple[Assertion, ...]:
    """The tests of `schema` for complete values."""
    return tuple(
        Assertion(keyword, make(schema), types) for keyword, (make, types) in _TESTS.items() if keyword in schema
    )


def format_assertion(name: str, holds: Callable[[JsonValue], bool]) -> Assertion:
    """The test of a string's `format`, as far as `holds` can tell."""

    def test(value: JsonValue) -> str | None:
        return None if holds(value) else f"expected a string of the format {name}, found {shown(value)}"

    return Assertion("format", test, (str,))


def allowed_values(schema: _Schema) -> tuple[Values, ...]:
    """What `enum` and `const` allow, as far as the beginning of a value shows it."""
    found: list[Values] = []
    for keyword in ("enum", "const"):
        if keyword in schema:
            allowed = _allowed(schema, keyword)
            kinds = 0
            for one in allowed:
                kinds |= _kind(one)
            found.append(Values(keyword, kinds, tuple(one for one in allowed if isinstance(one, str)), only(allowed)))
    return tuple(found)


def _kind(value: JsonValue) -> int:
    if value is True:
        return TRUE
    if value is False:
        return FALSE
    if value is None:
        return NULL
    if isinstance(value, str):
        return STRING
    if isinstance(value, int | float):
        return NUMBER
    return OBJECT if is_object(value) else ARRAY
