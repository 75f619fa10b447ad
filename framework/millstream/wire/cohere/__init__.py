"""Cohere's chat API, version 2: `POST /v2/chat`, answered in server-sent events."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from millstream.transcript import Transcript
from millstream.wire.cohere import request
from millstream.wire.cohere.reader import CohereReader
from millstream.wire.format import Ask, ReadOptions, ToolSchema
from millstream.wire.sse import SseParser


class CohereV2:
    """The format `cohere-v2`; see `wire.format.Format`."""

    name = request.NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "text/event-stream"})

    def path(self, model: str) -> str:
        """What is appended to the base URL."""
        del model  # stands in the body
        return "/chat"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, options: ReadOptions) -> CohereReader:
        """A decoder for one response."""
        del options  # names come whole
        return CohereReader()

    def framing(self, max_message_bytes: int) -> SseParser:
        """Server-sent events."""
        return SseParser(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The messages."""
        return request.messages(transcript)
