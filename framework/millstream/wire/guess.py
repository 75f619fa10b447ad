"""Which provider format a message, or a whole recorded body, is of: told by the fields only that format has.

It reads nothing but names of fields, and knows no reader.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from millstream.events.values import is_array, is_object
from millstream.wire.fields import text_of
from millstream.wire.framing import Message
from millstream.wire.sse import SseParser

_MAX_LOOKED_AT: Final = 1024 * 1024  # bytes of a body: the first messages tell
_BY_TYPE: Final = {
    "message_start": "anthropic-messages",
    "content_block_start": "anthropic-messages",
    "content_block_delta": "anthropic-messages",
    "message_delta": "anthropic-messages",
    "message-start": "cohere-v2",
    "content-start": "cohere-v2",
    "content-delta": "cohere-v2",
    "tool-plan-delta": "cohere-v2",
    "tool-call-start": "cohere-v2",
    "tool-call-delta": "cohere-v2",
    "message-end": "cohere-v2",
}
_LIVE: Final = ("setup", "setupComplete", "serverContent", "toolCall", "clientContent", "realtimeInput")


def api_of_message(message: Mapping[str, Any]) -> str | None:
    """The format of one message; None where many formats have such a message, as an error or a ping."""
    type_ = text_of(message, "type")
    if type_ in _BY_TYPE:
        return _BY_TYPE[type_]
    if type_.startswith("response."):
        return "openai-responses"
    kind = text_of(message, "object")
    if kind == "text_completion":
        return "openai-completions"
    if kind.startswith("chat.completion") or is_array(message.get("choices")):
        return "openai-chat"
    if "event_type" in message or "interaction" in message:
        return "gemini-interactions"
    if is_array(message.get("candidates")) or "usageMetadata" in message or "promptFeedback" in message:
        return "gemini-generate"
    if isinstance(message.get("done"), bool) and (is_object(message.get("message")) or "response" in message):
        return "ollama-native"
    return None


def api_of_body(body: bytes) -> str | None:
    """The format of a recorded body, None where nothing in its first messages tells."""
    head = body[:_MAX_LOOKED_AT]
    if _is_aws(head):
        return _api_of_aws(head)
    found = (_api_of_recorded(message) if "direction" in message else api_of_message(message) for message in _all(head))
    return next((api for api in found if api is not None), None)


def _all(head: bytes) -> Iterator[Mapping[str, Any]]:
    """The messages of a body that is an array, lines of JSON or server-sent events."""
    start = head.lstrip()[:1]
    if start == b"[":
        yield from _array(head.decode(errors="replace").lstrip()[1:])
    elif start == b"{":
        for line in head.split(b"\n"):
            yield from _object(line.decode(errors="replace"))
    else:
        parser = SseParser(_MAX_LOOKED_AT)
        for message in [*parser.feed(head), parser.end()]:
            if isinstance(message, Message):
                yield from _object(message.data)


def _array(text: str) -> Iterator[Mapping[str, Any]]:
    """The first element of an array, which may be cut behind it."""
    try:
        value: object = json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return
    if is_object(value):
        yield value


def _object(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return
    if is_object(value):
        yield value


def _api_of_recorded(line: Mapping[str, Any]) -> str | None:
    """The format of a WebSocket recording by one of its lines, `{"direction": …, "data": {…}}`."""
    data: object = line.get("data")
    if not is_object(data):
        return None
    if any(name in data for name in _LIVE):
        return "gemini-live-ws"
    type_ = text_of(data, "type")
    if type_.startswith(("session.", "conversation.", "input_audio_buffer.")):
        return "openai-realtime-ws"
    asks = type_ == "response.create" and "response" not in data
    return "openai-responses-ws" if asks or type_.startswith("response.") or type_ == "error" else None


def _is_aws(head: bytes) -> bool:
    """Whether a body begins with the prelude of a frame of an AWS event stream, whose checksum holds."""
    return len(head) >= 12 and zlib.crc32(head[:8]) == struct.unpack(">I", head[8:12])[0]  # noqa: PLR2004  its size


def _api_of_aws(head: bytes) -> str:
    """Converse names its events; the events of `invoke` are all chunks, in base64."""
    if b":event-type\x07\x00\x05chunk" not in head:
        return "bedrock-converse"
    # the first chunk of a model of Anthropic is {"type":"message_start", Nova's is {"messageStart"
    return "bedrock-invoke-nova" if b'"eyJtZXNzYWdlU3RhcnQi' in head else "bedrock-invoke-anthropic"
