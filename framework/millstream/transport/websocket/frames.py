"""What the messages of a Responses WebSocket say, as far as its transport must know. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from millstream.errors import WireError
from millstream.events.values import is_object
from millstream.transport.advice import retry_after_s
from millstream.wire.continuation import Continuation
from millstream.wire.fields import text_of
from millstream.wire.framing import not_text
from millstream.wire.refusal import error_from_object, error_in

BEGINNINGS: Final = frozenset({"response.created", "response.queued", "response.in_progress"})
ENDS: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
_HTTP_ONLY: Final = frozenset({"stream", "background", "stream_options"})
"""Fields of the body that are not sent: it streams anyway, and there is no background."""
_CALLS: Final = frozenset({"function_call", "custom_tool_call"})


def create(body: Mapping[str, Any], lane: str, continuation: Continuation | None) -> dict[str, Any]:
    """The message that asks for a response: the fields of the body flat beside its type."""
    frame = {"type": "response.create"} | {name: value for name, value in body.items() if name not in _HTTP_ONLY}
    if continuation is not None:
        frame |= {"previous_response_id": continuation.previous_response_id, "input": continuation.input}
    return frame | ({"stream_id": lane} if lane else {})


def steer(response_id: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that says more into a response; its lane is that of the response."""
    return {"type": "response.steer", "previous_response_id": response_id, "input": items}


def was_steered(message: Mapping[str, Any]) -> bool:
    """Whether a response was ended early for what was said into it."""
    response: object = message.get("response")
    details: object = response.get("incomplete_details") if is_object(response) else None
    return is_object(details) and details.get("reason") == "steered"


def parsed(data: bytes) -> Mapping[str, Any]:
    """A message of the provider.

    Raises:
        WireError: it is no JSON object.
    """
    try:
        message: object = json.loads(data.decode())
    except UnicodeDecodeError as error:
        raise not_text() from error
    except (ValueError, RecursionError) as error:
        raise WireError("the provider sent an event that is not JSON", kind="protocol", retryable=True) from error
    if not is_object(message):
        raise WireError("the provider sent an event that is no JSON object", kind="protocol")
    return message


def is_error(message: Mapping[str, Any]) -> bool:
    """Whether a message answers a request with an error, or ends a response with one."""
    return message.get("type") == "error"


def error_of(message: Mapping[str, Any]) -> WireError:
    """The error of an error message."""
    status: object = message.get("status")
    error = error_in(message)
    refusal = error_from_object(error, status=status if isinstance(status, int) else None, phase="request")
    headers: object = error.get("headers") if is_object(error) else None
    if is_object(headers):
        refusal.retry_after_s = retry_after_s({name.lower(): str(value) for name, value in headers.items()})
    return refusal


def response_id_of(message: Mapping[str, Any]) -> str:
    """The id of the response that a message holds, "" where it holds none."""
    response: object = message.get("response")
    return text_of(response, "id") if is_object(response) else ""


def closes_call(message: Mapping[str, Any]) -> bool:
    """Whether a message ends a call that a client has to answer."""
    item: object = message.get("item")
    return message.get("type") == "response.output_item.done" and is_object(item) and item.get("type") in _CALLS
