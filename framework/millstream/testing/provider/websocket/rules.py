"""What the provider refuses about the messages of a client, before it looks at the request itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.shapes import Json, Object, is_object
from millstream.testing.provider.websocket.terms import WebSocketTerms

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_HTTP_ONLY = ("stream", "background")
_OWN = frozenset({"type", "stream_id", "generate"})
"""Fields of the message that are none of the request's body."""


def check_message(message: Json) -> Refusal | None:
    """A message that is no command."""
    if not is_object(message):
        return Refusal("Invalid message: expected a JSON object.", code="invalid_json")
    if message.get("type") not in ("response.create", "response.steer"):
        return Refusal(f"Invalid value: '{message.get('type')}'.", "type", "invalid_value")
    return None


def check_envelope(message: Object, names: Collection[str], terms: WebSocketTerms, age_s: float) -> Refusal | None:
    """A `response.create` that can not be taken; `names` are the lanes that the connection has seen."""
    for field in _HTTP_ONLY:
        if field in message:
            return Refusal(f"Unsupported parameter: '{field}' over WebSocket.", field, "unsupported_parameter")
    if "response" in message:
        return Refusal("Unknown parameter: 'response'.", "response", "unknown_parameter")
    if age_s >= terms.max_age_s:
        minutes = f"{terms.max_age_s / 60:g} minutes"
        advice = "Create a new websocket connection to continue."
        text = f"Responses websocket connection limit reached ({minutes}). {advice}"
        return Refusal(text, code="websocket_connection_limit_reached")
    return _check_lane(message.get("stream_id"), names, terms)


def _check_lane(lane: Json, names: Collection[str], terms: WebSocketTerms) -> Refusal | None:
    if lane is None:
        return None
    if not terms.with_lanes or not isinstance(lane, str) or not _NAME.fullmatch(lane):
        return Refusal("Invalid 'stream_id'.", "stream_id", "invalid_stream_id")
    if lane not in names and len(names) >= terms.max_names:
        text = f"Responses websocket stream limit reached ({terms.max_names})."
        return Refusal(text, "stream_id", "websocket_stream_limit_reached")
    return None


def body_of(message: Object) -> dict[str, Any]:
    """The request in a `response.create`, as the rules of HTTP know it."""
    return {name: value for name, value in message.items() if name not in _OWN} | {"stream": True}
