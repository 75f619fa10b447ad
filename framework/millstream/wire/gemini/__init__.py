"""Gemini: `POST /v1beta/models/{model}:streamGenerateContent`, of the Gemini API and of Vertex."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from millstream.transcript import Transcript
from millstream.wire.format import Ask, ReadOptions, ToolSchema
from millstream.wire.gemini import request
from millstream.wire.gemini.contents import NAME, contents
from millstream.wire.gemini.framing import SseOrArray
from millstream.wire.gemini.reader import GeminiReader
from millstream.wire.gemini.schema import declaration


class Gemini:
    """The format `gemini-generate`; see `wire.format.Format`."""

    name = NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "text/event-stream"})

    def path(self, model: str) -> str:
        """What is appended to the base URL; a model may be given with its collection, as "models/…"."""
        collection = "" if "/" in model else "models/"
        return f"/{collection}{quote(model.lstrip('/'), safe='/@:')}:streamGenerateContent?alt=sse"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, options: ReadOptions) -> GeminiReader:
        """A decoder for one response."""
        del options  # a name comes whole
        return GeminiReader()

    def framing(self, max_message_bytes: int) -> SseOrArray:
        """Server-sent events, or one JSON array."""
        return SseOrArray(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A function declaration; several go into one tool: `{"functionDeclarations": […]}`."""
        return declaration(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The contents."""
        return contents(transcript)
