"""Fields of messages that anyone may have written: of the type they should be, or the value that stands for none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from millstream.events.values import is_array, is_object


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """A text, "" where it is absent or something else."""
    value: object = fields.get(name)
    return value if isinstance(value, str) else ""


def int_of(fields: Mapping[str, Any], name: str) -> int:
    """A whole number, 0 where it is absent or something else."""
    value: object = fields.get(name)
    return value if isinstance(value, int) else 0


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of an array, [] where there is none."""
    return [one for one in value if is_object(one)] if is_array(value) else []


def over(request: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A request with the fields that the user gave over it; where both have an object, its own fields are over it.

    So `{"reasoning": {"summary": "auto"}}` stands beside an effort that a setting asked for.
    """
    both = {
        name: {**request[name], **given[name]} for name in request.keys() & given.keys() if _both(name, request, given)
    }
    return {**request, **given, **both}


def _both(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return is_object(one[name]) and is_object(other[name])
