"""A provider's own data, passed on: made such that JSON in UTF-8 can carry it, whatever its sender wrote."""

from __future__ import annotations

import math

from millstream.events.values import JsonObject, JsonValue, is_array, is_object
from millstream.routing.surrogates import printable


def json_safe(value: JsonValue) -> JsonValue:
    """The value with lone halves of characters shown as U+FFFD, and null for numbers that JSON has no word for."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_object(value):
        return safe_object(value)
    if is_array(value):
        return [json_safe(one) for one in value]
    return value


def safe_object(data: JsonObject) -> JsonObject:
    """An object with all its values made safe."""
    return {printable(key): json_safe(value) for key, value in data.items()}
