"""Ollama's own API: `POST /api/chat`, answered in lines of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from millstream.transcript import Transcript
from millstream.wire.format import Ask, ReadOptions, ToolSchema
from millstream.wire.ndjson import NdjsonParser
from millstream.wire.ollama import request
from millstream.wire.ollama.reader import OllamaReader


class OllamaNative:
    """The format `ollama-native`; see `wire.format.Format`."""

    name = request.NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "application/x-ndjson"})

    def path(self, model: str) -> str:
        """What is appended to the base URL."""
        del model  # stands in the body
        return "/api/chat"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, options: ReadOptions) -> OllamaReader:
        """A decoder for one response."""
        del options  # calls come whole
        return OllamaReader()

    def framing(self, max_message_bytes: int) -> NdjsonParser:
        """Lines of JSON."""
        return NdjsonParser(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The messages."""
        return request.messages(transcript)
