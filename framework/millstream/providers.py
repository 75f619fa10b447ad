"""The table of providers: what stands before the colon of a model string, a row each."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from millstream.errors import ModelError


@dataclass(frozen=True, slots=True)
class Provider:
    """Where the models of a prefix are found.

    `key_variable` is read when a request is made, never printed; "" where no key is needed. The key goes into
    `key_header`, as a bearer token where that is "authorization". Where each customer has a base URL, it is in
    `base_url_variable`. `is_azure`: see `addresses.azure_url`. `signs_for`: the AWS service that requests without a key
    are signed for. `call_id_chars`: how many letters and digits the ids of calls must have, 0 where any will do.
    """

    wire: str
    base_url: str
    key_variable: str
    key_header: str = "authorization"
    base_url_variable: str = ""
    is_azure: bool = False
    signs_for: str = ""
    call_id_chars: int = 0


def _azure(wire: str) -> Provider:
    return Provider(wire, "", "AZURE_OPENAI_API_KEY", "api-key", "AZURE_OPENAI_ENDPOINT", is_azure=True)


_GOOGLE: Final = "https://generativelanguage.googleapis.com/v1beta"
_BEDROCK: Final = "https://bedrock-runtime.{region}.amazonaws.com"

PROVIDERS: Final = {
    "openai": Provider("openai-responses", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openai-chat": Provider("openai-chat", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openai-completions": Provider("openai-completions", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    "azure": _azure("openai-chat"),
    "azure-responses": _azure("openai-responses"),
    "anthropic": Provider("anthropic-messages", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", "x-api-key"),
    "bedrock": Provider("bedrock-converse", _BEDROCK, "AWS_BEARER_TOKEN_BEDROCK", signs_for="bedrock"),
    "cohere": Provider("cohere-v2", "https://api.cohere.com/v2", "CO_API_KEY"),
    "gemini": Provider("gemini-generate", _GOOGLE, "GEMINI_API_KEY", "x-goog-api-key"),
    "gemini-interactions": Provider("gemini-interactions", _GOOGLE, "GEMINI_API_KEY", "x-goog-api-key"),
    "deepseek": Provider("openai-chat", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    "groq": Provider("openai-chat", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": Provider("openai-chat", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", call_id_chars=9),
    "openrouter": Provider("openai-chat", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "together": Provider("openai-chat", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "xai": Provider("openai-chat", "https://api.x.ai/v1", "XAI_API_KEY"),
    "ollama": Provider("ollama-native", "http://localhost:11434", ""),
    "llama": Provider("openai-chat", "http://127.0.0.1:8080/v1", ""),
    "vllm": Provider("openai-chat", "http://localhost:8000/v1", ""),
}
"""Every prefix of a model string. A new provider is a new row."""


def parts_of(name: str) -> tuple[str, str]:
    """The provider's prefix and the model's own name.

    Raises:
        ModelError: it names no provider, or no model.
    """
    prefix, colon, model = name.partition(":")
    if prefix in PROVIDERS and model:
        return prefix, model
    if prefix in PROVIDERS:
        raise ModelError(f'"{name}" names no model of {prefix}: write "{prefix}:MODEL"')
    near = get_close_matches(prefix.lower(), PROVIDERS, n=1)
    meant = f' (did you mean "{near[0]}:{model or "MODEL"}"?)' if near and colon else ""
    raise ModelError(
        f'"{name}" names no provider{meant}: write "PROVIDER:MODEL" with one of {", ".join(PROVIDERS)}; '
        "a compatible server is openai-chat with base_url="
    )
