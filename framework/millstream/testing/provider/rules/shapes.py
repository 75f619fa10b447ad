"""JSON values: strict parsing, and guards that tell type checkers what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeAlias, TypeGuard

Json: TypeAlias = Any
Object: TypeAlias = Mapping[str, Any]


def is_json(text: str) -> bool:
    """Whether the text is JSON; NaN and Infinity are not, a number of any length is."""
    try:
        json.loads(text, parse_constant=_no_constant, parse_int=float)
    except (ValueError, RecursionError):
        return False
    return True


def is_object(value: Json) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Json) -> TypeGuard[list[Json]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON"
    raise ValueError(message)
