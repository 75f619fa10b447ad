"""Equality as JSON Schema defines it: 1 and 1.0 are equal, 1 and true are not."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

from millstream.events.values import JsonValue, is_array, is_object


def json_equal(left: JsonValue, right: JsonValue) -> bool:
    """Whether two JSON values are the same value."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_object(left) and is_object(right):
        return left.keys() == right.keys() and all(json_equal(value, right[key]) for key, value in left.items())
    if is_array(left) and is_array(right):
        return len(left) == len(right) and all(map(json_equal, left, right))
    return bool(left == right)


def repeated(items: list[JsonValue]) -> int | None:
    """The index of the first item that is equal to an earlier one; None where all differ. Linear in their text."""
    seen: set[Hashable] = set()
    for index, item in enumerate(items):
        key = identity(item)
        if key in seen:
            return index
        seen.add(key)
    return None


def identity(value: JsonValue) -> Hashable:
    """Something that is equal for equal values and only for these.

    Numbers as text: the hashes of strings are random, those of numbers can be made to collide.
    """
    if is_object(value):
        return frozenset((key, identity(inner)) for key, inner in value.items())
    if is_array(value):
        return ("array", *map(identity, value))
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, int | float):
        return ("number", str(int(value)) if value == int(value) else repr(value))
    return cast("str | None", value)
