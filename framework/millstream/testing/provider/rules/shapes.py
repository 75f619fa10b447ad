"""JSON values by their shape: guards that tell type checkers what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeGuard

Json: TypeAlias = Any
Object: TypeAlias = Mapping[str, Any]


def is_object(value: Json) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Json) -> TypeGuard[list[Json]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)
