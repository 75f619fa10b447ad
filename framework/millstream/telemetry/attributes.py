"""What spans say of models, tokens and content, in the words of OpenTelemetry's conventions. Pure."""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

from millstream.events import Usage

Attributes: TypeAlias = dict[str, Any]

_PROVIDERS: Final = {
    "azure": "azure.ai.openai",
    "azure-responses": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "gemini-interactions": "gcp.gemini",
    "mistral": "mistral_ai",
    "openai-chat": "openai",
    "openai-completions": "openai",
    "xai": "x_ai",
}
"""The convention's names for providers, where they are not the prefix of the model string."""


def asked(model: str) -> Attributes:
    """Which model of which provider is asked; `model` is a model string."""
    prefix, colon, name = model.partition(":")
    if not colon:
        return {"gen_ai.request.model": model} if model else {}
    return {"gen_ai.provider.name": _PROVIDERS.get(prefix, prefix), "gen_ai.request.model": name}


def tokens(usage: Usage | None) -> Attributes:
    """The token counts."""
    if usage is None:
        return {}
    counted = {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
    }
    if usage.cached_input_tokens:
        counted["gen_ai.usage.cache_read.input_tokens"] = usage.cached_input_tokens
    if usage.reasoning_tokens:
        counted["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning_tokens
    return counted


def text_of(value: Any) -> str:
    """A JSON value as an attribute."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
