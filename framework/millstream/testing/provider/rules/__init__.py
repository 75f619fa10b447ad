"""What the real provider accepts: its own rules, for request bodies, keys and models.

Pure and independent: nothing here imports millstream, so that a mistake in its wires can not hide in the rules they
are checked by. The words and the form of a refusal are those of the real provider. Each `check_…` returns a `Refusal`,
or None for a body that the provider accepts.
"""

from millstream.testing.provider.rules.access import (
    check_key,
    unknown_chat_model,
    unknown_method,
    unknown_responses_model,
    unknown_url,
)
from millstream.testing.provider.rules.anthropic import check_anthropic
from millstream.testing.provider.rules.bedrock import check_bedrock
from millstream.testing.provider.rules.chat import check_chat
from millstream.testing.provider.rules.cohere import check_cohere
from millstream.testing.provider.rules.completions import check_completions
from millstream.testing.provider.rules.gemini import check_gemini
from millstream.testing.provider.rules.interactions import check_interactions
from millstream.testing.provider.rules.ollama import check_ollama
from millstream.testing.provider.rules.refusal import Form, Refusal, not_json
from millstream.testing.provider.rules.responses import Stored, check_background, check_responses

__all__ = [
    "Form",
    "Refusal",
    "Stored",
    "check_anthropic",
    "check_background",
    "check_bedrock",
    "check_chat",
    "check_cohere",
    "check_completions",
    "check_gemini",
    "check_interactions",
    "check_key",
    "check_ollama",
    "check_responses",
    "not_json",
    "unknown_chat_model",
    "unknown_method",
    "unknown_responses_model",
    "unknown_url",
]
