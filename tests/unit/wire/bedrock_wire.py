"""Frames of AWS event streams and the events of Bedrock Converse, written short; and a model that answers with them."""

from __future__ import annotations

import json
import struct
from typing import Any
from zlib import crc32

from millstream.wire.bedrock.reader import ConverseReader
from millstream.wire_events import WireEvent

Event = dict[str, Any]


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame; all headers are strings."""
    written = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(written) + len(payload), len(written))
    message = prelude + struct.pack("!I", crc32(prelude)) + written + payload
    return message + struct.pack("!I", crc32(message))


def event_frame(name: str, payload: Event | bytes) -> bytes:
    """A frame that says something went well."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


def exception_frame(name: str, payload: Event | bytes) -> bytes:
    """A frame that says what failed."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


def body(*events: tuple[str, Event]) -> bytes:
    """The body of one response."""
    return b"".join(event_frame(name, payload) for name, payload in events)


def start(index: int = 0, name: str = "f", id_: str = "tooluse_0", **fields: Any) -> tuple[str, Event]:
    """A call opens."""
    use = {"toolUseId": id_, "name": name} | fields
    return "contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": use}}


def args(text: str, index: int = 0) -> tuple[str, Event]:
    """A piece of a call's input."""
    return delta({"toolUse": {"input": text}}, index)


def delta(delta: Event, index: int = 0) -> tuple[str, Event]:
    """A piece of anything."""
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": delta, "p": "abc"}


def stop(index: int = 0) -> tuple[str, Event]:
    """A block is over."""
    return "contentBlockStop", {"contentBlockIndex": index, "p": "abcd"}


def message_stop(reason: str = "end_turn", **fields: Any) -> tuple[str, Event]:
    """The model stopped."""
    return "messageStop", {"stopReason": reason} | fields


def metadata(**fields: Any) -> tuple[str, Event]:
    """The usage, at the end."""
    usage = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
    return "metadata", {"usage": usage, "metrics": {"latencyMs": 1}} | fields


def read(*events: tuple[str, Event], reader: ConverseReader | None = None) -> list[WireEvent]:
    """The wire events of these events."""
    reader = reader or ConverseReader()
    return [wire_event for name, payload in events for wire_event in reader.accept(payload, name)]
