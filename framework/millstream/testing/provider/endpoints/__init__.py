"""The table of endpoints, by the name of their wire format: a new one is one file here and one line in the table."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, cast

from millstream.testing.provider.endpoints.anthropic import ANTHROPIC_MESSAGES
from millstream.testing.provider.endpoints.bedrock import BEDROCK_CONVERSE
from millstream.testing.provider.endpoints.cohere import COHERE_V2
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Posted
from millstream.testing.provider.endpoints.gemini import GEMINI_GENERATE
from millstream.testing.provider.endpoints.interactions import GEMINI_INTERACTIONS
from millstream.testing.provider.endpoints.ollama import OLLAMA_NATIVE
from millstream.testing.provider.endpoints.openai_chat import OPENAI_CHAT
from millstream.testing.provider.endpoints.openai_completions import OPENAI_COMPLETIONS
from millstream.testing.provider.endpoints.openai_responses import OPENAI_RESPONSES

Api: TypeAlias = Literal[
    "openai-responses",
    "openai-chat",
    "openai-completions",
    "anthropic-messages",
    "gemini-generate",
    "gemini-interactions",
    "ollama-native",
    "bedrock-converse",
    "cohere-v2",
]
"""The wire formats that the fake provider speaks."""

ENDPOINTS: Final[dict[Api, Endpoint]] = {
    cast("Api", endpoint.api): endpoint
    for endpoint in (
        OPENAI_RESPONSES,
        OPENAI_CHAT,
        OPENAI_COMPLETIONS,
        ANTHROPIC_MESSAGES,
        GEMINI_GENERATE,
        GEMINI_INTERACTIONS,
        OLLAMA_NATIVE,
        BEDROCK_CONVERSE,
        COHERE_V2,
    )
}

__all__ = ["ENDPOINTS", "Answering", "Api", "Endpoint", "Posted"]
