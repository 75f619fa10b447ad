"""OpenAI Responses over server-sent events: `POST /v1/responses`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from millstream.transcript import Transcript
from millstream.wire.continuation import Continuation
from millstream.wire.format import Ask, ReadOptions, ToolSchema
from millstream.wire.openai_responses import entries, request
from millstream.wire.openai_responses.continuation import continuation
from millstream.wire.openai_responses.reader import ResponsesReader
from millstream.wire.resuming import Cursor
from millstream.wire.sse import SseParser


class OpenAIResponses:
    """The format `openai-responses`; see `wire.format.Format`."""

    name = entries.NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "text/event-stream"})

    def path(self, model: str) -> str:
        """What is appended to the base URL."""
        del model  # stands in the body
        return "/responses"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def continuation(self, ask: Ask) -> Continuation | None:
        """How to go on from the last response, for a provider that still knows it."""
        return continuation(ask)

    def resume_path(self, cursor: Cursor) -> str:
        """Where the rest of a background response is streamed from."""
        return f"/responses/{quote(cursor.response_id, safe='')}?stream=true&starting_after={cursor.after}"

    def cancel_path(self, cursor: Cursor) -> str:
        """Where a background response is stopped."""
        return f"/responses/{quote(cursor.response_id, safe='')}/cancel"

    def reader(self, options: ReadOptions) -> ResponsesReader:
        """A decoder for one response."""
        return ResponsesReader(options.leniencies)  # a name is complete when its item opens

    def framing(self, max_message_bytes: int) -> SseParser:
        """Server-sent events."""
        return SseParser(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The items of `input`."""
        return entries.entries(transcript)
