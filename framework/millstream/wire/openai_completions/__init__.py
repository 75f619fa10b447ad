"""OpenAI's legacy completions, and the servers that imitate them: `POST /v1/completions`, text in and text out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from millstream.transcript import Transcript
from millstream.wire.format import Ask, ReadOptions, ToolSchema
from millstream.wire.openai_completions import request
from millstream.wire.openai_completions.reader import CompletionsReader
from millstream.wire.sse import SseParser


class OpenAICompletions:
    """The format `openai-completions`; see `wire.format.Format`."""

    name = request.NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "text/event-stream"})

    def path(self, model: str) -> str:
        """What is appended to the base URL."""
        del model  # stands in the body
        return "/completions"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, options: ReadOptions) -> CompletionsReader:
        """A decoder for one response."""
        del options  # calls written as text are read around it
        return CompletionsReader()

    def framing(self, max_message_bytes: int) -> SseParser:
        """Server-sent events."""
        return SseParser(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool as the model is told of it in words."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """Who said what, `{"role", "content"}`, of which the prompt is made."""
        return request.said(transcript, "auto")
