"""What a provider says when it refuses or fails: error objects, error bodies, HTTP statuses -> `WireError`.

The shapes are those that OpenAI and the servers that imitate it send: `{"error": {…}}`, `{"error": "…"}`, a flat object
with `message`, `{"detail": …}`, or no JSON at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from millstream.errors import Phase, WireError
from millstream.events.values import is_array, is_object

_RETRYABLE_STATUS: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
_RETRYABLE_WORDS: Final = frozenset(
    (
        "api_error",
        "engine_overloaded",
        "internal_error",
        "internal_server_error",
        "overloaded",
        "overloaded_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "server_error",
        "server_overloaded",
        "service_unavailable",
        "throttling_error",
        "timeout",
        "too_many_requests",
        "vector_store_timeout",
    )
)
"""Codes and types of errors that came within a stream; where there was an HTTP status it decides."""
_FINAL_WORDS: Final = frozenset(("insufficient_quota", "billing_hard_limit_reached"))
"""Sent with status 429, and yet no waiting helps."""
_HINTS: Final = {
    401: "Check the API key: its environment variable, or api_key= of the Model.",
    403: "The key is known but may not do this: check the project, the region and the model.",
    404: "Check the model's name and the base URL.",
    413: "The request is too large: send less history or smaller results.",
}


def error_from_object(error: object, *, status: int | None = None, phase: Phase = "stream") -> WireError:
    """The `WireError` of a provider's error object (or of its text, where it is only a text)."""
    fields: Mapping[str, Any] = error if is_object(error) else {"message": error}
    message = fields.get("message") or fields.get("detail") or fields.get("error_message") or fields.get("msg")
    message = message or fields.get("Message")  # what stands before Bedrock, where an API key is wrong
    code, kind = fields.get("code"), fields.get("type")
    if is_array(message):
        message = "; ".join(str(one.get("msg", one)) if is_object(one) else str(one) for one in message)
    words = {str(code).lower(), str(kind).lower()}
    if status is not None:
        retryable = status in _RETRYABLE_STATUS
    else:
        retryable = _status(fields, code) in _RETRYABLE_STATUS or bool(words & _RETRYABLE_WORDS)
    return WireError(
        f"the provider says: {_short(message) if message else 'nothing about what went wrong'}{_upstream(fields)}",
        phase=phase,
        status=status,
        code=_code(code) or _code(kind),
        kind=str(_code(kind) or ""),
        retryable=retryable and not words & _FINAL_WORDS,
        hint=_HINTS.get(status or 0, ""),
    )


def torn(message: str) -> WireError:
    """A response that broke off: the same request may succeed."""
    hint = "Ask again; the error's transcript holds what was said and done."
    return WireError(message, kind="torn", retryable=True, hint=hint)


def error_in(message: Mapping[str, Any], event: str = "") -> object | None:
    """The error that a message of a stream reports, for `error_from_object`; None where it reports none.

    It stands under `error`, whatever else the message holds, or is the message itself where that is named an error.
    """
    error: object = message.get("error")
    if is_object(error) and error:
        return {"status": message.get("status")} | error
    if error:
        return {**message, "message": error}
    if event == "error" or message.get("type") == "error":
        return {key: value for key, value in message.items() if (key, value) != ("type", "error")}
    return None


def error_from_body(body: bytes, *, status: int | None = None, phase: Phase = "stream") -> WireError:
    """The `WireError` of a body that is not a stream: a JSON error, another JSON document, HTML, or anything."""
    text = body.decode(errors="replace").strip()
    try:
        data: object = json.loads(text)
    except (ValueError, RecursionError):
        return _error_from_text(text, status, phase)
    if is_array(data) and data:
        data = data[0]
    if is_object(data):
        for field in ("error", "errors", "detail", "message", "Message"):
            inner = data.get(field)
            if inner:
                return error_from_object(
                    inner if is_object(inner) else {**data, "message": inner}, status=status, phase=phase
                )
    return WireError(
        f"the provider answered with one JSON document instead of a stream: {_short(text)}",
        phase=phase,
        status=status,
        kind="protocol",
        hint="Check the base URL, and that the server can stream.",
    )


def _error_from_text(text: str, status: int | None, phase: Phase) -> WireError:
    is_html = text[:200].lower().lstrip().startswith(("<!doctype html", "<html"))
    title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE) if is_html else None
    if is_html:
        what = f"an HTML page{f' ({title[1].strip()})' if title else ''}"
    else:
        what = f"a body that is neither a stream nor JSON: {_short(text)}" if text else "an empty body"
    return WireError(
        f"the provider, or a proxy before it, answered with {what}",
        phase=phase,
        status=status,
        kind="protocol",
        retryable=status in _RETRYABLE_STATUS,
        hint=_HINTS.get(status or 0, "Check the base URL; a proxy may stand between."),
    )


def _status(fields: Mapping[str, Any], code: object) -> int | None:
    """An HTTP status that a provider put into the error object of a stream whose own status was 200."""
    for value in (fields.get("status_code"), fields.get("status"), code):
        if re.fullmatch("[45][0-9][0-9]", str(value)):  # LiteLLM sends it as text
            return int(str(value))
    return None


def _code(value: object) -> str | int | None:
    return value if isinstance(value, int) else _short(value) if isinstance(value, str) and value else None


def _upstream(fields: Mapping[str, Any]) -> str:
    """What OpenRouter passes on of the provider behind it; its own message is only "Provider returned error"."""
    metadata: object = fields.get("metadata")
    raw = metadata.get("raw") if is_object(metadata) else None
    return f" ({_short(raw)})" if raw else ""


def _short(text: object) -> str:
    shown = str(text).encode(errors="replace").decode()  # half a character can not be written down
    return shown if len(shown) <= 500 else shown[:500] + "…"  # noqa: PLR2004  a sentence or two, not a page
