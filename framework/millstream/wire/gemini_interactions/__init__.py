"""Gemini Interactions: `POST /v1beta/interactions`, without state on the server."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from millstream.transcript import Transcript
from millstream.wire.format import Ask, ReadOptions, ToolSchema
from millstream.wire.gemini_interactions import request
from millstream.wire.gemini_interactions.reader import InteractionsReader
from millstream.wire.sse import SseParser


class GeminiInteractions:
    """The format `gemini-interactions`; see `wire.format.Format`."""

    name = request.NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "text/event-stream", "api-revision": "2026-05-20"})

    def path(self, model: str) -> str:
        """What is appended to the base URL."""
        del model  # stands in the body
        return "/interactions"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, options: ReadOptions) -> InteractionsReader:
        """A decoder for one response."""
        del options  # a name comes whole
        return InteractionsReader()

    def framing(self, max_message_bytes: int) -> SseParser:
        """Server-sent events."""
        return SseParser(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The steps of `input`."""
        return request.steps(transcript)
