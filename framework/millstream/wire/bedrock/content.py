"""Bedrock Converse: parts of messages and results as content blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from millstream.errors import ModelError
from millstream.events.values import is_object
from millstream.transcript import JsonPart, MediaPart, Part
from millstream.wire.texts import text_of, words_of

_Formats = Mapping[str, Mapping[str, str]]

_FORMATS: Final[_Formats] = MappingProxyType(
    {
        "image": {f"image/{name}": name for name in ("png", "jpeg", "gif", "webp")} | {"image/jpg": "jpeg"},
        "video": {
            "video/mp4": "mp4",
            "video/quicktime": "mov",
            "video/webm": "webm",
            "video/mpeg": "mpeg",
            "video/x-matroska": "mkv",
            "video/x-flv": "flv",
            "video/x-ms-wmv": "wmv",
            "video/3gpp": "three_gp",
        },
        "audio": {f"audio/{name}": name for name in ("wav", "aac", "flac", "ogg", "opus", "webm", "mp4")}
        | {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/x-wav": "wav"},
        "document": {
            "application/pdf": "pdf",
            "text/csv": "csv",
            "text/html": "html",
            "text/plain": "txt",
            "text/markdown": "md",
            "application/msword": "doc",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
            "application/vnd.ms-excel": "xls",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        },
    }
)
"""The kind of block, and the media types that botocore's model has a format for."""
_MAX_NAME: Final = 200
_IN_RESULTS: Final = frozenset(("image", "document", "video"))


def user_content(parts: tuple[Part, ...]) -> list[dict[str, Any]]:
    """What the user said. Blank text is left out, the API refuses it.

    Raises:
        ModelError: media that Bedrock takes no block of, or not from where it is.
    """
    written = [_media(part) if isinstance(part, MediaPart) else _text(text_of((part,))) for part in parts]
    return [block for block in written if block is not None]


def result_content(parts: tuple[Part, ...]) -> list[dict[str, Any]]:
    """What a tool gave. Media that no block can hold is named: a run does not fail because of what a tool found.

    Where it gave nothing, that is said: the API refuses blank text, and not every model takes an empty list.
    """
    written = [_result(part) for part in parts]
    return [block for block in written if block is not None] or [{"text": "(no output)"}]


def _result(part: Part) -> dict[str, Any] | None:
    match part:
        case JsonPart(value=value) if is_object(value):  # the API refuses any other value as `json`
            return {"json": value}
        case MediaPart():
            kind = _kind(part)
            fits = kind in _IN_RESULTS and (part.base64 is not None or _is_s3(part))
            return _media(part) if fits else _text(words_of((part,)))
        case _:
            return _text(text_of((part,)))


def _text(text: str) -> dict[str, Any] | None:
    return {"text": text} if text.strip() else None


def _media(part: MediaPart) -> dict[str, Any]:
    kind = _kind(part)
    if kind is None:
        raise ModelError(f"bedrock-converse takes no {part.media_type}: convert it, or send what is in it as text")
    block: dict[str, Any] = {"format": _FORMATS[kind][part.media_type]}
    if kind == "document":
        block["name"] = _document_name(part.name)
    if part.base64 is not None:
        return {kind: block | {"source": {"bytes": part.base64}}}
    if _is_s3(part):
        return {kind: block | {"source": {"s3Location": {"uri": part.url}}}}
    raise ModelError(f"bedrock-converse fetches nothing but s3:// URLs: give the {part.media_type} as base64")


def _kind(part: MediaPart) -> str | None:
    return next((kind for kind, formats in _FORMATS.items() if part.media_type in formats), None)


def _is_s3(part: MediaPart) -> bool:
    return part.url is not None and part.url.startswith("s3://")


def _document_name(name: str | None) -> str:
    """A name with the characters that the API lets through."""
    allowed = re.sub(r"[^A-Za-z0-9()\[\]-]+", " ", name or "").strip()
    return allowed[:_MAX_NAME].strip() or "document"
