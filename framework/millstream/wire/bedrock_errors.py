"""What Bedrock says when it fails while a response streams, for Converse and for InvokeModel alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.wire.fields import text_of

_STATUS: Final = {
    "internalServerException": 500,
    "modelStreamErrorException": 500,  # 424 in AWS's model, which says "Retry your request" of it and of no other 424
    "modelTimeoutException": 408,
    "modelNotReadyException": 429,
    "serviceUnavailableException": 503,
    "throttlingException": 429,
    "validationException": 400,
}


def error_object(said: Mapping[str, Any]) -> dict[str, Any]:
    """An exception event, its name as `type`, in the form that `wire.refusal.error_from_object` takes.

    Its `status` says whether it is worth to ask again; what the model itself said stands behind the message.
    """
    name, message = text_of(said, "type"), text_of(said, "message")
    original = text_of(said, "originalMessage")
    if original and original not in message:
        message = f"{message} ({original})" if message else original
    return {"type": name, "message": message, "status": _STATUS.get(name) or said.get("originalStatusCode")}
