"""Events of the Responses wire, written short, and what its reader makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from millstream.wire.openai_responses.reader import ResponsesReader
from millstream.wire_events import ArgsPiece, ReasoningPiece, RefusalPiece, TextPiece, WireEvent

Event = dict[str, Any]


def read(*messages: Mapping[str, Any]) -> list[WireEvent]:
    """What one reader makes of these messages."""
    reader = ResponsesReader()
    return [event for message in messages for event in reader.accept(message)]


def joined(events: list[WireEvent]) -> list[WireEvent]:
    """The events, adjacent pieces of the same text made one."""
    made: list[WireEvent] = []
    for event in events:
        last = made[-1] if made else None
        if (
            isinstance(event, ArgsPiece | TextPiece | RefusalPiece | ReasoningPiece)
            and isinstance(last, ArgsPiece | TextPiece | RefusalPiece | ReasoningPiece)
            and (type(last), last.item) == (type(event), event.item)
        ):
            made[-1] = type(event)(event.item, last.text + event.text)
        else:
            made.append(event)
    return made


def function(index: int = 0, *, done: bool = False, **fields: Any) -> Event:
    """A function call opened, or done."""
    item = {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": "f", "arguments": ""}
    status = {"status": "completed" if done else "in_progress"}
    return _item(index, item | status | fields, done=done)


def custom(index: int = 0, *, done: bool = False, **fields: Any) -> Event:
    """A custom call opened, or done."""
    item = {"type": "custom_tool_call", "id": f"ctc_{index}", "call_id": f"call_{index}", "name": "f", "input": ""}
    return _item(index, item | fields, done=done)


def message(index: int = 0, *, done: bool = False, **fields: Any) -> Event:
    """A message opened, or done."""
    item: Event = {"type": "message", "id": f"msg_{index}", "role": "assistant", "content": []}
    return _item(index, item | fields, done=done)


def reasoning(index: int = 0, *, done: bool = False, **fields: Any) -> Event:
    """A reasoning item opened, or done."""
    item: Event = {"type": "reasoning", "id": f"rs_{index}", "summary": []}
    return _item(index, item | fields, done=done)


def server(type_: str, index: int = 0, *, done: bool = False, **fields: Any) -> Event:
    """An item of something the provider runs, opened or done."""
    return _item(index, {"type": type_, "id": f"{type_}_{index}"} | fields, done=done)


def _item(index: int, item: Event, *, done: bool) -> Event:
    return {"type": f"response.output_item.{'done' if done else 'added'}", "output_index": index, "item": item}


def args(text: str, index: int = 0, **fields: Any) -> Event:
    """A piece of arguments."""
    event = {"type": "response.function_call_arguments.delta", "output_index": index, "item_id": f"fc_{index}"}
    return event | {"delta": text} | fields


def args_done(text: str, index: int = 0, **fields: Any) -> Event:
    """The whole arguments."""
    event = {"type": "response.function_call_arguments.done", "output_index": index, "item_id": f"fc_{index}"}
    return event | {"arguments": text} | fields


def text(piece: str, index: int = 0, **fields: Any) -> Event:
    """A piece of text."""
    event = {"type": "response.output_text.delta", "output_index": index, "item_id": f"msg_{index}", "content_index": 0}
    return event | {"delta": piece} | fields


def text_done(whole: str, index: int = 0, **fields: Any) -> Event:
    """The whole text of one part of a message."""
    event = {"type": "response.output_text.done", "output_index": index, "item_id": f"msg_{index}", "content_index": 0}
    return event | {"text": whole} | fields


def completed(*output: Event, **fields: Any) -> Event:
    """The end of a response that went well."""
    response = {"id": "resp_1", "status": "completed", "output": list(output)} | fields
    return {"type": "response.completed", "response": response}


def incomplete(*output: Event, reason: str | None = "max_output_tokens") -> Event:
    """The end of a response that was cut."""
    response: Event = {"id": "resp_1", "status": "incomplete", "output": list(output)}
    return {"type": "response.incomplete", "response": response | {"incomplete_details": reason and {"reason": reason}}}


def names(events: list[WireEvent]) -> list[str]:
    """The events by the names of their classes."""
    return [type(event).__name__ for event in events]


def without_keys(event: Event, *keys: str) -> Event:
    """An event of a server that leaves these fields out."""
    return {key: value for key, value in event.items() if key not in keys}
