"""What a tool returned -> a JSON value. With `toolbox.signature` and `toolbox.json_schema` the home of pydantic."""

from __future__ import annotations

import json
from typing import Any

from millstream.events import JsonValue


class NotJson(Exception):
    """A tool returned something that no JSON value stands for."""


def to_json(value: Any) -> JsonValue:
    """The JSON value of a tool's result: text, numbers, containers, pydantic models, dataclasses, dates, enums, sets.

    Raises:
        NotJson: nothing in JSON stands for it (an object of a class of one's own, NaN, bytes that are not text).
    """
    if value is None or value is True or value is False or type(value) is int:
        return value
    if type(value) is str:
        return value if value.isascii() else _printable(value)
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        plain = to_jsonable_python(value, by_alias=True)
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError) as error:
        message = f"its result, of type {type(value).__name__}, is no JSON value"
        raise NotJson(message) from error
    return plain if text.isascii() else json.loads(_printable(text))


def _printable(text: str) -> str:
    """Text that UTF-8 can carry: lone surrogates, which file names may hold, become U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
