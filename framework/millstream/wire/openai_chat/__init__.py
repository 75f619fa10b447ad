"""OpenAI Chat Completions, and the many servers that imitate it: `POST /v1/chat/completions`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from millstream.transcript import Transcript
from millstream.wire.format import Ask, ReadOptions, ToolSchema
from millstream.wire.openai_chat import messages, request
from millstream.wire.openai_chat.reader import ChatReader
from millstream.wire.sse import SseParser


class OpenAIChat:
    """The format `openai-chat`; see `wire.format.Format`."""

    name = messages.NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "text/event-stream"})

    def path(self, model: str) -> str:
        """What is appended to the base URL."""
        del model  # stands in the body
        return "/chat/completions"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, options: ReadOptions) -> ChatReader:
        """A decoder for one response."""
        return ChatReader(options.tool_names, options.leniencies)

    def framing(self, max_message_bytes: int) -> SseParser:
        """Server-sent events."""
        return SseParser(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The messages."""
        return messages.messages(transcript)
