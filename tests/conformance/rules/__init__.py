"""What a provider demands of the history in a request: a short list, by itself and of its own mind.

Each function returns what is wrong, in sentences; [] is a request that would be accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.conformance.rules.anthropic import wrong_in_blocks
from tests.conformance.rules.bedrock import wrong_in_converse
from tests.conformance.rules.cohere import wrong_in_cohere
from tests.conformance.rules.common import Item
from tests.conformance.rules.gemini import wrong_in_contents, wrong_in_steps
from tests.conformance.rules.ollama import wrong_in_ollama
from tests.conformance.rules.openai import OUTPUTS, wrong_in_input, wrong_in_messages

__all__ = [
    "OUTPUTS",
    "RULES",
    "Item",
    "wrong_in_blocks",
    "wrong_in_cohere",
    "wrong_in_contents",
    "wrong_in_converse",
    "wrong_in_input",
    "wrong_in_messages",
    "wrong_in_ollama",
    "wrong_in_steps",
]

RULES: Final[dict[str, Callable[[Item], list[str]]]] = {
    "openai-responses": lambda body: wrong_in_input(body["input"]),
    "openai-chat": lambda body: wrong_in_messages(body["messages"]),
    "bedrock-converse": wrong_in_converse,
    "cohere-v2": lambda body: wrong_in_cohere(body["messages"]),
    "ollama-native": lambda body: wrong_in_ollama(body["messages"]),
    "anthropic-messages": lambda body: wrong_in_blocks(body["messages"]),
    "gemini-generate": lambda body: wrong_in_contents(body["contents"]),
    "gemini-interactions": lambda body: wrong_in_steps(body["input"]),
}
"""What is wrong in the body of a request, by the wire it is of."""
