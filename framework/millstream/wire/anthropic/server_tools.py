"""Anthropic Messages: tools that the provider runs. They are shown, never dispatched.

A call (`server_tool_use`, `mcp_tool_use`) and its result are two blocks, joined by an id; what is told of both is told
of the item of the call. A call goes back only together with its result, or where the API waits for us: then it runs it
in the next request, after our own results. One that was cut would be refused for want of its result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from millstream.events.values import is_object
from millstream.wire.anthropic.blocks import Block
from millstream.wire.fields import text_of
from millstream.wire_events import Echo, ServerToolMoved, WireEvent


@dataclass(slots=True)
class ServerTools:
    """The calls of one message to tools that the provider runs."""

    _calls: dict[str, Block] = field(default_factory=dict[str, Block])
    _waiting: dict[str, Echo] = field(default_factory=dict[str, Echo])

    def began(self, block: Block) -> list[WireEvent]:
        """A call began."""
        self._calls[text_of(block.raw, "id")] = block
        return [ServerToolMoved(block.item, _tool_of(block), "in_progress", block.raw)]

    def more_input(self, block: Block, delta: dict[str, Any]) -> list[WireEvent]:
        """More of a call's input."""
        return [ServerToolMoved(block.item, _tool_of(block), "input.delta", delta)]

    def called(self, block: Block) -> list[WireEvent]:
        """A call is written to its end; the provider runs it now, or after this message."""
        whole = block.echo() or {}
        self._waiting[text_of(block.raw, "id")] = Echo(block.item, whole)
        return [ServerToolMoved(block.item, _tool_of(block), "running", whole)]

    def answered(self, result: Block) -> list[WireEvent]:
        """The result of a call of this message, or of the one before it."""
        id_ = text_of(result.raw, "tool_use_id")
        call, echo = self._calls.get(id_), self._waiting.pop(id_, None)
        status = "failed" if _has_failed(result.raw) else "completed"
        item, tool = (result.item, result.type) if call is None else (call.item, _tool_of(call))
        moved = ServerToolMoved(item, tool, status, result.raw)
        return [moved, *([] if echo is None else [echo]), Echo(result.item, result.raw)]

    def rest(self) -> list[WireEvent]:
        """The API waits for our results, or to be asked to go on: the calls without a result go back as well."""
        return list(self._waiting.values())


def _tool_of(block: Block) -> str:
    return text_of(block.raw, "name") or block.type


def _has_failed(result: dict[str, Any]) -> bool:
    content: object = result.get("content")
    return result.get("is_error") is True or (is_object(content) and text_of(content, "type").endswith("_error"))
