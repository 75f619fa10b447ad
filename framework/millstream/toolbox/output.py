"""What a tool returned -> what its call ends with: a JSON value, and where in it images and files stand.

And back again: the parts of which the model's copy is made. The form of an image in JSON is told at `CallReturned`.
Everything that a provider would refuse for good is refused here: an image that is in a history stays in it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from millstream.arguments.assembler import canonical
from millstream.events import JsonValue
from millstream.limits import Limits
from millstream.toolbox.results import NotJson, to_json
from millstream.transcript import JsonPart, MediaPart, Part, TextPart

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(;.*)?", re.ASCII)
_URL: Final = re.compile(r"(https?|gs|s3)://\S+|data:\S+")
_Items: TypeAlias = Sequence[object]


@dataclass(frozen=True, slots=True)
class Output:
    """What a tool gave; `media` are the places of images and files in `value`, which is a list then."""

    value: JsonValue
    media: tuple[int, ...] = ()


def output_of(returned: Any, limits: Limits) -> Output:
    """What a tool gave, of what its function returned: JSON, or images and files, alone or in a list with text.

    Raises:
        NotJson: nothing stands for it, or it is more than the limits allow; the text is for the model.
    """
    items = _items(returned)
    if not any(isinstance(item, MediaPart) for item in items):
        return Output(to_json(returned))
    media = tuple(place for place, item in enumerate(items) if isinstance(item, MediaPart))
    _check_size([item for item in items if isinstance(item, MediaPart)], limits)
    return Output([_value(item) for item in items], media)


def parts_of(output: Output) -> tuple[Part, ...]:
    """What a tool gave as parts for the model: one text, or texts with images and files between."""
    if not output.media:
        return (TextPart(_text(output.value)),)
    parts: list[Part] = []
    for place, item in enumerate(output.value):
        if place in output.media:
            parts.append(MediaPart(item["media_type"], item.get("base64"), item.get("url"), item.get("name")))
        elif parts and isinstance(parts[-1], TextPart):
            parts[-1] = TextPart(f"{parts[-1].text}\n{_text(item)}")
        else:
            parts.append(TextPart(_text(item)))
    return tuple(parts)


def _items(returned: object) -> _Items:
    return cast("_Items", returned) if isinstance(returned, list | tuple) else (returned,)


def _value(item: object) -> JsonValue:
    match item:
        case MediaPart():
            return _media(item)
        case TextPart(text=text):
            return to_json(text)
        case JsonPart(value=value):
            return to_json(value)
        case _:
            return to_json(item)


def _media(part: MediaPart) -> JsonValue:
    source = {"url": part.url} if part.base64 is None else {"base64": part.base64}
    name = {} if part.name is None else {"name": to_json(part.name)}
    return {"type": "media", "media_type": part.media_type, **source, **name}


def _check_size(parts: Sequence[MediaPart], limits: Limits) -> None:
    count = len(parts)
    if count > limits.max_media_parts:
        raise NotJson(f"it returned {count} images and files, at most {limits.max_media_parts} fit in a result")
    data_bytes = sum(_data_bytes(part.base64) for part in parts)
    if data_bytes > limits.max_media_bytes:
        raise NotJson(
            f"it returned images or files of {data_bytes} bytes, at most {limits.max_media_bytes} fit in a result: "
            "ask for a smaller one, or for a part of it"
        )
    for part in parts:
        _check(part)


def _data_bytes(data: object) -> int:
    return len(data) * 3 // 4 - data[-2:].count("=") if isinstance(data, str) else 0


def _check(part: MediaPart) -> None:
    """Refuse what every provider would refuse.

    Raises:
        NotJson: it is empty, its data is no base64, or its media type or URL is none.
    """
    media_type, data = part.media_type, part.base64
    if not _matches(_MEDIA_TYPE, media_type):
        raise NotJson('an image or file has no media type: MediaPart.of_bytes(data, "image/png")')
    if data is None:
        if not _matches(_URL, part.url):
            raise NotJson(f"a MediaPart of {media_type} holds neither data nor a URL: MediaPart.of_bytes(data, …)")
        return
    if part.url is not None:
        raise NotJson(f"a MediaPart of {media_type} holds data and a URL: give one of them")
    if not _is_base64(data):
        raise NotJson(f"a MediaPart of {media_type} holds no data in base64: make it with MediaPart.of_bytes(data, …)")


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_base64(data: object) -> bool:
    try:
        return isinstance(data, str) and bool(binascii.a2b_base64(data, strict_mode=True))
    except ValueError:
        return False


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else canonical(value)
