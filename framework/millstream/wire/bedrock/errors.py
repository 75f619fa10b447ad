"""Bedrock: what it says when it fails while a response streams. Statuses and advice are those of botocore's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.errors import WireError
from millstream.wire.fields import text_of
from millstream.wire.refusal import error_from_object

_STATUS: Final = {
    "internalServerException": 500,
    "modelStreamErrorException": 424,
    "modelTimeoutException": 408,
    "modelNotReadyException": 429,
    "serviceUnavailableException": 503,
    "throttlingException": 429,
    "validationException": 400,
}
_ALSO_RETRYABLE: Final = frozenset(("modelStreamErrorException",))
"""AWS says of it "Retry your request", which no other error with that status means."""


def error_from_exception(said: Mapping[str, Any]) -> WireError:
    """The `WireError` of an exception event: its name as `type`, beside the `message`."""
    name = text_of(said, "type")
    message, original = text_of(said, "message"), text_of(said, "originalMessage")
    if original and original not in message:
        message = f"{message} ({original})" if message else original
    status: object = _STATUS.get(name) or said.get("originalStatusCode")
    error = error_from_object({"type": name, "message": message, "status": status})
    error.retryable = error.retryable or name in _ALSO_RETRYABLE
    return error
