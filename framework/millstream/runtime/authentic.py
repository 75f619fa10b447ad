"""JSON text that only the holder of a key can have written: HMAC-SHA256 over its content. It knows nothing of runs."""

from __future__ import annotations

import hmac
import json
import os
from typing import Any, Final

from millstream.arguments.assembler import canonical
from millstream.errors import UsageError
from millstream.events import JsonObject
from millstream.events.values import is_object

KEY_VARIABLE: Final = "MILLSTREAM_STATE_KEY"
_FORMAT: Final = "millstream run state"
_MIN_KEY_BYTES: Final = 16
"""A shorter key can be found by trying."""
_MAKE_ONE: Final = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"


def authenticated(content: JsonObject, version: int, key: str | bytes | None, max_chars: int) -> str:
    """The content as JSON text with a version and an authentication code.

    Raises:
        UsageError: there is no key, or a short one; the content is too large, or is no JSON value.
    """
    secret = _key(key)
    try:
        text = json.dumps(
            {"format": _FORMAT, "version": version, "content": content, "hmac_sha256": _code(content, version, secret)},
            separators=(",", ":"),
            allow_nan=False,
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"the run can not be written down: {error}") from error
    if len(text) > max_chars:
        raise UsageError(f"the state of the run has {len(text):,} characters, and no more than {max_chars:,} are read")
    return text


def authentic(text: str, version: int, key: str | bytes | None, max_chars: int) -> JsonObject:
    """The content of a text that `authenticated` made with the same key.

    Raises:
        UsageError: it is not such a text, or too large, or of a newer version; or there is no key.
    """
    secret = _key(key)
    data = _read(text, max_chars)
    if data.get("version") != version:
        raise UsageError(
            f"this state is of version {data.get('version')!r} and this release of millstream reads {version}: "
            "resume it with the release that wrote it, or a newer one"
        )
    content, code = data.get("content"), data.get("hmac_sha256")
    if not (is_object(content) and isinstance(code, str) and _is_right(code, content, version, secret)):
        raise UsageError("this state was changed, or written with another key: it is not resumed")
    return content


def _read(text: object, max_chars: int) -> dict[str, Any]:
    if not isinstance(text, str):
        raise UsageError(f"the state of a run is the text that state.dump() gave, not {type(text).__name__}")
    if len(text) > max_chars:
        raise UsageError(f"this state has {len(text):,} characters, no more than {max_chars:,} are read")
    try:
        data: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is not the state of a run, nor any JSON: {error}") from error
    if not is_object(data) or data.get("format") != _FORMAT:
        raise UsageError("this JSON is not the state of a run: pass what state.dump() gave")
    return data


def _key(key: str | bytes | None) -> bytes:
    given = os.environ.get(KEY_VARIABLE) if key is None else key
    if not given:
        raise UsageError(
            f"a state is authenticated with a key your processes share: set {KEY_VARIABLE}, or pass key=; {_MAKE_ONE}"
        )
    secret = given.encode() if isinstance(given, str) else given
    if len(secret) < _MIN_KEY_BYTES:
        raise UsageError(f"the key of a state has {len(secret)} bytes and needs {_MIN_KEY_BYTES} at least; {_MAKE_ONE}")
    return secret


def _is_right(code: str, content: JsonObject, version: int, secret: bytes) -> bool:
    try:
        expected = _code(content, version, secret)
    except (ValueError, RecursionError):  # NaN or a depth that `authenticated` never writes
        return False
    return hmac.compare_digest(code.encode(errors="replace"), expected.encode())


def _code(content: JsonObject, version: int, secret: bytes) -> str:
    text = f"{_FORMAT} {version}\n{canonical(content)}"
    return hmac.new(secret, text.encode(errors="surrogatepass"), "sha256").hexdigest()
