"""OpenAI Chat Completions, and the many servers that imitate it: `POST /v1/chat/completions`."""

from __future__ import annotations

from typing import Any

from millstream.transcript import Transcript
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.openai_chat import request
from millstream.wire.openai_chat.reader import ChatReader


class OpenAIChat:
    """The format `openai-chat`; see `wire.format.Format`."""

    name = request.NAME
    path = "/chat/completions"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, tool_names: frozenset[str]) -> ChatReader:
        """A decoder for one response."""
        return ChatReader(tool_names)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The messages."""
        return request.messages(transcript)
