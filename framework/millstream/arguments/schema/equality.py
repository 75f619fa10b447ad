"""Equality as JSON Schema defines it: 1 and 1.0 are equal, 1 and true are not."""

from __future__ import annotations

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
