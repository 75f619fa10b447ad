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
