"""What a tool returned -> a JSON value. With `toolbox.signature` and `toolbox.json_schema` the home of pydantic.

Images and files are taken out before, by `toolbox.output`: here they are refused, with a word on where they may stand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from millstream.events import JsonValue
from millstream.events.values import is_array, is_object
from millstream.transcript import MediaPart

_MEDIA_KEYS: Final = frozenset(field.name for field in fields(MediaPart))
_LARGE_INT: Final = 1 << 1024  # from some digits on Python refuses to write an int, so a larger one is tried
_BYTES: Final = 'decode bytes to text, or return an image or a file as MediaPart.of_bytes(data, "image/png")'


class NotJson(Exception):
    """A tool returned something that no JSON value stands for."""


def to_json(value: Any) -> JsonValue:
    """The JSON value of a tool's result: text, numbers, containers, pydantic models, dataclasses, dates, enums, sets.

    Raises:
        NotJson: nothing in JSON stands for it (an object of a class of one's own, NaN, a huge integer, bytes), or an
            image or file stands where none is looked for.
    """
    if value is None or value is True or value is False:
        return value
    if type(value) is str:
        return value if value.isascii() else _printable(value)
    if type(value) is int and abs(value) < _LARGE_INT:
        return value
    refused = f"its result, of type {type(value).__name__}, is no JSON value"
    if isinstance(value, bytes | bytearray | memoryview):
        raise NotJson(f"{refused}: {_BYTES}")
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        plain = to_jsonable_python(value, by_alias=True)
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError) as error:
        hint = f": {_BYTES}" if "utf-8" in str(error) else ""  # pydantic's word for bytes that are no text
        raise NotJson(refused + hint) from error
    if '"media_type"' in text and any(map(_is_media, _objects(plain))):
        raise NotJson("an image or a file stands deep within its result: return it alone, or as an item of a list")
    return plain if text.isascii() else json.loads(_printable(text))


def _printable(text: str) -> str:
    """Text that UTF-8 can carry: lone surrogates, which file names may hold, become U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _objects(value: JsonValue) -> Iterator[dict[str, Any]]:
    """All objects in a JSON value."""
    waiting: list[JsonValue] = [value]
    while waiting:
        one = waiting.pop()
        if is_object(one):
            yield one
            waiting += one.values()
        elif is_array(one):
            waiting += one


def _is_media(value: dict[str, Any]) -> bool:
    """Whether it is what became of a `MediaPart`."""
    return value.keys() == _MEDIA_KEYS and value["type"] == "media"
