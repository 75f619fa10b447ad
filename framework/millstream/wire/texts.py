"""What several formats write alike: parts as text, names and arguments made valid, usage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from millstream.arguments.assembler import canonical
from millstream.arguments.preview import preview
from millstream.events.values import Usage, is_object
from millstream.transcript import JsonPart, MediaPart, Part, TextPart
from millstream.wire.fields import int_of

_IMAGES: Final = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))


def text_of(parts: tuple[Part, ...]) -> str:
    """The parts as one text: JSON compact, media named."""
    return "\n".join(map(_text, parts))


def words_of(parts: tuple[Part, ...]) -> str:
    """The parts as one text where nothing else can be sent: the model is told which images and files it can not see.

    A result of a tool is written so where the wire has no place for what is in it: no run fails because of that.
    """
    return "\n".join(map(_words, parts))


def _words(part: Part) -> str:
    text = _text(part)
    return f"{text[:-1]}: it can not be shown to you here]" if isinstance(part, MediaPart) else text


def _text(part: Part) -> str:
    match part:
        case TextPart(text=text):
            return text
        case JsonPart(value=value):
            return canonical(value)
        case MediaPart(media_type=media_type, name=name):
            return f"[{media_type}{f' {name}' if name else ''}]"


def is_common_image(part: MediaPart) -> bool:
    """Whether it is an image of a type that every API that takes images takes."""
    return part.media_type.partition(";")[0].strip().lower() in _IMAGES


def content_of(parts: tuple[Part, ...], written: Callable[[Part], dict[str, Any]]) -> str | list[dict[str, Any]]:
    """The content of a message: text where the parts are nothing else, else a list with each part as `written`."""
    return text_of(parts) if all(isinstance(part, TextPart) for part in parts) else [written(part) for part in parts]


def url_of(part: MediaPart) -> str:
    """The URL of an image or file, its data as one where it has none."""
    return part.url or f"data:{part.media_type};base64,{part.base64}"


def valid_args(args_text: str) -> str:
    """Argument text as a history may hold it: itself if it is JSON, else the nearest JSON text, else `{}`.

    Some servers answer a history with broken argument text with status 500. The text stands in, nothing runs from it.
    """
    if _is_json(args_text):
        return args_text
    nearest = preview(args_text)
    return nearest if nearest is not None and _is_json(nearest) else "{}"


def object_args(args_text: str) -> dict[str, Any]:
    """Arguments as a history may hold them on a wire that wants an object: `{}` where the text is none.

    So it is too where JSON in UTF-8 could not carry them on: half a character, a number beyond all doubles.
    """
    value: object = json.loads(valid_args(args_text))
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return {}
    return value if is_object(value) else {}


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def valid_name(name: str, max_chars: int) -> str:
    """The name of a call as a history may hold it: providers refuse one that is empty or has other characters."""
    return re.sub("[^A-Za-z0-9_-]", "_", name)[:max_chars] or "_"


def count(usage: Mapping[str, Any], name: str, detail: str = "") -> int:
    """A token count of a usage object, or of one of its detail objects; 0 where it is not given."""
    holder: object = usage.get(detail) if detail else usage
    return int_of(holder, name) if is_object(holder) else 0


def usage_from(raw: Mapping[str, Any], input_name: str, output_name: str) -> Usage:
    """The usage object of OpenAI's two wires, whose fields differ only by the words for input and output."""
    return Usage(
        input_tokens=count(raw, f"{input_name}_tokens"),
        output_tokens=count(raw, f"{output_name}_tokens"),
        cached_input_tokens=count(raw, "cached_tokens", f"{input_name}_tokens_details"),
        reasoning_tokens=count(raw, "reasoning_tokens", f"{output_name}_tokens_details"),
        raw=raw,
    )
