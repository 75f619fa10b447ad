"""Events of the Anthropic wire, written short, and what its reader makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from millstream.wire.anthropic.reader import MessagesReader
from millstream.wire_events import WireEvent

Event = dict[str, Any]


def read(*messages: Mapping[str, Any]) -> list[WireEvent]:
    """What one reader makes of these messages."""
    reader = MessagesReader()
    return [event for message in messages for event in reader.accept(message)]


def started(*content: Event, id_: str = "msg_1", **fields: Any) -> Event:
    """The beginning of a message, with blocks that are ready."""
    usage = {"input_tokens": 10, "output_tokens": 1}
    message = {"id": id_, "type": "message", "role": "assistant", "content": list(content), "usage": usage}
    return {"type": "message_start", "message": message | {"stop_reason": None} | fields}


def opened(type_: str, index: int = 0, **fields: Any) -> Event:
    """A block began."""
    return {"type": "content_block_start", "index": index, "content_block": {"type": type_} | fields}


def tool_use(index: int = 0, **fields: Any) -> Event:
    """A call began."""
    return opened("tool_use", index, **{"id": f"toolu_{index}", "name": "f", "input": {}} | fields)


def delta(type_: str, index: int = 0, **fields: Any) -> Event:
    """More of a block."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": type_} | fields}


def args(piece: str, index: int = 0) -> Event:
    """More of the input of a call."""
    return delta("input_json_delta", index, partial_json=piece)


def text(piece: str, index: int = 0) -> Event:
    """More text."""
    return delta("text_delta", index, text=piece)


def thinking(piece: str, index: int = 0) -> Event:
    """More thinking."""
    return delta("thinking_delta", index, thinking=piece)


def stopped(index: int = 0) -> Event:
    """A block is over."""
    return {"type": "content_block_stop", "index": index}


def because(reason: str | None, **fields: Any) -> Event:
    """Why the model stopped."""
    stop: Event = {"stop_reason": reason, "stop_sequence": None} | fields
    return {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 9}}


OVER: Event = {"type": "message_stop"}
PING: Event = {"type": "ping"}


def call(texts: list[str], index: int = 0, **fields: Any) -> list[Event]:
    """A whole call."""
    return [tool_use(index, **fields), *(args(piece, index) for piece in texts), stopped(index)]


def response(*events: Event | list[Event], reason: str = "tool_use") -> list[Event]:
    """A whole response."""
    inner = [one for event in events for one in (event if isinstance(event, list) else [event])]
    return [started(), *inner, because(reason), OVER]


def names(events: list[WireEvent]) -> list[str]:
    """The events by the names of their classes."""
    return [type(event).__name__ for event in events]
