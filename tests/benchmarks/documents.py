"""Argument texts of a wanted length, with their schemas: a nested mix, and one long string."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

_LINE: Final = 'def f(x):\n    return "x" * x  # naïve, tab\there\n'


def nested(chars: int) -> str:
    """Orders with items: objects in lists in objects, numbers, escapes, letters beyond ASCII."""
    rows: list[dict[str, Any]] = []
    size = 0
    while size < chars:
        n = len(rows)
        rows.append(
            {
                "id": n,
                "title": f'Ordnung Nr. {n}: "schön" \\ grün',
                "price": n * 1.25,
                "tags": ["alpha", "beta", f"tag-{n}"],
                "address": {"street": f"Rue de la Paix {n}", "city": "Genève", "zip": None},
                "paid": n % 2 == 0,
            }
        )
        size += len(json.dumps(rows[-1], ensure_ascii=False)) + 2
    return json.dumps({"rows": rows}, ensure_ascii=False)


def long_string(chars: int) -> str:
    """A file to be written: one string with line ends and quotes."""
    return json.dumps({"path": "src/main.py", "content": _LINE * (chars // (len(_LINE) + 6) + 1)}, ensure_ascii=False)


NESTED_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer", "minimum": 0},
                    "title": {"type": "string", "maxLength": 200},
                    "price": {"type": "number"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "address": {
                        "type": "object",
                        "properties": {
                            "street": {"type": "string"},
                            "city": {"type": "string"},
                            "zip": {"type": ["string", "null"]},
                        },
                        "required": ["street", "city"],
                        "additionalProperties": False,
                    },
                    "paid": {"type": "boolean"},
                },
                "required": ["id", "title", "price"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["rows"],
    "additionalProperties": False,
}
LONG_STRING_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
    "required": ["path", "content"],
    "additionalProperties": False,
}

SHAPES: Final[dict[str, tuple[Callable[[int], str], dict[str, Any]]]] = {
    "nested": (nested, NESTED_SCHEMA),
    "one string": (long_string, LONG_STRING_SCHEMA),
}
