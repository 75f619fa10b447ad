"""Anthropic Messages over server-sent events, and the servers that imitate it: `POST /v1/messages`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from millstream.transcript import Transcript
from millstream.wire.anthropic import request
from millstream.wire.anthropic.messages import NAME, messages
from millstream.wire.anthropic.reader import MessagesReader
from millstream.wire.format import Ask, ReadOptions, ToolSchema
from millstream.wire.sse import SseParser


class AnthropicMessages:
    """The format `anthropic-messages`; see `wire.format.Format`."""

    name = NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "text/event-stream", "anthropic-version": request.VERSION})

    def path(self, model: str) -> str:
        """What is appended to the base URL."""
        del model  # stands in the body
        return "/messages"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, options: ReadOptions) -> MessagesReader:
        """A decoder for one response."""
        del options  # a name is complete when its block opens
        return MessagesReader()

    def framing(self, max_message_bytes: int) -> SseParser:
        """Server-sent events."""
        return SseParser(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The messages."""
        return messages(transcript)
