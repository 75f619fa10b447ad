"""OpenAI Responses over server-sent events: `POST /v1/responses`."""

from __future__ import annotations

from typing import Any

from millstream.transcript import Transcript
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.openai_responses import request
from millstream.wire.openai_responses.reader import ResponsesReader


class OpenAIResponses:
    """The format `openai-responses`; see `wire.format.Format`."""

    name = request.NAME
    path = "/responses"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, tool_names: frozenset[str]) -> ResponsesReader:
        """A decoder for one response."""
        del tool_names  # a name is complete when its item opens
        return ResponsesReader()

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The items of `input`."""
        return request.entries(transcript)
