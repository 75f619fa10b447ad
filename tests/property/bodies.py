"""Responses made up of what a model may say, written as the two OpenAI wires write them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Message = dict[str, Any]

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ARGUMENTS = st.dictionaries(st.text(max_size=8), _JSON, max_size=4)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a model says: text, reasoning, or a call with its arguments as JSON text."""

    kind: str
    pieces: tuple[str, ...]
    name: str = "f"

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


@st.composite
def cut(draw: st.DrawFn, text: str) -> tuple[str, ...]:
    """A text in pieces, between any two characters, and for some also within one (as halves of a surrogate pair)."""
    units = text if not draw(st.booleans()) else _halved(text)
    places = sorted(draw(st.sets(st.integers(1, max(1, len(units) - 1)), max_size=6)) if len(units) > 1 else [])
    return tuple(units[start:end] for start, end in zip([0, *places], [*places, len(units)], strict=True))


def _halved(text: str) -> str:
    """The text in UTF-16 code units, each a character of its own."""
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(int.from_bytes(data[i : i + 2], "little")) for i in range(0, len(data), 2))


@st.composite
def things(draw: st.DrawFn) -> Said:
    """Anything a model may say."""
    kind = draw(st.sampled_from(("text", "reasoning", "call", "call")))
    if kind != "call":
        return Said(kind, draw(cut(draw(st.text(min_size=1)))))
    text = json.dumps(draw(ARGUMENTS), ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from((None, 1))))
    return Said(kind, draw(cut(text)), draw(st.sampled_from(("f", "g", "get_weather"))))


def chat(said: list[Said], finish: str = "tool_calls") -> list[Message]:
    """The chunks of Chat Completions."""
    deltas: list[Message] = [{"role": "assistant", "content": None}]
    index = -1
    for one in said:
        if one.kind != "call":
            key = "content" if one.kind == "text" else "reasoning_content"
            deltas += [{key: piece} for piece in one.pieces]
            continue
        index += 1
        first: Message = {"index": index, "id": f"call_{index}", "type": "function"}
        deltas.append({"tool_calls": [first | {"function": {"name": one.name, "arguments": ""}}]})
        deltas += [{"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in one.pieces]
    chunks: list[Message] = [
        {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
    ]
    chunks.append({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return [*chunks, {"id": "c", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}]


@dataclass(slots=True)
class _Events:
    """Writes the events of Responses, numbered."""

    events: list[Message] = field(default_factory=list[Message])

    def add(self, type_: str, **fields: Any) -> None:
        self.events.append({"type": f"response.{type_}", "sequence_number": len(self.events)} | fields)


def responses(said: list[Said]) -> list[Message]:
    """The events of Responses."""
    to, output = _Events(), list[Message]()
    to.add("created", response={"id": "resp", "status": "in_progress", "output": []})
    for index, one in enumerate(said):
        item = _item(index, one)
        place: Message = {"output_index": index, "item_id": item["id"]}
        to.add("output_item.added", output_index=index, item=item | _EMPTY[one.kind])
        delta, done = _TEXTS[one.kind]
        for piece in one.pieces:
            to.add(f"{delta}.delta", delta=piece, **place)
        to.add(f"{delta}.done", **{done: one.text}, **place)
        to.add("output_item.done", output_index=index, item=item)
        output.append(item)
    usage = {"input_tokens": 1, "output_tokens": 2}
    to.add("completed", response={"id": "resp", "status": "completed", "output": output, "usage": usage})
    return to.events


_EMPTY: dict[str, Message] = {
    "text": {"status": "in_progress", "content": []},
    "reasoning": {"summary": []},
    "call": {"status": "in_progress", "arguments": ""},
}
_TEXTS = {
    "text": ("output_text", "text"),
    "reasoning": ("reasoning_text", "text"),
    "call": ("function_call_arguments", "arguments"),
}


def _item(index: int, said: Said) -> Message:
    if said.kind == "text":
        part: Message = {"type": "output_text", "text": said.text, "annotations": []}
        return {"type": "message", "id": f"msg_{index}", "role": "assistant", "status": "completed", "content": [part]}
    if said.kind == "reasoning":
        content = [{"type": "reasoning_text", "text": said.text}]
        return {"type": "reasoning", "id": f"rs_{index}", "summary": [], "encrypted_content": "x", "content": content}
    call = {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "status": "completed"}
    return call | {"name": said.name, "arguments": said.text}


def sse(messages: list[Message]) -> bytes:
    """The messages as server-sent events."""
    return b"".join(frame(json.dumps(message).encode()) for message in messages)


def frame(data: bytes) -> bytes:
    """One message as a server-sent event."""
    return b"data: " + data + b"\n\n"


WIRES = {"openai-chat": chat, "openai-responses": responses}
