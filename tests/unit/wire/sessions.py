"""Sessions of OpenAI Realtime and Gemini Live, written short, and as recordings of a socket."""

from __future__ import annotations

import json
from typing import Any

from tests.response import Response
from tests.response import read as read_response

Message = dict[str, Any]


def recording(*messages: Message) -> bytes:
    """Messages that were received, as lines of a recording."""
    return b"".join(json.dumps({"direction": "received", "data": message}).encode() + b"\n" for message in messages)


def realtime(*messages: Message) -> Response:
    """A session of OpenAI Realtime, read."""
    return read_response([recording(*messages)], "openai-realtime-ws")


def live(*messages: Message) -> Response:
    """A session of Gemini Live, read."""
    return read_response([recording(*messages)], "gemini-live-ws")


# --- OpenAI Realtime ---


def created(id_: str = "resp_1") -> Message:
    return {"type": "response.created", "response": {"id": id_, "status": "in_progress", "output": []}}


def item(id_: str = "item_1", *, done: bool = False, **fields: Any) -> Message:
    return {"type": f"response.output_item.{'done' if done else 'added'}", "item": {"id": id_} | fields}


def call(id_: str = "item_1", *, done: bool = False, **fields: Any) -> Message:
    plain = {"type": "function_call", "name": "f", "call_id": f"call_{id_}", "arguments": ""}
    return item(id_, done=done, **(plain | ({"status": "completed"} if done else {}) | fields))


def args(text: str, id_: str = "item_1") -> Message:
    return {"type": "response.function_call_arguments.delta", "item_id": id_, "delta": text}


def text(piece: str, id_: str = "item_1", name: str = "output_text", **fields: Any) -> Message:
    return {"type": f"response.{name}.delta", "item_id": id_, "content_index": 0, "delta": piece} | fields


def done(status: str = "completed", id_: str = "resp_1", *output: Message, **fields: Any) -> Message:
    usage = {"input_tokens": 3, "output_tokens": 2, "input_token_details": {"cached_tokens": 1}}
    response = {"id": id_, "status": status, "status_details": None, "output": list(output), "usage": usage} | fields
    return {"type": "response.done", "response": response}


# --- Gemini Live ---


def says(piece: str) -> Message:
    return {"serverContent": {"outputTranscription": {"text": piece}}}


def calls(*given: Message) -> Message:
    return {"toolCall": {"functionCalls": list(given)}}


def turn_complete(**fields: Any) -> Message:
    usage = {"promptTokenCount": 3, "responseTokenCount": 2, "thoughtsTokenCount": 4, "totalTokenCount": 9}
    return {"serverContent": {"turnComplete": True} | fields, "usageMetadata": usage}
