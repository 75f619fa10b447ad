"""Transcripts for the requests of every wire, written short."""

from __future__ import annotations

from millstream.events.values import Call, CallKind
from millstream.transcript import (
    CallItem,
    JsonPart,
    ReasoningItem,
    Reply,
    ReplyItem,
    ServerItem,
    TextItem,
    TextPart,
    ToolResult,
    Transcript,
    user,
)


def call(index: int = 0, name: str = "f", id_: str | None = None, kind: CallKind = "function") -> Call:
    """A call of the first response."""
    return Call(f"call-1-{index}", 1, index, name, f"call_{index}" if id_ is None else id_, kind)


def reply(*items: ReplyItem, wire: str) -> Reply:
    """A response of a model on that wire."""
    return Reply(1, items, wire, "a-model", "resp_1")


def result(of: Call, text: str = "done") -> ToolResult:
    """The answer to a call."""
    return ToolResult(of, (TextPart(text),))


def foreign(wire: str) -> Transcript:
    """A conversation with a model of another wire, with everything in it that only that wire understands."""
    first, second = call(0), call(1, "shell", kind="custom")
    echo = {"type": "something", "id": "x_1", "signature": "only for its own wire"}
    said = reply(
        ReasoningItem("Hm", echo),
        TextItem("Let me see.", echo=echo),
        ServerItem(echo),
        CallItem(first, '{"city": "Paris"}', echo),
        CallItem(second, "ls", echo),
        TextItem("No.", refusal=True, echo=echo),
        wire=wire,
    )
    return Transcript((user("Weather?"), said, ToolResult(first, (JsonPart({"c": 21}),)), result(second, "a.txt")))
