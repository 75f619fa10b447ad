"""The smallest body that each endpoint takes, its path for a model, and the headers that its key comes in."""

from __future__ import annotations

from typing import Any, Final

from millstream.testing.provider.endpoints import ENDPOINTS, Api

QUESTION: Final = {"role": "user", "content": "Hi"}
BODIES: Final[dict[Api, dict[str, Any]]] = {
    "openai-responses": {"model": "m", "stream": True, "input": "Hi"},
    "openai-chat": {"model": "m", "stream": True, "messages": [QUESTION]},
    "openai-completions": {"model": "m", "stream": True, "prompt": "Hi"},
    "anthropic-messages": {"model": "m", "stream": True, "max_tokens": 9, "messages": [QUESTION]},
    "gemini-generate": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
    "gemini-interactions": {"model": "m", "stream": True, "input": "Hi"},
    "ollama-native": {"model": "m", "messages": [QUESTION]},
    "bedrock-converse": {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    "cohere-v2": {"model": "m", "stream": True, "messages": [QUESTION]},
}
"""A question."""
NEXT_TURNS: Final[dict[Api, dict[str, Any]]] = {
    "openai-responses": {"input": [QUESTION, {"role": "assistant", "content": "x"}, QUESTION]},
    "openai-chat": {"messages": [QUESTION, {"role": "assistant", "content": "x"}, QUESTION]},
    "anthropic-messages": {"messages": [QUESTION, {"role": "assistant", "content": "x"}, QUESTION]},
    "gemini-generate": {
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "x"}]},
            {"role": "user", "parts": [{"text": "And?"}]},
        ]
    },
    "gemini-interactions": {
        "input": [
            {"type": "user_input", "content": [{"type": "text", "text": "Hi"}]},
            {"type": "model_output", "content": [{"type": "text", "text": "x"}]},
            {"type": "user_input", "content": [{"type": "text", "text": "And?"}]},
        ]
    },
    "ollama-native": {"messages": [QUESTION, {"role": "assistant", "content": "x"}, QUESTION]},
    "bedrock-converse": {
        "messages": [
            {"role": "user", "content": [{"text": "Hi"}]},
            {"role": "assistant", "content": [{"text": "x"}]},
            {"role": "user", "content": [{"text": "And?"}]},
        ]
    },
    "cohere-v2": {"messages": [QUESTION, {"role": "assistant", "content": "x"}, QUESTION]},
}
"""What makes it the second question of a conversation; Completions have none."""


def path_of(api: Api, model: str = "m") -> str:
    """The path of an endpoint."""
    return ENDPOINTS[api].path.replace("{model:path}", model).replace("{model}", model)


def headers_of(api: Api, key: str) -> dict[str, str]:
    """The headers that the key comes in."""
    if api == "anthropic-messages":
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if api.startswith("gemini"):
        return {"x-goog-api-key": key}
    return {"authorization": f"Bearer {key}"}
