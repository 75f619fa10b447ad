"""Bedrock Converse over an AWS event stream: `POST /model/{id}/converse-stream`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from millstream.transcript import Transcript
from millstream.wire.aws_event_stream import AwsEventStream
from millstream.wire.bedrock import request
from millstream.wire.bedrock.messages import NAME, messages
from millstream.wire.bedrock.reader import ConverseReader
from millstream.wire.format import Ask, ReadOptions, ToolSchema


class BedrockConverse:
    """The format `bedrock-converse`; see `wire.format.Format`."""

    name = NAME
    headers: Mapping[str, str] = MappingProxyType({"accept": "application/vnd.amazon.eventstream"})

    def path(self, model: str) -> str:
        """What is appended to the base URL: the model's id or ARN as one segment."""
        return f"/model/{quote(model, safe='')}/converse-stream"

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        return request.body(ask)

    def reader(self, options: ReadOptions) -> ConverseReader:
        """A decoder for one response."""
        del options  # a name is complete when its block opens
        return ConverseReader()

    def framing(self, max_message_bytes: int) -> AwsEventStream:
        """An AWS event stream."""
        return AwsEventStream(max_message_bytes)

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition."""
        return request.tool(schema)

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """The messages."""
        return messages(transcript)
