"""What strict JSON reads in a text, and whether two JSON values are the same. It knows nothing of calls.

Made of the standard library's reader, which takes more than it should; the rest is refused here. A number that is
written differently is the same only if it is of the same type: 1 is not 1.0, and neither is true.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn, TypeGuard

from millstream.events import JsonValue, Path

_BLANK = " \t\r\n"


class Missing(LookupError):
    """There is no value at that path."""


def is_blank(text: str) -> bool:
    """Whether a text holds nothing but JSON's white space."""
    return not text.strip(_BLANK)


def same_text(one: str, other: str) -> bool:
    """Whether two argument texts differ at most in white space around them."""
    return one.strip(_BLANK) == other.strip(_BLANK)


def read_strictly(text: str) -> JsonValue:
    """The value of a JSON text.

    Raises:
        ValueError: not JSON, or with duplicate keys, NaN, Infinity, a lone surrogate, a number too large for a float,
            or nested too deeply to be read.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_float)
    except RecursionError as error:
        raise ValueError("nested too deeply to be read") from error
    _refuse_surrogates(value)
    return value


def same_json(one: JsonValue, other: JsonValue) -> bool:
    """Whether two JSON values are equal and of the same types throughout; the order of keys does not matter."""
    pairs: list[tuple[Any, Any]] = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if type(left) is not type(right):
            return False
        if _is_object(left):
            if left.keys() != right.keys():
                return False
            pairs += ((left[key], right[key]) for key in left)
        elif _is_array(left):
            if len(left) != len(right):
                return False
            pairs += zip(left, right, strict=True)
        elif left != right:
            return False
    return True


def value_at(document: JsonValue, path: Path) -> JsonValue:
    """The value at `path` in `document`.

    Raises:
        Missing: there is none.
    """
    value = document
    for step in path:
        if not _holds(value, step):
            raise Missing(path)
        value = value[step]
    return value


def _holds(value: JsonValue, step: str | int) -> bool:
    if _is_object(value):
        return isinstance(step, str) and step in value
    return _is_array(value) and isinstance(step, int) and 0 <= step < len(value)


def _is_object(value: JsonValue) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_array(value: JsonValue) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object with a duplicate key")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large for a float")
    return number


def _refuse_surrogates(document: JsonValue) -> None:
    values: list[Any] = [document]
    while values:
        value = values.pop()
        if isinstance(value, str):
            # Python joins a proper pair of escapes into one character, so any surrogate left is a lone one.
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise ValueError("a string with a lone surrogate") from error
        elif _is_object(value):
            values += value.keys()
            values += value.values()
        elif _is_array(value):
            values += value
