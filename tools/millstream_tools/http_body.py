"""The bytes of an HTTP body -> text or a JSON value. Pure, and no body or header makes it fail or be slow."""

from __future__ import annotations

import codecs
import json
import math
from email.message import Message
from typing import Any, Final, NoReturn

_TEXTS: Final = ("application/json", "application/xml", "application/yaml", "application/javascript")
# Not every codec that Python has: a server could choose one that takes quadratic time, such as punycode.
_NAMES: Final = (
    "utf-8 ascii iso8859-1 iso8859-2 iso8859-9 iso8859-15 cp1250 cp1251 cp1252 koi8-r utf-16 utf-16-le utf-16-be"
    " shift_jis euc_jp gb2312 gbk gb18030 big5 euc_kr"
)
_CHARSETS: Final = frozenset(_NAMES.split())


class ContentType:
    """What a `content-type` header says: the media type, and the charset where it is one we read, else UTF-8."""

    def __init__(self, header: str) -> None:
        message = Message()
        message["content-type"] = header
        self.media_type = message.get_content_type() if header else ""
        self.charset = _known(message.get_param("charset"))

    @property
    def is_json(self) -> bool:
        """Whether the body should be JSON."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    @property
    def is_text(self) -> bool:
        """Whether a body of this type can be read at all; one without a type is tried."""
        kinds = ("text/", *_TEXTS)
        return not self.media_type or self.media_type.startswith(kinds) or self.media_type.endswith(("+json", "+xml"))


def decode(body: bytes, type_: ContentType, *, whole: bool) -> Any:
    """The JSON value of a whole JSON body, else the text; what can not be decoded becomes U+FFFD."""
    text = body.decode(type_.charset, "replace")
    if whole and type_.is_json:
        try:
            return json.loads(text, parse_constant=_no_json, parse_float=_finite)
        except (ValueError, RecursionError):
            pass  # it says it is JSON and is not: the text is what there is
    return text


def _known(charset: object) -> str:
    try:
        name = codecs.lookup(str(charset)).name if charset is not None else "utf-8"
    except (LookupError, ValueError):
        return "utf-8"
    return name if name in _CHARSETS else "utf-8"


def _finite(text: str) -> float:
    return value if math.isfinite(value := float(text)) else _no_json(text)


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")
