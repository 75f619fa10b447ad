"""The table of wire formats, by name: a new provider format is one new file or package and one line here."""

from __future__ import annotations

from typing import Final

from millstream.errors import UsageError
from millstream.wire.anthropic import AnthropicMessages
from millstream.wire.bedrock import BedrockConverse
from millstream.wire.bedrock_invoke import BedrockInvoke
from millstream.wire.cohere import CohereV2
from millstream.wire.format import Decoding, Format
from millstream.wire.gemini import Gemini
from millstream.wire.gemini_interactions import GeminiInteractions
from millstream.wire.gemini_live import GeminiLive
from millstream.wire.ollama import OllamaNative
from millstream.wire.openai_chat import OpenAIChat
from millstream.wire.openai_completions import OpenAICompletions
from millstream.wire.openai_realtime import OpenAIRealtime
from millstream.wire.openai_responses import OpenAIResponses
from millstream.wire.openai_responses.recorded_socket import OpenAIResponsesSocket

FORMATS: Final[dict[str, Format]] = {
    format_.name: format_
    for format_ in (
        OpenAIResponses(),
        OpenAIChat(),
        AnthropicMessages(),
        BedrockConverse(),
        OpenAICompletions(),
        OllamaNative(),
        CohereV2(),
        Gemini(),
        GeminiInteractions(),
    )
}
"""Formats that can be asked and read."""

DECODINGS: Final[dict[str, Decoding]] = {
    **FORMATS,
    "bedrock-invoke-anthropic": BedrockInvoke("bedrock-invoke-anthropic", AnthropicMessages().reader),
    "bedrock-invoke-nova": BedrockInvoke("bedrock-invoke-nova", BedrockConverse().reader),
    OpenAIResponsesSocket.name: OpenAIResponsesSocket(),
    OpenAIRealtime.name: OpenAIRealtime(),
    GeminiLive.name: GeminiLive(),
}
"""Formats that can be read."""

CUSTOM_TOOLS: Final = frozenset({"openai-responses", "openai-chat"})
"""The formats whose tools may take free text; on all others `wire.custom` makes functions of them."""


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: there is none; the message lists those there are.
    """
    try:
        return FORMATS[name]
    except KeyError:
        message = f'there is no wire format "{name}"; there are: {", ".join(FORMATS)}'
        raise UsageError(message) from None


def decoding_named(name: str) -> Decoding:
    """How responses of the format of that name are read, also where it can not be asked.

    Raises:
        UsageError: there is none; the message lists those there are.
    """
    try:
        return DECODINGS[name]
    except KeyError:
        message = f'there is no wire format "{name}"; there are: {", ".join(DECODINGS)}'
        raise UsageError(message) from None
