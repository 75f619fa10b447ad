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
from millstream.wire.fields import objects

_RETRYABLE_STATUS: Final = frozenset({408, 409, 425, 429, *range(500, 600)} - {501})
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
        "timeout_error",
        "too_many_requests",
        "vector_store_timeout",
    )
)
"""Codes and types of errors that came within a stream; where there was an HTTP status it decides."""
_FINAL_WORDS: Final = frozenset(("insufficient_quota", "billing_hard_limit_reached"))
"""Sent with status 429, and yet no waiting helps."""
_NO_CREDIT: Final = "No waiting helps: look at the plan and the billing page of the account."
_TOO_LONG: Final = "The conversation is longer than the model can read: send less history or smaller results."
_HINTS: Final = {
    401: "Check the API key: its environment variable (sent to the provider's own host), or api_key= of the Model.",
    402: _NO_CREDIT,
    403: "The key is known but may not do this: check the project, the region and the model.",
    404: "Check the model's name and the base URL.",
    413: "The request is too large: send less history or smaller results.",
}
_HINTS_BY_WORD: Final = {
    "billing_hard_limit_reached": _NO_CREDIT,
    "context_length_exceeded": _TOO_LONG,
    "deploymentnotfound": "Azure wants the name of your deployment, not that of the model: azure:DEPLOYMENT.",
    "insufficient_quota": _NO_CREDIT,
    "model_not_found": "Check the model's name; the account may also lack access to it.",
    "too_many_prompt_tokens": _TOO_LONG,
    "too_many_tokens": _TOO_LONG,
}
_NOT_SETTINGS: Final = frozenset(("input", "messages", "model", "tools"))
"""Parameters that are the conversation itself; any other that a provider refuses was asked for in the settings."""


def error_from_object(error: object, *, status: int | None = None, phase: Phase = "stream") -> WireError:
    """The `WireError` of a provider's error object (or of its text, where it is only a text)."""
    fields: Mapping[str, Any] = error if is_object(error) else {"message": error}
    message = fields.get("message") or fields.get("detail") or fields.get("error_message") or fields.get("msg")
    message = message or fields.get("Message")  # what stands before Bedrock, where an API key is wrong
    code, kind = fields.get("code"), _kind(fields)
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
        retry_after_s=_asked_wait_s(fields),
        hint=_hint(status, words, fields.get("param")),
    )


def torn(message: str) -> WireError:
    """A response that broke off: the same request may succeed."""
    hint = "Ask again; the error's transcript holds what was said and done."
    return WireError(message, kind="torn", retryable=True, hint=hint)


def empty_body(status: int | None = None, phase: Phase = "stream") -> WireError:
    """A body of nothing: torn where it should have been a response, else a refusal that only its status explains."""
    return WireError(
        "the provider answered with an empty body",
        phase=phase,
        status=status,
        kind="torn" if status is None else "protocol",
        retryable=status is None or status in _RETRYABLE_STATUS,
        hint=_HINTS.get(status or 0, "Check the base URL, and that the server can stream; a proxy may stand between."),
    )


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
    if not text:
        return empty_body(status, phase)
    is_html = text[:200].lower().lstrip().startswith(("<!doctype html", "<html"))
    title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE) if is_html else None
    if is_html:
        what = f"an HTML page{f' ({title[1].strip()})' if title else ''}"
    else:
        what = f"a body that is neither a stream nor JSON: {_short(text)}"
    return WireError(
        f"the provider, or a proxy before it, answered with {what}",
        phase=phase,
        status=status,
        kind="protocol",
        retryable=status in _RETRYABLE_STATUS,
        hint=_HINTS.get(status or 0, "Check the base URL; a proxy may stand between."),
    )


def _hint(status: int | None, words: set[str], param: object) -> str:
    by_word = next((hint for word, hint in _HINTS_BY_WORD.items() if word in words), "")
    if by_word or status not in (400, 422):
        return by_word or _HINTS.get(status or 0, "")
    if isinstance(param, str) and re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", param) and param not in _NOT_SETTINGS:
        return f'Change "{param}" in settings= of the Model, or leave it out: models differ in what they take.'
    return ""


def _kind(fields: Mapping[str, Any]) -> object:
    """The type of an error: OpenAI's and Anthropic's `type`, Cohere's `error_type`, the word in Google's `status`."""
    status: object = fields.get("status")
    word = status if isinstance(status, str) and re.fullmatch("[A-Z_]+", status) else None
    return fields.get("type") or fields.get("error_type") or word


def _asked_wait_s(fields: Mapping[str, Any]) -> float | None:
    """How long Google asks to wait, which it says in the body: `"retryDelay": "35.5s"`."""
    delays = [one.get("retryDelay") for one in objects(fields.get("details"))]
    found = next(
        (re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s", delay) for delay in delays if isinstance(delay, str)), None
    )
    return float(found[1]) if found else None


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
